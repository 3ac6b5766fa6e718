"""Certificate sets: what they hold, that they are written whole or not at all, and what checking notices."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from functools import partial
from importlib.resources import files
from pathlib import Path

import cvc5
import forging
import jsonschema
import pytest
from forging import OTHER, SUBJECT
from worker_calls import solve_or

from trompe.ground.processes import Processes
from trompe.proofs import solvers, verify
from trompe.proofs.evidence import CASES, LEVEL_CASES
from trompe.proofs.handover.certificates import KINDS, certify, checking, manifest
from trompe.proofs.handover.certificates.checking import check_set, compare
from trompe.proofs.handover.certificates.folder import Place, old_name
from trompe.proofs.handover.certificates.plan import plan, sha256_of_files
from trompe.proofs.handover.certificates.script import QUESTIONS, file_name
from trompe.proofs.mutation.files import changes
from trompe.proofs.obligations import Claim, Fault, Obligation, Scope, registered
from trompe.proofs.smt import scripts
from trompe.proofs.solvers import SOLVERS, solver_processes
from trompe.theory import THEOREMS, InvalidInput, UnknownKey, theorem
from trompe.theory.levels import EXTREMES

MAIN = "constant/decodes.smt2"


@pytest.fixture(scope="module")
def pool():
    with solver_processes(1, SOLVERS) as processes:
        yield processes


@pytest.fixture(scope="module")
def genuine(pool, tmp_path_factory):
    """The sets of two theorems, never to be changed."""
    place = tmp_path_factory.mktemp("sets")
    for key, name in ((SUBJECT, "subject"), (OTHER, "other")):
        assert certify([key], place / name, processes=pool).is_proved
    return place


@pytest.fixture(scope="module")
def everything():
    return plan()


def tree(folder: Path) -> dict[str, bytes]:
    """All files but the manifest's section `run`."""
    found = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.smt2")}
    others = {p.name for p in folder.rglob("*") if p.is_file() and p.suffix != ".smt2"}
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest.pop("run")
    return found | {"manifest": json.dumps(manifest).encode(), "others": repr(others).encode()}


# -- what a set holds --------------------------------------------------------------------------


