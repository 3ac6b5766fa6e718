"""A sentence that says less than the pinned one, or a statement that is not the released one, earns no label."""

from __future__ import annotations

import dataclasses
import json
from importlib.resources import files

import jsonschema
import pytest
import z3

from trompe import verify_table
from trompe.cli import run
from trompe.constructions import CONSTRUCTIONS, triple
from trompe.constructions.catalogue import example
from trompe.ground.processes import Processes
from trompe.proofs import obligations, pinned, symbolic
from trompe.proofs.handover.certificates import certify, check_set
from trompe.proofs.handover.certificates.manifest import MANIFEST, manifest_bytes
from trompe.proofs.handover.witnesses import check_witness
from trompe.proofs.handover.witnesses.data import witness_of
from trompe.proofs.mutation import selfcheck
from trompe.proofs.obligations import Claim, Fault, Obligation, Scope, obligation
from trompe.proofs.pinned import PINNED, RELEASED
from trompe.proofs.released import hashes, problems
from trompe.proofs.smt import scripts
from trompe.proofs.verify import all_keys, check_obligation, find_obligation, verify_keys
from trompe.theory import ALL_THEOREMS, TASKS, THEOREMS, InvalidInput
from trompe.views.table import FORMATS

pytestmark = pytest.mark.once

SOUND = "lipschitz/sound"
NOT_PINNED = "its sentence is not the pinned one; in trompe's sources `python -P -m"


def weaken(monkeypatch, key, change):
    family = obligations._FAMILIES[key]

    def build(*arguments):
        return change(family.build(*arguments))

    monkeypatch.setitem(obligations._FAMILIES, key, dataclasses.replace(family, build=build))


@pytest.fixture
def weak(monkeypatch):
    """`lipschitz/sound` concludes h <= upper, where it is lower <= h <= upper."""

    def half(claim: Claim) -> Claim:
        assert z3.is_and(claim.show)
        return dataclasses.replace(claim, show=claim.show.arg(1))

    weaken(monkeypatch, SOUND, half)


@pytest.fixture
def restated(monkeypatch):
    """`convex/side` says a little more than was released."""
    restate(monkeypatch, "convex/side")


def restate(monkeypatch, key, old="", new="Another. "):
    """The theorem with `new` for the first `old` in its statement."""
    item = THEOREMS[key]
    assert old in item.statement
    changed = dataclasses.replace(item, statement=item.statement.replace(old, new, 1))
    monkeypatch.setitem(ALL_THEOREMS, key, changed)


# -- sentences -------------------------------------------------------------------------------------------


def test_a_weakened_sentence_is_true_and_yet_not_proved(weak):
    assert check_obligation(find_obligation(SOUND), ("z3", "cvc5")).verdict == "PROVED"
    outcome = verify_keys([SOUND], jobs=1)[SOUND]
    assert outcome.verdict == "UNKNOWN" and outcome.reason.startswith(NOT_PINNED)
    assert [answer.result for answer in outcome.answers] == ["unsat", "unsat"]


