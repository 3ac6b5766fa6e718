"""The catalogue, Coq's statements and the build log agree; each planted disagreement is caught."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from trompe.proofs import kernel
from trompe.theory import ALL_THEOREMS, ROWS, TASKS, THEOREMS, InvalidInput, UnknownKey

PROOFS = Path(__file__).parents[2] / "proofs"
TREE = kernel.Places.under(PROOFS)
STATEMENTS = (PROOFS / "rocq" / "STATEMENTS.txt").read_text(encoding="utf-8")


@pytest.fixture
def copy(tmp_path: Path) -> kernel.Places:
    """Data and sources without what Coq built and without a log of this machine."""
    built = shutil.ignore_patterns("*.vo*", "*.glob", ".*", "build-log.json", "*.md", "__pycache__")
    shutil.copytree(PROOFS / "rocq", tmp_path / "rocq", ignore=built)
    shutil.copytree(PROOFS / "data", tmp_path / "data")
    return kernel.Places.under(tmp_path)


def edit(path: Path, change: Callable[[Any], None]) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")


def local_log(places: kernel.Places, **changes: Any) -> None:
    """The released log, as if it had been written here, with changes."""
    assert places.rocq is not None
    log = json.loads((places.data / "kernel.json").read_text(encoding="utf-8"))
    log |= {"host": kernel.platform.node(), **changes}
    (places.rocq / "build-log.json").write_text(json.dumps(log), encoding="utf-8")


def test_everything_fits() -> None:
    assert kernel.problems(TREE) == []


@pytest.mark.parametrize("key", THEOREMS)
def test_each_theorem_has_kernel_evidence(key: str) -> None:
    evidence = kernel.kernel_evidence(key, TREE)
    assert evidence is not None, kernel.kernel_gap(key, TREE)
    assert evidence.theorem == kernel.coq_name(key)
    assert set(evidence.axioms) <= kernel.ALLOWED_AXIOMS
    assert kernel.kernel_gap(key, TREE) is None
    printed = "\n".join(line.rstrip() for line in STATEMENTS.splitlines())
    assert f"\n\nTheorem {evidence.theorem}\n{kernel.coq_statement(key)}\n" in printed


def test_the_table_theorem_was_audited_and_holds_all_thirty() -> None:
    log = json.loads((PROOFS / "data" / "kernel.json").read_text(encoding="utf-8"))
    assert set(log["axioms"]["table"]) <= kernel.ALLOWED_AXIOMS
    table = (PROOFS / "rocq" / "Table.v").read_text(encoding="utf-8")
    for key in THEOREMS:
        assert f"statement {kernel.coq_name(key)} " in re.sub(r"[.\s]+", " ", table)


def test_every_definition_that_a_statement_uses_is_printed() -> None:
    """Else a definition could change and no printed word would."""
    defined = set()
    for path in (PROOFS / "rocq").glob("*.v"):
        text = path.read_text(encoding="utf-8")
        defined |= set(
            re.findall(r"^(?:Definition|Fixpoint|Record|Inductive) (\w+)", text, re.MULTILINE)
        )
    definitions = STATEMENTS.split("\nDefinitions\n")[1]
    printed = set(
        re.findall(r"^(?:Record |Inductive )?(\w+) *(?:=|:|\()", definitions, re.MULTILINE)
    )
    used = defined & set(re.findall(r"\w+", STATEMENTS))
    assert used - printed == set()


def test_the_released_log_holds_what_coqchk_listed() -> None:
    coqchk = json.loads((PROOFS / "data" / "kernel.json").read_text(encoding="utf-8"))["coqchk"]
    assert sorted(axiom.split(".")[-1] for axiom in coqchk["Axioms"]) == [
        "classic",
        "functional_extensionality_dep",
        "sig_forall_dec",
        "sig_not_dec",
    ]
    assert len(coqchk) == 5
    assert sum(map(len, coqchk.values())) == 5  # the four axioms, and the word on Set


def test_no_released_log_names_a_machine() -> None:
    assert "host" not in json.loads((PROOFS / "data" / "kernel.json").read_text(encoding="utf-8"))


def test_where(copy: kernel.Places) -> None:
    def where(places: kernel.Places) -> str | None:
        evidence = kernel.kernel_evidence("convex/side", places)
        return evidence and evidence.where

    assert where(copy) == "released log, not re-run here"
    assert where(replace(copy, rocq=None)) == "released log, not re-run here"
    local_log(copy)
    assert where(copy) == "this machine"
    local_log(copy, host="another")
    assert where(copy) == "released log, not re-run here"


def test_unknown_key() -> None:
    with pytest.raises(UnknownKey, match="monotone/side"):
        kernel.kernel_evidence("monotone/sides", TREE)


# -- planted faults ---------------------------------------------------------------------------


def test_changed_catalogue_statement(copy: kernel.Places, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = replace(THEOREMS["monotone/side"], statement="For every d >= 1, something else.")
    monkeypatch.setitem(ALL_THEOREMS, "monotone/side", changed)
    message = "monotone/side: the catalogue's statement changed; compare the two statements again"
    assert any(message in line for line in kernel.problems(copy))
    assert message in str(kernel.kernel_gap("monotone/side", copy))
    assert kernel.kernel_gap("monotone/exact", copy) is None


def test_changed_coq_statement(copy: kernel.Places) -> None:
    assert copy.rocq is not None
    path = copy.rocq / "STATEMENTS.txt"
    text = path.read_text(encoding="utf-8")
    first, second = text.split("Theorem monotone_side\n")
    path.write_text(
        first + "Theorem monotone_side\n" + second.replace("(1 <= d)%nat", "(2 <= d)%nat", 1),
        encoding="utf-8",
    )
    found = kernel.problems(copy)
    assert any("monotone/side: Coq's statement of monotone_side changed" in line for line in found)
    assert "sources changed since the log kernel.json (STATEMENTS.txt)" in str(
        kernel.kernel_gap("monotone/side", copy)
    )
    with pytest.raises(InvalidInput, match=r"STATEMENTS\.txt.*build first \(make rocq\)"):
        kernel.write_correspondence(copy)


def test_changed_statement_with_a_log_that_fits(copy: kernel.Places) -> None:
    """A rebuilt, weaker Coq theorem is not tied to the catalogue until somebody compares again."""
    assert copy.rocq is not None
    path = copy.rocq / "STATEMENTS.txt"
    path.write_text(path.read_text(encoding="utf-8").replace("0 < eps < 1 / 2", "0 < eps < 1 / 3"))
    log = json.loads((copy.data / "kernel.json").read_text(encoding="utf-8"))
    digest = kernel.hashlib.sha256(path.read_bytes()).hexdigest()
    local_log(copy, sources=log["sources"] | {"STATEMENTS.txt": digest})
    assert "the log is about other Coq statements" in str(kernel.kernel_gap("erm/approx", copy))
    assert any("erm/approx: Coq's statement" in line for line in kernel.problems(copy))
    kernel.write_correspondence(copy)
    assert kernel.problems(copy) == []


def test_changed_definition(copy: kernel.Places) -> None:
    assert copy.rocq is not None
    path = copy.rocq / "STATEMENTS.txt"
    text = path.read_text(encoding="utf-8").replace("y' < mid V < y", "y' <= mid V <= y")
    path.write_text(text, encoding="utf-8")
    assert any(
        "a Coq definition that the statements use changed" in x for x in kernel.problems(copy)
    )


@pytest.mark.parametrize("name", ["Monotone.v", "_CoqProject", "audit.sh", "controls/eps_half.v"])
def test_changed_source(copy: kernel.Places, name: str) -> None:
    assert copy.rocq is not None
    path = copy.rocq / name
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    message = f"not checked on this machine: sources changed since the log kernel.json ({name})"
    assert kernel.kernel_gap("black-box/exact", copy) == message
    local_log(copy)
    assert name in str(kernel.kernel_gap("black-box/exact", copy))


def test_a_coq_file_that_the_run_did_not_read(copy: kernel.Places) -> None:
    assert copy.rocq is not None
    (copy.rocq / "Extra.v").write_text("Axiom gift : False.", encoding="utf-8")
    assert "(Extra.v)" in str(kernel.kernel_gap("black-box/exact", copy))


def test_missing_theorem(copy: kernel.Places) -> None:
    edit(copy.data / "kernel.json", lambda log: log["axioms"].pop("convex_side"))
    gap = kernel.kernel_gap("convex/side", copy)
    assert (
        gap == "not checked on this machine: the log does not tell of the Coq theorem convex_side"
    )
    edit(copy.data / "correspondence.json", lambda c: c["theorems"].pop("convex/exact"))
    assert any("convex/exact: the correspondence has no entry" in x for x in kernel.problems(copy))


def test_missing_fact(copy: kernel.Places) -> None:
    edit(copy.data / "kernel.json", lambda log: log["axioms"].pop("spread"))
    assert "does not tell of the Coq theorem spread" in str(kernel.kernel_gap("affine/side", copy))


def test_another_axiom(copy: kernel.Places) -> None:
    edit(
        copy.data / "kernel.json",
        lambda log: log["axioms"]["erm_exact"].append("Classical_Prop.classic"),
    )
    gap = str(kernel.kernel_gap("erm/exact", copy))
    assert "the Coq theorem erm_exact depends on Classical_Prop.classic" in gap


@pytest.mark.parametrize("section", ["Axioms", "Constants/Inductives relying on type-in-type"])
def test_coqchk_lists_something_else(copy: kernel.Places, section: str) -> None:
    edit(copy.data / "kernel.json", lambda log: log["coqchk"][section].append("Trompe.Points.gift"))
    gap = str(kernel.kernel_gap("erm/exact", copy))
    assert f"coqchk lists Trompe.Points.gift under {section!r}" in gap


def test_a_log_in_which_coqchk_said_nothing(copy: kernel.Places) -> None:
    edit(copy.data / "kernel.json", lambda log: log.update(coqchk={}))
    assert "coqchk's list of axioms is missing" in str(kernel.kernel_gap("erm/exact", copy))


@pytest.mark.parametrize("step", ["coqchk", "audit", "controls", "selftest", "statements"])
def test_a_step_that_did_not_pass(copy: kernel.Places, step: str) -> None:
    edit(copy.data / "kernel.json", lambda log: log["passed"].remove(step))
    assert f"{step} did not pass" in str(kernel.kernel_gap("erm/exact", copy))


def test_truncated_log(copy: kernel.Places) -> None:
    path = copy.data / "kernel.json"
    text = path.read_text(encoding="utf-8")
    local_log(copy)
    path.write_text(text[: len(text) // 2], encoding="utf-8")
    assert kernel.kernel_gap("erm/exact", copy) is None  # the log of this machine is whole
    assert copy.rocq is not None
    (copy.rocq / "build-log.json").unlink()
    assert "kernel.json cannot be read" in str(kernel.kernel_gap("erm/exact", copy))
    path.unlink()
    assert "kernel.json is not here" in str(kernel.kernel_gap("erm/exact", copy))


def test_a_log_without_hashes_says_nothing(copy: kernel.Places) -> None:
    edit(copy.data / "kernel.json", lambda log: log.update(sources={}))
    assert "no field 'sources'" in str(kernel.kernel_gap("erm/exact", copy))


def test_edited_correspondence(copy: kernel.Places) -> None:
    edit(
        copy.data / "correspondence.json",
        lambda c: c["theorems"]["affine/side"].update(coq="affine_side\n     : True"),
    )
    found = kernel.problems(copy)
    assert any(
        "affine/side: the Coq statement in correspondence.json was edited" in x for x in found
    )


def test_only_a_log_of_this_machine_is_released(copy: kernel.Places) -> None:
    with pytest.raises(InvalidInput, match="no log of this machine"):
        kernel.release(copy)
    local_log(copy, date="2000-01-01")
    kernel.release(copy)
    evidence = kernel.kernel_evidence("erm/exact", replace(copy, rocq=None))
    assert evidence is not None
    assert evidence.date == "2000-01-01"
    path = copy.data / "kernel.json"
    assert "host" not in path.read_text(encoding="utf-8")
    path.rename(copy.data / "elsewhere.json")
    path.symlink_to("elsewhere.json")
    local_log(copy, date="2001-01-01")
    assert kernel.release(copy) == path and path.is_symlink()
    assert "2001-01-01" in (copy.data / "elsewhere.json").read_text(encoding="utf-8")


# -- Coq itself -------------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("coqc") is None, reason="coqc is not on the PATH; see make rocq")
@pytest.mark.skipif(os.environ.get("TROMPE_ROCQ") != "1", reason="takes minutes; set TROMPE_ROCQ=1")
def test_coq_accepts_everything(copy: kernel.Places) -> None:
    assert copy.rocq is not None
    done = subprocess.run(["make", "log"], cwd=copy.rocq, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    evidence = kernel.kernel_evidence("monotone/side", copy)
    assert evidence is not None
    assert evidence.where == "this machine"


@pytest.mark.skipif(shutil.which("coqc") is None, reason="coqc is not on the PATH; see make rocq")
@pytest.mark.skipif(os.environ.get("TROMPE_ROCQ") != "1", reason="takes minutes; set TROMPE_ROCQ=1")
def test_a_false_proof_leaves_no_log(copy: kernel.Places) -> None:
    assert copy.rocq is not None
    local_log(copy)
    path = copy.rocq / "Points.v"
    text = path.read_text(encoding="utf-8").replace(
        "Proof. intros i _; reflexivity. Qed.", "Admitted.", 1
    )
    path.write_text(text + "\nLemma wrong : 0 = 1. Proof. reflexivity. Qed.\n", encoding="utf-8")
    done = subprocess.run(["make", "log"], cwd=copy.rocq, capture_output=True, text=True)
    assert done.returncode != 0
    assert "no log is written" in done.stderr
    assert not (copy.rocq / "build-log.json").exists()


LEVELS_PAGE = (PROOFS.parent / "docs" / "levels.md").read_text(encoding="utf-8")
LEVELS = ("near", "maximum", "images", "argmax")
OWN = [
    f"{cell}_{level}"
    for cell in ("lipschitz_side", *(f"{r}_{t}" for r in ("affine_1d", "constant") for t in TASKS))
    for level in LEVELS
]
"""The cells where less is shown that are not inherited from the table."""


def test_every_theorem_that_the_page_on_levels_names_was_proved() -> None:
    log = json.loads((PROOFS / "data" / "kernel.json").read_text(encoding="utf-8"))
    sources = "".join(p.read_text(encoding="utf-8") for p in (PROOFS / "rocq").glob("*.v"))
    proved = set(re.findall(r"^ *(?:Theorem|Lemma|Corollary) (\w+)", sources, re.MULTILINE))
    named = set(re.findall(r"`([a-z0-9]+(?:_[a-z0-9]+)+|coarser|audit)`", LEVELS_PAGE))
    assert set(OWN) <= named
    assert named - proved == set()
    for name in {*OWN, "levels", "no_inherited", "near_no", "coarser", "yes_inherited"}:
        assert set(log["axioms"][name]) <= kernel.ALLOWED_AXIOMS


def test_one_theorem_holds_every_cell_where_less_is_shown() -> None:
    family = re.sub(r"[.\s]+", " ", (PROOFS / "rocq" / "Family.v").read_text(encoding="utf-8"))
    for name in OWN:
        assert f"statement {name} " in family


def test_what_the_page_calls_no_and_yes_is_what_coq_states() -> None:
    """Its labels, cell by cell, against the predicate of the theorem."""
    theorems = STATEMENTS.partition("\n\nDefinitions\n")[0].split("\n\nTheorem ")[1:]
    printed = {block.split()[0]: block for block in theorems}
    rows = re.findall(r"^\| (?:Lipschitz|affine|constant).*$", LEVELS_PAGE, re.MULTILINE)
    labels = dict(zip(("lipschitz", "affine_1d", "constant"), rows[:3], strict=True))
    for row, line in labels.items():
        _, _, *columns = (part.strip().replace("*", "") for part in line.strip("|").split("|"))
        for level, column in zip(LEVELS, columns, strict=True):
            tasks = ("side",) if row == "lipschitz" else tuple(TASKS)
            said = [column] if row == "lipschitz" else column.split()
            for task, label in zip(tasks, said, strict=True):
                statement = printed[f"{row}_{task}_{level}"]
                is_no, is_yes = "undecidable_" in statement, "decodes_" in statement
                wanted = (label == "No", label == "Yes")
                if label.startswith("Only"):
                    wanted = (True, False)
                    assert "<->" in statement
                assert (is_no, is_yes) == wanted, (row, task, level)


def test_every_row_has_its_page_and_the_pages_name_what_coq_has() -> None:
    docs = PROOFS.parent / "docs"
    listed = (PROOFS.parent / "website" / "pages" / "index.md").read_text(encoding="utf-8")
    sources = "".join(p.read_text(encoding="utf-8") for p in (PROOFS / "rocq").glob("*.v"))
    kinds = "Theorem|Lemma|Corollary|Definition|Fixpoint|Record|Inductive"
    known = set(re.findall(rf"^ *(?:{kinds}) (\w+)", sources, re.MULTILINE))
    for key, kind in ROWS.items():
        name = f"rows/{kind.__module__.rpartition('.')[2]}"
        page = (docs / f"{name}.md").read_text(encoding="utf-8")
        assert f"`{key}/*`" in page, key
        assert f"docs/{name}\n" in listed, key
        side_by_side = page.partition("## Side by side with Coq")[2]
        named = re.findall(r"`([a-z0-9]+(?:_[a-z0-9]+)+)", side_by_side)
        assert named, key
        assert set(named) <= known, key
