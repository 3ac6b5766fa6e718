"""Certificate sets: what they hold, that they are written whole or not at all, and what checking notices."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from functools import partial
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace

import cvc5
import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from worker_calls import solve_or

from trompe.ground.processes import Processes
from trompe.proofs import solvers
from trompe.proofs.evidence import CASES
from trompe.proofs.handover.certificates import certify
from trompe.proofs.handover.certificates.checking import check_set
from trompe.proofs.handover.certificates.folder import Store
from trompe.proofs.handover.certificates.manifest import manifest_bytes, read_manifest
from trompe.proofs.handover.certificates.plan import plan, sha256_of_files
from trompe.proofs.handover.certificates.report import KINDS
from trompe.proofs.handover.certificates.script import (
    QUESTIONS,
    ScriptRefused,
    file_name,
    read_script,
)
from trompe.proofs.mutation.tampering.sets import (
    OTHER,
    SUBJECT,
    TAMPERINGS,
    Tampering,
    check_tampered,
)
from trompe.proofs.obligations import Claim, Fault, Obligation, Scope, registered
from trompe.proofs.smt import scripts
from trompe.proofs.solvers import SOLVERS, solver_processes
from trompe.theory import THEOREMS, InvalidInput, UnknownKey

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
    assert everything.theorems == tuple(CASES)
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
    serving = [key for key in everything.theorems if "mix/gap" in everything.parts[key]]
    flat = " ".join(everything.texts["mix/gap.smt2"].replace("\n; ", " ").split())
    assert f"A step of the proofs of: {', '.join(serving)}." in flat


def test_a_file_asks_exactly_what_verification_asks(everything):
    for key in ("mix/gap", "l2/triangle", "network/hats/d2"):
        asked = scripts(everything.items[key], Scope())
        for question in QUESTIONS:
            assert everything.texts[file_name(key, question)].endswith(getattr(asked, question))


def test_the_pages_for_readers_show_a_real_file_and_every_kind_of_failure(everything):
    docs = Path(__file__).resolve().parents[2] / "docs"
    shown = re.findall(r"```text\n(.*?)```", (docs / "what-proved-means.md").read_text(), re.DOTALL)
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


def test_the_own_reader_lets_every_file_through(everything):
    for path, text in everything.texts.items():
        read = read_script(text.encode("ascii"))
        assert len(read.assertions) == text.count("\n(assert "), path
        assert set(read.symbols) == {
            line.split()[1] for line in text.splitlines() if line.startswith("(declare-const")
        }


@given(st.binary(max_size=200))
def test_the_reader_refuses_or_reads_any_bytes(content):
    with pytest.raises(ScriptRefused):
        read_script(content)


_WORDS = st.sampled_from(
    ["(", ")", "(", ")", "assert", "let", "x", "y", "0", "1.5", "and", "<", "/", "true", "not"]
)


@given(st.lists(_WORDS, max_size=30))
def test_what_the_reader_lets_through_both_solvers_can_read(words):
    text = (
        "(set-logic QF_NRA)\n(declare-const x Real)\n"
        f"(assert {' '.join(words) or 'true'})\n(check-sat)\n"
    )
    try:
        read_script(text.encode())
    except ScriptRefused:
        return
    answer = solvers.solve("z3", text)
    # Sorts are the solver's business (a number for a truth value); commands and names are ours.
    assert answer.result != "unknown" or re.search("(?i)sort|argument|boolean", answer.reason)


# -- determinism, resuming, and what is left when something fails ------------------------------


def test_two_runs_give_the_same_bytes_but_for_the_section_run(genuine, pool, tmp_path):
    certify([SUBJECT], tmp_path / "again", processes=pool)
    assert tree(tmp_path / "again") == tree(genuine / "subject")
    texts = [
        (folder / "manifest.json").read_text().partition('"run"')[0]
        for folder in (tmp_path / "again", genuine / "subject")
    ]
    assert texts[0] == texts[1]


class Nobody(Processes):
    """Whoever has a question for these fails."""

    def results(self, calls, *, ordered=False):
        assert not calls
        return iter(())


def test_recorded_answers_are_not_asked_for_again(genuine, tmp_path, monkeypatch, pool):
    folder = tmp_path / "set"
    shutil.copytree(genuine / "subject", folder)
    before = tree(folder)
    done = certify([SUBJECT], folder, processes=Nobody(1))
    assert done.manifest["run"]["reused"] == 12
    (folder / MAIN).unlink()  # a lost file is written, not solved
    certify([SUBJECT], folder, processes=Nobody(1))
    assert tree(folder) == before
    monkeypatch.setattr(solvers, "Z3_RLIMIT", solvers.Z3_RLIMIT + 1)  # another question to Z3
    assert certify([SUBJECT], folder, processes=pool).manifest["run"]["reused"] == 6


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


@pytest.mark.parametrize(
    "name", ["NOTES.txt", "mine.smt2", "manifest.json", "link", ".trompe-unfinished/mine"]
)
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


KILLED = """
import os, shutil, sys
from pathlib import Path
from trompe.proofs.handover.certificates import folder as place
from trompe.proofs.handover.certificates import certify