def test_a_set_has_three_files_an_obligation_and_a_manifest_that_follows_the_schema(genuine):
    folder = genuine / "subject"
    schema = json.loads(files("trompe").joinpath("schemas/manifest.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    manifest = json.loads((folder / "manifest.json").read_text())
    jsonschema.validate(manifest, schema)
    assert [entry["key"] for entry in manifest["obligations"]] == [
        "constant/decodes",
        "side/exact-is-enough",
    ]
    assert set(tree(folder)) - {"manifest", "others"} == {
        f"{key}{end}"
        for key in ("constant/decodes", "side/exact-is-enough")
        for end in (".smt2", ".vacuity.smt2", ".mutant.smt2")
    }
    (theorem,) = manifest["theorems"]
    assert theorem["statement"] == THEOREMS[SUBJECT].statement
    assert theorem["statement_sha256"] == THEOREMS[SUBJECT].sha256
    assert set(manifest["solvers"]) == {"z3", "cvc5"}
    for entry in manifest["obligations"]:
        assert entry["verdict"] == "PROVED"
        for question, file in entry["files"].items():
            expected = "unsat" if question == "main" else "sat"
            assert [a["result"] for a in file["answers"].values()] == [expected] * 2
            assert all(a["resources"] > 0 for a in file["answers"].values())


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="no sha256sum")
def test_the_command_that_repeats_the_samples_of_a_theorem_samples_what_it_shows():
    """The planted fault: the command without --level samples nothing of a level."""
    for key in ("affine-1d/side", "affine-1d/side/argmax", "black-box/exact/near", "additive/side"):
        row, at = key.split("/")[0], theorem(key).level
        besides = manifest._not_contained(key, {}, "")
        commands = [e["checked_by"] for e in besides.values() if e["level"] == "sampled"]
        (command,) = (c.partition("trompe table ")[2] for c in commands if f"--row {row}" in c)
        _, _, named = command.partition(" --level ")
        shown, _ = verify._cells_of([row], [named or EXTREMES], False)
        assert at in (EXTREMES, *verify._less_shown(row, shown)), command
        assert (at == EXTREMES) == (not verify._less_shown(row, [*THEOREMS, key]))


def test_the_hash_is_what_sha256sum_gives(genuine):
    command = "find . -name '*.smt2' | cut -c3- | LC_ALL=C sort | xargs sha256sum | sha256sum"
    for name in ("subject", "other"):
        done = subprocess.run(
            command, shell=True, cwd=genuine / name, capture_output=True, text=True, check=True
        )
        manifest = json.loads((genuine / name / "manifest.json").read_text())
        assert done.stdout.split()[0] == manifest["sha256"]
        assert manifest["theorems"][0]["sha256"] == manifest["sha256"]


def test_the_hash_of_a_theorem_does_not_depend_on_what_else_is_in_the_set(everything):
    for key in (SUBJECT, OTHER, "black-box/side", "affine/approx"):
        alone = plan([key])
        assert alone.sha256 == everything.theorem_sha256(key) == alone.theorem_sha256(key)
    assert len({everything.theorem_sha256(key) for key in THEOREMS}) > 20


def test_a_set_of_everything_has_every_obligation_of_every_theorem(everything):
    from trompe.proofs.verify import all_keys, expand_keys

    solved = {key for key in all_keys() if not key.startswith("symbolic/")}
    assert set(everything.items) == solved
    for key in THEOREMS:
        wanted = {k for k in expand_keys([key]) if not k.startswith("symbolic/")}
        assert set(everything.parts[key]) == wanted
    assert everything.theorems == (*CASES, *LEVEL_CASES)
    assert "affine/is-convex" in " ".join(everything.obligations)


def test_every_file_names_its_key_its_sentence_its_theorems_and_what_the_answer_means(everything):
    for key, item in everything.items.items():
        for question in QUESTIONS:
            text = everything.texts[file_name(key, question)]
            comments = [line for line in text.splitlines() if line.startswith(";")]
            flat = " ".join(line[2:] for line in comments)
            assert f"; {key}\n" in text and item.says in flat
            wanted = "unsat" if question == "main" else "sat"
            assert f"expected answer is {wanted}." in flat
            assert max(map(len, comments[:3])) <= 99
    # Of a sentence of both, those of the levels are left out: files that were given away stay the same.
    serving = [key for key in CASES if "mix/gap" in everything.parts[key]]
    flat = " ".join(everything.texts["mix/gap.smt2"].replace("\n; ", " ").split())
    assert f"A step of the proofs of: {', '.join(serving)}." in flat


def test_a_file_asks_exactly_what_verification_asks(everything):
    for key in ("mix/gap", "l2/triangle", "network/hats/d2"):
        asked = scripts(everything.items[key], Scope())
        for question in QUESTIONS:
            assert everything.texts[file_name(key, question)].endswith(getattr(asked, question))


def test_the_pages_for_readers_show_a_real_file_and_every_kind_of_failure(everything):
    docs = Path(__file__).resolve().parents[3] / "docs"
    shown = re.findall(r"```text\n(.*?)```", (docs / "proved.md").read_text(), re.DOTALL)
    assert everything.texts["mix/unique-max.smt2"].endswith(shown[0]) and shown[0].count("\n") > 10
    table = re.findall(r"(?m)^\| ([a-z ]+) \|", (docs / "check-it-yourself.md").read_text())
    assert set(KINDS) <= set(table)


def test_claims_are_normalised_and_bad_ones_named():
    by_row, by_tasks = (
        plan(["constant"]),
        plan(["constant/side", "constant/exact", "constant/approx"]),
    )
    assert by_row == by_tasks
    assert by_row.theorems == ("constant/exact", "constant/approx", "constant/side")
    assert plan(["mix/gap", "l1/triangle"]).obligations == (
        "mix/gap",
        "l1/triangle/d1",
        "l1/triangle/d2",
        "l1/triangle/d3",
    )
    assert plan(["constant/side", "constant/decodes"]).obligations == ()
    for keys, dims, words in (
        (["constant/sides"], (1, 2, 3), "constant/side"),
        (["symbolic/mix-gap"], (1, 2, 3), "trompe verify symbolic/mix-gap"),
        (["affine"], (1,), "d >= 2"),
        (["affine/sound"], (1,), "add a dimension"),
        (["constant"], (9,), "up to d = 8"),
        (["constant"], (0,), "at least 1"),
    ):
        with pytest.raises((InvalidInput, UnknownKey), match=words):
            plan(keys, dims)


# -- both solvers accept the files in strict mode ----------------------------------------------


def _strict_cvc5(text: str) -> str:
    """What cvc5 objects to in strict mode; nothing is solved."""
    manager = cvc5.TermManager()
    solver = cvc5.Solver(manager)
    solver.setOption("strict-parsing", "true")
    symbols = cvc5.SymbolManager(manager)
    parser = cvc5.InputParser(solver, symbols)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "file")
    try:
        while not (command := parser.nextCommand()).isNull():
            if not str(command).startswith("(check-sat"):
                command.invoke(solver, symbols)
    except RuntimeError as error:
        return str(error)
    return ""