def test_a_weakened_sentence_takes_the_labels_of_the_table(weak, capsys):
    assert run(["table", "--row", "lipschitz", "--row", "constant", "--jobs", "1"]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "not proved (UNKNOWN)" in said and "3 of 6 cells proved" in said
    assert f"lipschitz/side: {SOUND}: UNKNOWN: {NOT_PINNED}" in said
    assert run(["show", "lipschitz/side", "--jobs", "1"]) == 1
    assert NOT_PINNED in " ".join(capsys.readouterr().out.split())


def test_a_weakened_sentence_is_a_problem_of_the_command(weak):
    (line,) = problems(PINNED.installed, "", hashes(PINNED), PINNED)
    assert line.startswith(f"{SOUND}: its sentence is not the pinned one (")


@pytest.mark.parametrize("part", ["classes", "hypotheses"])
def test_selfcheck_reports_a_weakened_sentence_and_no_mutant_is_killed_by_it(weak, part):
    match = {"classes": "Lipschitz.law", "hypotheses": SOUND}[part]
    report = selfcheck([part], rows=["lipschitz"], match=match, jobs=1)
    # What the weakened sentence lets through is put to the other rows' checks, which may not tell.
    assert not report.passed
    assert all(each.check != SOUND for each in report.undecided)
    (problem,) = report.problems
    assert problem.startswith(f"{SOUND}: {NOT_PINNED}")
    found = (*report.findings, *report.hypotheses)
    assert found and all("pinned" not in each.says for each in found)


def test_a_false_sentence_is_refuted_whatever_its_pin(monkeypatch):
    weaken(monkeypatch, SOUND, lambda c: dataclasses.replace(c, show=z3.Not(c.show)))
    assert verify_keys([SOUND], jobs=1)[SOUND].verdict == "REFUTED"


def test_each_of_the_three_questions_is_pinned(monkeypatch):
    def changed(change):
        with pytest.MonkeyPatch.context() as patch:
            weaken(patch, "mix/gap", change)
            return verify_keys(["mix/gap"], jobs=1)["mix/gap"]

    assert changed(lambda claim: claim).verdict == "PROVED"
    more = {"more": z3.Real("U") <= z3.Real("U")}
    assert changed(lambda c: dataclasses.replace(c, given=c.given | more)).verdict == "UNKNOWN"
    fault = Fault("nothing is left", show=z3.Real("U") > z3.Real("U"))
    outcome = changed(lambda c: dataclasses.replace(c, fault=fault))
    assert outcome.verdict == "UNKNOWN" and outcome.reason.startswith(NOT_PINNED)


def test_every_sentence_and_nothing_else_has_a_pin():
    assert set(PINNED.installed) == set(all_keys())
    assert {
        key for key, entry in PINNED.installed.items() if pinned.current(entry) is None
    } == set()


def test_a_new_obligation_is_unknown_until_it_is_pinned(monkeypatch):
    monkeypatch.setattr(obligations, "_FAMILIES", dict(obligations._FAMILIES))

    @obligation("planted/per-dim", "squares are not negative", per_dim=True)
    @obligation("planted/free", "squares are not negative")
    def _build(s: Scope, d: int = 1) -> Claim:
        (x,) = s.reals("x")
        return Claim({"x > 0": x > 0}, x * x >= 0, Fault("none", show=x * x > 1))

    outcomes = verify_keys(["planted/free", "planted/per-dim/d2", "planted/per-dim/d7"], jobs=1)
    for outcome in outcomes.values():
        assert outcome.verdict == "UNKNOWN"
        assert "its sentence is not in pinned.json; in trompe's sources" in outcome.reason
        assert "--write` adds it" in outcome.reason
    lines = problems(PINNED.installed, "", hashes(PINNED), PINNED)
    assert "planted/free: not in pinned.json; add it with --write" in lines


def test_a_pin_whose_obligation_is_gone_is_a_problem(monkeypatch):
    monkeypatch.setattr(obligations, "_FAMILIES", dict(obligations._FAMILIES))
    del obligations._FAMILIES["mix/gap"]
    (line,) = problems(PINNED.installed, "", hashes(PINNED), PINNED)
    assert line.startswith("mix/gap: pinned and gone")


def test_at_further_dimensions_the_family_has_to_fit_its_pins(monkeypatch):
    key = "l1/triangle/d4"
    assert verify_keys([key], jobs=1)[key].verdict == "PROVED"
    weaken(monkeypatch, "l1/triangle", lambda c: dataclasses.replace(c, show=z3.Or(c.show, c.show)))
    outcome = verify_keys([key], jobs=1)[key]
    assert outcome.verdict == "UNKNOWN"
    assert outcome.reason.startswith(f"l1/triangle/d1: {NOT_PINNED}")


def test_a_changed_identity_is_unknown(monkeypatch):
    key = "symbolic/mix-gap"
    item = symbolic.IDENTITIES[key]

    def trivial(sympy):
        left, _, damaged = item.build(sympy)
        return left, left, damaged

    monkeypatch.setitem(symbolic.IDENTITIES, key, dataclasses.replace(item, build=trivial))
    assert symbolic.check_identity(symbolic.IDENTITIES[key])[0] == "PROVED"
    outcome = verify_keys([key], jobs=1)[key]
    assert outcome.verdict == "UNKNOWN" and outcome.reason.startswith(NOT_PINNED)


def test_pins_are_not_looked_at_for_constructions_of_a_caller(weak):
    outcome = verify_keys([SOUND], jobs=1, constructions=dict(CONSTRUCTIONS))[SOUND]
    assert outcome.verdict == "PROVED"


def test_the_hash_is_of_what_is_asked_and_not_of_how_it_is_printed():
    def asked(build):
        return scripts(Obligation("planted", "", None, build), Scope())

    def claim(term):
        return lambda s: Claim({}, term(*s.reals("x y")), Fault("none", show=s.reals("x")[0] > 1))

    def depth(n):
        def term(x, y):
            for _ in range(n):
                x = x + x  # the same subterm twice: 2^n leaves, n terms
            return x >= y

        return term

    first, again = asked(claim(depth(3))), asked(claim(depth(3)))
    assert first == again
    z3.set_param("pp.min_alias_size", 2)
    try:
        other = asked(claim(depth(3)))
    finally:
        z3.set_param("pp.min_alias_size", 10)
    assert other.main != first.main and other.sha256 == first.sha256
    assert (
        asked(claim(depth(2000))).sha256 != first.sha256
    )  # neither deep nor shared terms take long
    different = (
        lambda x, y: x >= y,
        lambda x, y: y >= x,
        lambda x, y: x > y,
        lambda x, y: x >= 2,
        lambda x, y: x >= z3.RealVal("1/2"),
        lambda x, y: x >= -y,
        lambda x, y: z3.Not(x >= y),
        lambda x, y: z3.Or(x >= y, x >= y),
    )
    assert len({asked(claim(term)).sha256 for term in different}) == len(different)


@pytest.mark.parametrize(
    ("term", "logic"),
    [
        (lambda x, y: 2 * x + y * 3 >= 0, "QF_LRA"),
        (lambda x, y: z3.RealVal("1/2") * x >= y, "QF_LRA"),
        (lambda x, y: z3.And(x >= 0, z3.If(x > y, x * y, x) >= 0), "QF_NRA"),
        (lambda x, y: 2 * x * x >= 0, "QF_NRA"),
    ],
)
def test_the_logic_is_linear_without_a_product_of_two_symbols(term, logic):
    def build(s):
        return Claim({}, term(*s.reals("x y")), Fault("none", show=s.reals("x")[0] > 1))

    assert f"(set-logic {logic})" in scripts(Obligation("planted", "", None, build), Scope()).main


# -- statements ------------------------------------------------------------------------------------------


def test_a_statement_that_is_false_at_the_boundary_takes_its_labels(monkeypatch, capsys):
    key = "convex/approx"  # where gamma(x) = 2 eps the task is decidable
    restate(monkeypatch, key, "gamma(x) > 2 eps", "gamma(x) >= 2 eps")
    assert run(["table", "--row", "convex", "--row", "affine", "--jobs", "1"]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "5 of 6 cells proved" in said
    assert f"{key}: UNKNOWN: its statement is not the released one; in trompe's" in said


def test_a_restated_theorem_is_unknown_in_every_view(restated, capsys):
    table = verify_table(["convex"], jobs=1)
    cell = table["convex/side"]
    assert (cell.label, cell.verdict, cell.failing, cell.agrees) == (None, "UNKNOWN", (), False)
    assert table["convex/exact"].label == "No" and not table.is_proved
    data = json.loads(FORMATS["json"](table))
    schema = json.loads(files("trompe").joinpath("schemas/table.json").read_text())
    jsonschema.validate(data, schema)
    cells = data["rows"][0]["cells"]
    assert cells["side"]["reason"] == cell.reason and "reason" not in cells["exact"]
    assert all("not proved (UNKNOWN)" in FORMATS[form](table) for form in ("markdown", "latex"))
    assert run(["show", "convex/side", "--jobs", "1"]) == 1
    said = capsys.readouterr().out
    assert "\nits statement is not the released one; in trompe's sources" in said


def test_a_row_that_inherits_says_whose_statement_it_is(monkeypatch):
    restate(monkeypatch, "neural-network/exact")
    cell = verify_table(theorems=["black-box/exact"], jobs=1)["black-box/exact"]
    assert (cell.label, cell.verdict) == (None, "UNKNOWN")
    assert "neural-network/exact: its statement is not the released one" in cell.reason


def test_a_theorem_that_is_not_in_the_file_has_no_label(monkeypatch):
    fewer = {key: entry for key, entry in RELEASED.installed.items() if key != "constant/side"}
    monkeypatch.setattr(
        pinned, "_content", {"released.json": fewer, "pinned.json": PINNED.installed}.get
    )
    cell = verify_table(theorems=["constant/side"], jobs=1)["constant/side"]
    assert cell.label is None and "its statement is not in released.json" in cell.reason


# -- what is given away ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pool():
    with Processes(1) as workers:
        yield workers


def claim_everything(folder):
    """Write PROVED into the manifest, as a forger would."""
    manifest = json.loads((folder / MANIFEST).read_text())
    for item in (manifest, *manifest["theorems"], *manifest["obligations"]):
        item["verdict"] = "PROVED"
    (folder / MANIFEST).write_bytes(manifest_bytes(manifest))


def failures(report):
    return [(failure.kind, failure.item) for failure in report.failures]


def test_a_set_of_weakened_sentences_claims_no_theorem(weak, pool, tmp_path, capsys):
    folder = tmp_path / "set"
    done = certify(["lipschitz/side"], folder, dims=[1], processes=pool)
    entries = {entry["key"]: entry for entry in done.manifest["obligations"]}
    assert [key for key, entry in entries.items() if entry["verdict"] != "PROVED"] == [SOUND]
    assert entries[SOUND]["verdict"] == "UNKNOWN"
    assert entries[SOUND]["reason"].startswith(NOT_PINNED)
    assert [t["verdict"] for t in done.manifest["theorems"]] == ["NOT PROVED"]
    assert not done.is_proved
    claim_everything(folder)
    assert failures(check_set(folder, processes=pool)) == [
        ("different", MANIFEST),
        ("not proved", SOUND),
    ]
    assert run(["cite", "lipschitz/side"]) == 2
    said = capsys.readouterr().err
    assert (
        said.count("\n") == 1 and f"lipschitz/side cannot be cited: {SOUND}: its sentence" in said
    )


def test_a_set_of_a_restated_theorem_does_not_claim_it(monkeypatch, pool, tmp_path, capsys):
    key, folder = "constant/side", tmp_path / "set"
    restate(monkeypatch, key)
    assert run(["certify", key, "--output", str(folder), "--jobs", "1"]) == 1
    said = capsys.readouterr().out
    assert f"NOT PROVED {key}: its statement is not the released one" in said
    manifest = json.loads((folder / MANIFEST).read_text())
    assert manifest["verdict"] == manifest["theorems"][0]["verdict"] == "NOT PROVED"
    assert {entry["verdict"] for entry in manifest["obligations"]} == {"PROVED"}
    claim_everything(folder)
    assert failures(check_set(folder, processes=pool)) == [
        ("different", MANIFEST),
        ("not proved", key),
    ]
    assert run(["cite", key]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_witness_of_a_restated_theorem_is_neither_written_nor_accepted(monkeypatch):
    case = example("convex", 2)
    pair = triple(case.cls, case.v, case.x).pair()
    witness = witness_of(pair, TASKS["side"]())
    assert check_witness(witness).ok
    restate(monkeypatch, "convex/side")
    with pytest.raises(InvalidInput, match="convex/side: its statement is not the released one"):
        witness_of(pair, TASKS["side"]())
    report = check_witness(
        dataclasses.replace(witness, statement=ALL_THEOREMS["convex/side"].sha256)
    )
    assert not report.ok and report.findings[0].verdict == "UNKNOWN"
    assert "not the released one" in report.findings[0].reason