key, old, journal, work = sys.argv[1], *map(Path, sys.argv[2:5])
points = [(place.os, "replace"), (place.shutil, "rmtree"), (place.Store, "record")]
points += [(Path, name) for name in ("write_bytes", "unlink", "mkdir", "rmdir")]
number = 0
while True:
    number += 1
    folder = work / str(number)
    shutil.copytree(old, folder)
    (folder / ".trompe-unfinished").mkdir()
    shutil.copyfile(journal, folder / ".trompe-unfinished" / "journal")
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
        certify([key], folder, jobs=1)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    print(number, "killed" if os.WIFSIGNALED(status) else "ended", flush=True)
    if not os.WIFSIGNALED(status):
        break
"""


def test_kill_at_any_point_and_a_rerun_gives_a_valid_set(genuine, pool, tmp_path):
    manifest = json.loads((genuine / "subject" / "manifest.json").read_text())
    journal = tmp_path / "journal"
    with journal.open("w") as file:
        for entry in manifest["obligations"]:
            for asked in entry["files"].values():
                for name, answer in asked["answers"].items():
                    by = manifest["solvers"][name]
                    line = {
                        "sha256": asked["sha256"],
                        "solver": name,
                        "engine": json.dumps([name, by["version"], by["options"]]),
                        "result": answer["result"],
                        "resources": answer["resources"],
                    }
                    file.write(json.dumps(line) + "\n")
        file.write('{"sha256": "cut o')
    (tmp_path / "work").mkdir()
    arguments = [SUBJECT, genuine / "other", journal, tmp_path / "work"]
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
    states = set()
    for line in lines:
        folder = tmp_path / "work" / line.split()[0]
        whole = [name for name, want in (("old", old), ("new", new)) if _holds(folder, want)]
        # Between the two sets stands only what a checker calls interrupted.
        assert whole or (folder / ".trompe-unfinished").is_dir()
        states |= set(whole)
        certify([SUBJECT], folder, processes=Nobody(1))  # the journal has every answer
        assert tree(folder) == new
    assert states == {"old", "new"}


def _holds(folder: Path, want: dict[str, bytes]) -> bool:
    have = tree(folder)
    return all(have.get(path) == content for path, content in want.items() if path != "others")


@pytest.mark.parametrize("point", ["journal", "file", "manifest"])
def test_a_full_disk_leaves_the_old_set(genuine, pool, tmp_path, monkeypatch, point):
    folder = tmp_path / "set"
    shutil.copytree(genuine / "other", folder)
    write, room = Path.write_bytes, [3]

    def full(*arguments):
        raise OSError(28, "No space left on device")

    def almost_full(self, content):
        room[0] -= 1
        if room[0] == 0 or (point == "manifest" and content.startswith(b"{")):
            write(self, content[: len(content) // 2])
            full()
        return write(self, content)

    if point == "journal":
        opened = Store._open_journal

        def open_full(self):
            opened(self)
            self._journal = SimpleNamespace(write=full, close=self._journal.close)

        monkeypatch.setattr(Store, "_open_journal", open_full)
    else:
        room[0] = 3 if point == "file" else -1
        monkeypatch.setattr(Path, "write_bytes", almost_full)
    with pytest.raises(InvalidInput, match="No space left on device"):
        certify([SUBJECT], folder, processes=pool)
    assert tree(folder) == tree(genuine / "other")
    assert not (folder / ".trompe-unfinished").exists()
    room[0] = 3
    with pytest.raises(InvalidInput, match="No space left"):
        certify([SUBJECT], tmp_path / "new" / "set", processes=pool)
    assert not (tmp_path / "new").exists()


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
    assert [process.returncode for process in running] == [0, 0], said
    assert tree(tmp_path / "set") in (tree(genuine / "subject"), tree(genuine / "other"))


def test_a_writer_waits_for_the_other(genuine, pool, tmp_path):
    import fcntl
    import threading

    folder = tmp_path / "set"
    shutil.copytree(genuine / "subject", folder)
    handle = os.open(folder, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    told: list[str] = []

    def tell(line: str) -> None:
        told.append(line)
        threading.Timer(0.2, os.close, [handle]).start()

    certify([SUBJECT], folder, processes=pool, tell=tell)
    assert len(told) == 1 and "another process writes" in told[0]


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
    assert {f.kind for f in report.failures} == {"not proved"}


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
    for _ in range(2):  # also when the answers of the first run are there
        done = certify([SUBJECT], tmp_path / "set", processes=pool)
        entry = done.manifest["obligations"][0]
        assert entry["verdict"] == "REFUTED" and "m = " in entry["reason"]
        assert done.manifest["verdict"] == done.manifest["theorems"][0]["verdict"] == "NOT PROVED"
    report = check_set(tmp_path / "set", processes=pool)
    # The false sentence is not the pinned one either.
    assert {f.kind for f in report.failures} == {"not proved", "different statement"}
    assert report.solved == (1, 2)
    monkeypatch.undo()
    report = check_set(tmp_path / "set", processes=pool)
    assert {"not proved", "different statement"} <= {f.kind for f in report.failures}


# -- checking ----------------------------------------------------------------------------------


def test_genuine_sets_hold(genuine, pool):
    for name, obligations in (("subject", 2), ("other", 3)):
        report = check_set(genuine / name, processes=pool)
        assert report.ok and report.hashes == report.statements == (3 * obligations,) * 2
        assert report.complete == report.solved == (obligations,) * 2
        assert "The set holds" in report.text() and "Not checked" in report.text()
        assert "d = 1, 2, 3 for sentences about coordinates" in report.text()
        assert max(map(len, report.text().splitlines())) <= 100


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampered_sets_are_rejected_for_the_right_reason(name):
    rejected, said = check_tampered(name)
    assert rejected, said


def test_the_tamperings_are_many_and_of_every_kind():
    assert len(TAMPERINGS) >= 40
    words = " ".join(item.word for item in TAMPERINGS.values())
    missing = {"different statement", "weaker statement", "changed", "missing", "extra"} - {
        kind for kind in KINDS if kind in words
    }
    assert not missing


@pytest.mark.parametrize(
    ("where", "name", "value", "unseen"),
    [
        ("certificates.checking", "differences", lambda *_: [], "false added"),
        ("certificates.checking", "sha256_of_files", lambda _: "0" * 64, "hash of the set"),
        ("certificates.checking", "not_contained", lambda *_, **__: {}, "assumptions hidden"),
        (
            "certificates.script",
            "_bound",
            lambda *_: {"m"},
            "command (assert (let ((m 0.0)) (< m m)))",
        ),
    ],
)
def test_a_damaged_checker_fails_on_a_tampering(monkeypatch, where, name, value, unseen):
    from importlib import import_module

    assert check_tampered(unseen)[0]
    monkeypatch.setattr(import_module(f"trompe.proofs.{where}"), name, value)
    assert not check_tampered(unseen)[0]


def test_a_tampering_that_is_not_noticed_is_reported(monkeypatch):
    idle = Tampering("idle", "changed", lambda folder, other: None)
    monkeypatch.setitem(TAMPERINGS, "idle", idle)
    assert check_tampered("idle") == (False, "accepted")
    monkeypatch.setitem(
        TAMPERINGS,
        "idle",
        Tampering("idle", "no such word", TAMPERINGS["flipped byte"].damage),
    )
    assert check_tampered("idle")[0] is False


def test_an_older_set_is_told_from_a_forged_one(genuine, pool, tmp_path):
    folder = tmp_path / "set"
    shutil.copytree(genuine / "subject", folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["trompe"] = "0.0.1"
    manifest["theorems"][0]["statement"] = "For every d: m."
    (folder / "manifest.json").write_bytes(manifest_bytes(manifest))
    text = check_set(folder, processes=pool).text()
    assert "different statement: constant/side" in text and "The set is of trompe '0.0.1'" in text


@given(st.data())
def test_a_damaged_manifest_is_read_or_refused_as_the_json_schema_does(genuine_manifest, data):
    manifest = json.loads(genuine_manifest)
    at, steps = manifest, data.draw(st.integers(0, 5))
    for _ in range(steps):
        inner = [k for k, v in _items(at) if isinstance(v, (dict, list)) and v]
        if not inner:
            break
        at = at[data.draw(st.sampled_from(inner))]
    places = [k for k, _ in _items(at)]
    value = data.draw(
        st.sampled_from([None, True, 0, 1, -1, 1.5, "", "x", "PROVED", [], {}, ["x"], {"x": 1}])
    )
    at[data.draw(st.sampled_from(places))] = value
    schema = json.loads(files("trompe").joinpath("schemas/manifest.json").read_text())
    valid = jsonschema.Draft202012Validator(schema).is_valid(manifest)
    try:
        assert read_manifest(json.dumps(manifest).encode()) == manifest and valid
    except InvalidInput:
        assert not valid


@pytest.fixture(scope="module")
def genuine_manifest(genuine):
    return (genuine / "subject" / "manifest.json").read_text()


def _items(value):
    return list(value.items()) if isinstance(value, dict) else list(enumerate(value))


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