def _strict_z3(texts: list[str]) -> list[str]:
    """What Z3's program objects to in its standard-compliant mode; nothing is solved."""
    program = Path(sys.executable).parent / "z3"  # of the z3-solver wheel
    asked = "(reset)\n".join(text.replace("(check-sat)", "") for text in texts)
    done = subprocess.run(
        [program, "-smt2", "-in", "smtlib2_compliant=true"],
        input=asked,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return [line for line in done.stdout.splitlines() if line != "success"]


def test_both_solvers_accept_every_file_in_strict_mode(everything):
    assert {
        path: said for path, text in everything.texts.items() if (said := _strict_cvc5(text))
    } == {}
    assert _strict_z3(list(everything.texts.values())) == []


def test_strict_mode_is_strict():
    head = "(set-logic QF_LRA)\n(declare-const x Real)\n"
    assert "at least 2 children" in _strict_cvc5(head + "(assert (and (< x 1.0)))\n(check-sat)\n")
    assert "-1.0" in _strict_z3([head + "(assert (< x -1.0))\n"])[0]


# -- determinism, and what is left when something fails ------------------------------------------


def test_two_runs_give_the_same_bytes_but_for_the_section_run(genuine, pool, tmp_path):
    certify([SUBJECT], tmp_path / "again", processes=pool)
    assert tree(tmp_path / "again") == tree(genuine / "subject")
    texts = [
        (folder / "manifest.json").read_text().partition('"run"')[0]
        for folder in (tmp_path / "again", genuine / "subject")
    ]
    assert texts[0] == texts[1]


def test_a_set_takes_the_place_of_another(genuine, pool, tmp_path):
    folder = tmp_path / "set"
    shutil.copytree(genuine / "other", folder)
    certify([SUBJECT], folder, processes=pool)
    assert tree(folder) == tree(genuine / "subject")
    assert not (folder / "affine-1d").exists()


def test_a_part_of_another_set_is_left_alone(genuine, pool, tmp_path):
    folder = tmp_path / "set"
    shutil.copytree(genuine / "other", folder)
    part = next(path.parent for path in folder.rglob("*.smt2"))
    before = tree(folder)
    with pytest.raises(InvalidInput, match="as a part of another"):
        certify([SUBJECT], part, processes=pool)
    assert tree(folder) == before


@pytest.mark.parametrize("name", ["NOTES.txt", "mine.smt2", "manifest.json", "link", "side/mine"])
def test_a_folder_with_other_things_is_left_alone(tmp_path, pool, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    if name == "link":
        (tmp_path / name).symlink_to("/etc")
    else:
        (tmp_path / name).write_text("{}" if name == "manifest.json" else "mine")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InvalidInput, match=name):
        certify([SUBJECT], tmp_path, processes=pool)
    assert sorted(tmp_path.rglob("*")) == before


def beside(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.parent.iterdir() if path != folder)


KILLED = """
import os, shutil, sys
from pathlib import Path
from trompe.proofs.handover.certificates import folder as place

new, old, work = map(Path, sys.argv[1:4])
files = {p.relative_to(new).as_posix(): p.read_bytes() for p in new.rglob("*") if p.is_file()}
points = [(Path, name) for name in ("write_bytes", "mkdir", "rmdir", "rename")]
points += [(os, "unlink"), (os, "rmdir")]
number = 0
while True:
    number += 1
    folder = work / str(number) / "set"
    shutil.copytree(old, folder)
    child = os.fork()
    if child == 0:
        left = number
        def deadly(function):
            def call(*arguments, **named):
                global left
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), 9)
                return function(*arguments, **named)
            return call
        for where, name in points:
            setattr(where, name, deadly(getattr(where, name)))
        place.Place(folder).put(files)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    print(number, "killed" if os.WIFSIGNALED(status) else "ended", flush=True)
    if not os.WIFSIGNALED(status):
        break
"""


def test_after_a_kill_at_any_point_the_next_start_finds_a_whole_set(genuine, tmp_path):
    arguments = [genuine / "subject", genuine / "other", tmp_path]
    done = subprocess.run(
        [sys.executable, "-P", "-c", KILLED, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    lines = done.stdout.split("\n")[:-1]
    assert done.returncode == 0 and lines[-1].endswith("ended"), done.stderr
    assert len(lines) > 20 and all(line.endswith("killed") for line in lines[:-1])
    old, new = tree(genuine / "other"), tree(genuine / "subject")
    states = []
    for line in lines:
        folder = tmp_path / line.split()[0] / "set"
        if not folder.exists():
            with pytest.raises(InvalidInput, match=r"interrupted trompe certify replaced"):
                check_set(folder)
            states.append("away")
        place = Place(folder)
        states.append("old" if tree(folder) == old else "new" if tree(folder) == new else "broken")
        place.put(dict.fromkeys((), b"") | _files(genuine / "subject"))
        assert tree(folder) == new
        assert all(name.startswith(".set.trompe-new-") for name in beside(folder))
    assert {*states} == {"old", "away", "new"}


def _files(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def test_what_a_killed_run_left_is_removed_an_hour_later(genuine, tmp_path):
    for name, age in (("new", 0), ("old", 4000)):
        left = tmp_path / f".set.trompe-new-{name}"
        left.mkdir()
        (left / "x.smt2").write_text("; half")
        os.utime(left, (time.time() - age,) * 2)
    Place(tmp_path / "set").put(_files(genuine / "subject"))
    assert beside(tmp_path / "set") == [".set.trompe-new-new"]


@pytest.mark.parametrize("at", [1, 3, 7])
def test_a_full_disk_leaves_what_stood_there(genuine, tmp_path, monkeypatch, at):
    folder = tmp_path / "set"
    shutil.copytree(genuine / "other", folder)
    write, room = Path.write_bytes, [at]

    def almost_full(self, content):
        room[0] -= 1
        if room[0] == 0:
            write(self, content[: len(content) // 2])
            raise OSError(28, "No space left on device")
        return write(self, content)

    monkeypatch.setattr(Path, "write_bytes", almost_full)
    with pytest.raises(InvalidInput, match="No space left on device"):
        Place(folder).put(_files(genuine / "subject"))
    assert tree(folder) == tree(genuine / "other") and beside(folder) == []
    room[0] = at
    with pytest.raises(InvalidInput, match="No space left"):
        Place(tmp_path / "new" / "set").put(_files(genuine / "subject"))
    assert not (tmp_path / "new").exists()


def test_another_writer_between_the_two_renames(genuine, tmp_path, monkeypatch):
    folder = tmp_path / "set"
    shutil.copytree(genuine / "other", folder)
    rename, ours = Path.rename, []

    def other_comes(self, target):
        if self == folder and not ours:
            ours.append(True)
            rename(self, target)
            Place(folder)  # puts the old set back
            return None
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", other_comes)
    with pytest.raises(InvalidInput, match="cannot be written"):
        Place(folder).put(_files(genuine / "subject"))
    assert tree(folder) == tree(genuine / "other") and beside(folder) == []


@pytest.mark.parametrize("keys", [(SUBJECT, SUBJECT), (SUBJECT, OTHER)])
def test_two_processes_do_not_corrupt_a_folder(genuine, tmp_path, keys):
    command = [sys.executable, "-P", "-m", "trompe", "certify", "--jobs", "1"]
    running = [
        subprocess.Popen(
            [*command, key, "--output", str(tmp_path / "set")],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for key in keys
    ]
    said = [process.communicate(timeout=120) for process in running]
    assert {process.returncode for process in running} in ({0}, {0, 2}), said
    assert tree(tmp_path / "set") in (tree(genuine / "subject"), tree(genuine / "other"))


def test_an_interrupt_leaves_nothing(tmp_path, pool, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("trompe.proofs.handover.certificates.certifying.solve_all", interrupted)
    with pytest.raises(KeyboardInterrupt):
        certify([SUBJECT], tmp_path / "new" / "set", processes=pool)
    assert list(tmp_path.iterdir()) == []


def test_where_one_is_and_where_something_is_mounted_is_refused(genuine, tmp_path, monkeypatch):
    for inside in (tmp_path / "set", tmp_path / "set" / "side"):
        inside.mkdir(parents=True, exist_ok=True)
        monkeypatch.chdir(inside)
        with pytest.raises(InvalidInput, match="the folder that you are in"):
            Place(tmp_path / "set")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os.path, "ismount", lambda path: True)
    with pytest.raises(InvalidInput, match="a file system is mounted"):
        Place(tmp_path / "set")


def test_links_owner_and_permissions_stay(genuine, tmp_path):
    (tmp_path / "link").symlink_to("far/set")
    Place(tmp_path / "link").put(_files(genuine / "other"))
    (tmp_path / "far" / "set").chmod(0o750)
    Place(tmp_path / "link").put(_files(genuine / "subject"))
    assert (tmp_path / "link").is_symlink() and tree(tmp_path / "link") == tree(genuine / "subject")
    assert (tmp_path / "far" / "set").stat().st_mode & 0o777 == 0o750


def test_a_replaced_set_in_which_somebody_left_something_is_kept(genuine, tmp_path):
    shutil.copytree(genuine / "other", tmp_path / "set")
    old = old_name(tmp_path / "set")
    shutil.copytree(genuine / "other", old)
    (old / "mine").write_text("mine")
    with pytest.raises(InvalidInput, match=r"trompe-old, the set that stood there, holds 'mine'"):
        Place(tmp_path / "set").put(_files(genuine / "subject"))
    assert (old / "mine").read_text() == "mine"
    assert tree(tmp_path / "set") == tree(genuine / "other")


# -- solvers that crash or hang ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "reason"),
    [("crash", "SIGSEGV"), ("hang", "no answer within"), ("exit", "status 3")],
)
def test_a_solver_that_fails_is_unknown_for_that_obligation_alone(
    genuine, tmp_path, what, reason, monkeypatch
):
    monkeypatch.setattr(solvers, "solve", partial(solve_or, what))
    with Processes(1, backstop=5 if what == "hang" else 60) as faulty:
        done = certify([SUBJECT], tmp_path / "set", processes=faulty)
        assert not done.is_proved
        verdicts = {e["key"]: e["verdict"] for e in done.manifest["obligations"]}
        assert verdicts == {"constant/decodes": "UNKNOWN", "side/exact-is-enough": "PROVED"}
        entry = done.manifest["obligations"][0]
        assert reason in entry["reason"] and entry["reason"].startswith("cvc5: the sentence")
        assert entry["files"]["main"]["answers"]["z3"]["result"] == "unsat"
        if what == "crash":
            report = check_set(genuine / "subject", processes=faulty)
            assert [f.kind for f in report.failures] == ["unknown"]
            assert report.solved == (1, 2) and MAIN in str(report.failures[0])
    report = check_set(tmp_path / "set", solvers=["z3"], jobs=1)
    assert [str(f) for f in report.failures] == [
        "different: manifest.json: verdict: 'NOT PROVED', it must be 'PROVED'"
    ]


def test_what_a_solver_prints_does_not_disturb_the_answers(genuine, monkeypatch):
    monkeypatch.setattr(solvers, "solve", partial(solve_or, "print"))
    with Processes(1) as noisy:
        assert check_set(genuine / "subject", processes=noisy).ok


def test_a_process_that_does_not_start_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr("trompe.ground.processes._running", None)
    monkeypatch.setattr("trompe.ground.processes._PROGRAM", "exit(3)")
    with pytest.raises(InvalidInput, match="does not start"):
        certify([SUBJECT], tmp_path / "set", jobs=1)
    assert list(tmp_path.iterdir()) == []


def test_a_false_sentence_is_refuted_with_its_point_and_not_proved(pool, tmp_path, monkeypatch):
    def false(s: Scope) -> Claim:
        (m,) = s.reals("m")
        return Claim({"m": m > 0}, m > 1, Fault("m may be anything", without="m"))

    item = Obligation("constant/decodes", "m > 1", None, false)
    monkeypatch.setattr(
        "trompe.proofs.handover.certificates.plan.registered",
        lambda keys, dims: [item if o.key == item.key else o for o in registered(keys, dims)],
    )
    done = certify([SUBJECT], tmp_path / "set", processes=pool)
    entry = done.manifest["obligations"][0]
    assert entry["verdict"] == "REFUTED" and "m = " in entry["reason"]
    assert done.manifest["verdict"] == done.manifest["theorems"][0]["verdict"] == "NOT PROVED"
    report = check_set(tmp_path / "set", processes=pool)
    # The false sentence is not the pinned one either.
    assert {f.kind for f in report.failures} == {"not proved", "different"}
    assert report.solved == (1, 2)
    monkeypatch.undo()
    report = check_set(tmp_path / "set", processes=pool)
    assert {f.kind for f in report.failures} == {"different"} and report.solved == (2, 2)


# -- checking ----------------------------------------------------------------------------------


def test_genuine_sets_hold(genuine, pool):
    for name, obligations in (("subject", 2), ("other", 3)):
        report = check_set(genuine / name, processes=pool)
        assert report.ok and report.files == (3 * obligations + 1,) * 2
        assert report.solved == (obligations,) * 2
        assert "The set holds" in report.text() and "Not checked" in report.text()
        assert "d = 1, 2, 3 for sentences about coordinates" in report.text()
        assert max(map(len, report.text().splitlines())) <= 100


def _link(folder: Path, path: str) -> None:
    """Put the file or folder elsewhere and a symbolic link in its place."""
    away = folder.parent / "away"
    shutil.move(folder / path, away)
    (folder / path).symlink_to(away)


def _swap(folder: Path, one: str, two: str) -> None:
    first, second = (folder / one).read_bytes(), (folder / two).read_bytes()
    (folder / one).write_bytes(second)
    (folder / two).write_bytes(first)
    forging.rehash(folder)


def _other_pipe(folder: Path) -> None:
    (folder / forging.MAIN).unlink()
    os.mkfifo(folder / forging.MAIN)


def _of_manifest(change):
    def damage(folder):
        path = folder / "manifest.json"
        path.write_bytes(change(path.read_bytes()))

    return damage


DAMAGE = {
    "a hypothesis of an able forger": (
        lambda f: forging.before_check(f, "(assert false)"),
        "different: side/exact-is-enough.smt2: line 21: '(assert false)'",
    ),
    "twins swapped": (
        lambda f: _swap(f, forging.MAIN, forging.MUTANT),
        "different: side/exact-is-enough.mutant.smt2: line 1",
    ),
    "a file is not there": (lambda f: (f / forging.MAIN).unlink(), "missing: side/exact"),
    "a huge file": (
        lambda f: (f / forging.MAIN).write_bytes(b";" * (2 << 20)),
        "larger than 1 MiB",
    ),
    "another file": (lambda f: (f / "side" / "x.smt2").write_text("x"), "extra: 'side/x.smt2'"),
    "a hidden file": (lambda f: (f / ".x").write_text("x"), "extra: '.x'"),
    "a link": (lambda f: _link(f, forging.MAIN), "different: side/exact-is-enough.smt2: it is, or"),
    "a link for a folder": (lambda f: _link(f, "side"), "or lies behind, a symbolic link"),
    "a link to nothing": (lambda f: (f / "x").symlink_to("gone"), "extra: 'x': it is a symbolic"),
    "a FIFO": (_other_pipe, "it is no regular file but a FIFO"),
    "the manifest of others": (
        lambda f: shutil.copyfile(f.parent / "other" / "manifest.json", f / "manifest.json"),
        "missing: affine-1d/",
    ),
}
"""What an able forger or a careless hand does, and what must be said of it; single changes: `proofs.mutation`."""
NO_SET = {
    "manifest gone": (lambda f: (f / "manifest.json").unlink(), "it is not there"),
    "manifest a link": (lambda f: _link(f, "manifest.json"), "symbolic link"),
    "manifest cut off": (_of_manifest(lambda c: c[:99]), "not JSON"),
    "manifest huge": (_of_manifest(lambda c: c + b" " * (17 << 20)), "larger than 16 MiB"),
    "manifest deep": (
        _of_manifest(lambda c: b"[" * 1_000_000),
        "nests brackets more than 100 deep",
    ),
    "an entry twice": (
        _of_manifest(lambda c: c.replace(b"{", b'{"verdict": "PROVED",', 1)),
        "the name 'verdict' occurs twice in one object",
    ),
    "NaN": (_of_manifest(lambda c: c.replace(b'"dims"', b'"x": NaN, "dims"')), "no finite one"),
    "a long number": (
        _of_manifest(lambda c: c.replace(b": 1,", b": " + b"9" * 5000 + b",")),
        "an integer of 5000 digits",
    ),
    "a theorem of others": (
        _of_manifest(lambda c: c.replace(b"constant/side", b"constant/sides")),
        "its claims: unknown",
    ),
}
"""What is no certificate set that this program can check, and what must be said."""


@pytest.mark.parametrize("name", [*DAMAGE, *NO_SET])
def test_damage_is_named(genuine, tmp_path, name):
    for part in ("subject", "other"):
        shutil.copytree(genuine / part, tmp_path / part)
    damage, words = {**DAMAGE, **NO_SET}[name]
    damage(tmp_path / "subject")
    if name in NO_SET:
        with pytest.raises(InvalidInput, match=re.escape(words)):
            compare(tmp_path / "subject")
    else:
        said = [str(failure) for failure in compare(tmp_path / "subject")[2]]
        assert any(words in line for line in said), said


def test_no_foreign_text_reaches_a_solver(genuine, pool, tmp_path, monkeypatch):
    folder = tmp_path / "set"
    shutil.copytree(genuine / "subject", folder)
    forging.before_check(folder, "(exit)")
    asked = []

    def listen(questions, processes, solve_all=solvers.solve_all):
        asked.extend(text for _, text in questions)
        return solve_all(questions, processes)

    monkeypatch.setattr("trompe.proofs.handover.certificates.certifying.solve_all", listen)
    assert not check_set(folder, processes=pool).ok
    assert len(asked) == 12 and not any("exit" in text for text in asked)


@pytest.mark.parametrize(
    ("where", "name", "value", "unseen"),
    [
        (checking, "difference", lambda *_: None, "verdict"),
        (checking, "_first_line", None, "line"),
        (manifest, "_short", None, "key"),
    ],
)
def test_a_damaged_checker_is_noticed(monkeypatch, where, name, value, unseen):
    from trompe.proofs.mutation.files import damages, try_damage

    chosen = damages(["tampering"], unseen)[:3]
    assert {try_damage(item).status for item in chosen} == {"rejected"}
    monkeypatch.setattr(where, name, value)
    assert {try_damage(item).status for item in chosen} == {"accepted"}


def test_an_older_set_is_told_from_a_forged_one(genuine, pool, tmp_path):
    folder = tmp_path / "set"
    shutil.copytree(genuine / "subject", folder)
    data = forging.load(folder)
    data["trompe"] = "0.0.1"
    data["theorems"][0]["statement"] = "For every d: m."
    forging.save(folder, data)
    text = check_set(folder, processes=pool).text()
    assert "different: manifest.json: theorems[0].statement" in text
    assert "The set is of trompe '0.0.1'" in text


def test_what_the_schema_rejects_is_rejected(genuine):
    """And what is let through the schema lets through."""
    schema = json.loads(files("trompe").joinpath("schemas/manifest.json").read_text())
    valid = jsonschema.Draft202012Validator(schema).is_valid
    data = forging.load(genuine / "subject")
    _, wanted, _ = compare(genuine / "subject")
    rejected = 0
    for number, (name, changed) in enumerate(changes(data)):
        if number % 3 == 0 and not valid(changed):
            rejected += 1
            assert manifest.difference(changed, checking._wanted_manifest(data, wanted)), name
    assert rejected > 100 and valid(data)


def test_sha256_of_files_sorts_by_bytes():
    hashes = {"b/x.smt2": "1" * 64, "a.smt2": "2" * 64, "B.smt2": "3" * 64}
    lines = f"{'3' * 64}  B.smt2\n{'2' * 64}  a.smt2\n{'1' * 64}  b/x.smt2\n"
    assert sha256_of_files(hashes) == hashlib.sha256(lines.encode()).hexdigest()


def test_bad_input_is_named(tmp_path, pool):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    for path, words in (("none", "nothing"), ("file", "unpack"), ("empty", "manifest.json")):
        with pytest.raises(InvalidInput, match=words):
            check_set(tmp_path / path, processes=pool)
    with pytest.raises(UnknownKey, match="cvc5"):
        check_set(tmp_path, solvers=["cvc4"])
    with pytest.raises(InvalidInput, match="at least one"):
        check_set(tmp_path, solvers=[])
    with pytest.raises(InvalidInput, match=r"Not a directory|File exists"):
        certify([SUBJECT], tmp_path / "file" / "set", processes=pool)
    with pytest.raises(InvalidInput, match="is a file; give a folder"):
        certify([SUBJECT], tmp_path / "file", processes=pool)
