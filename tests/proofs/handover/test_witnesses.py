"""Witness files: every generated one checks, every tampered one is rejected with its reason."""

from __future__ import annotations

import dataclasses
import json
import random
import tracemalloc
from fractions import Fraction
from importlib.resources import files

import hostile_witness
import jsonschema
import oracles_expressions as oracle
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import trompe
import trompe.proofs.handover.witnesses.checking
from trompe.constructions import strategies as units
from trompe.constructions import triple
from trompe.constructions.catalogue import demonstrate, example, has_rescaled_pair, row_of
from trompe.constructions.levels import rescaled_pair
from trompe.proofs.handover.witnesses import file as witness_file
from trompe.proofs.handover.witnesses import parse, piecewise_smt, to_json, witness_of
from trompe.proofs.handover.witnesses.checking import check_bytes, check_file, check_witness
from trompe.proofs.handover.witnesses.data import pair_of
from trompe.proofs.mutation.files import WITNESSES, changes
from trompe.proofs.mutation.files import genuine_witness as genuine
from trompe.theory import (
    TASKS,
    Approx,
    Dataset,
    InvalidInput,
    UnknownKey,
    Visualization,
    function_class,
    theorem,
)
from trompe.theory.catalogue import EVERY_THEOREM, task_of

F = Fraction
ROWS = (
    "black-box",
    "neural-network",
    "erm",
    "lipschitz",
    "piecewise-affine",
    "monotone",
    "convex",
    "affine",
    "lipschitz-unknown",
    "additive",
)
"""The rows with a witness: those with a No (or Lipschitz) whose members may be piecewise affine."""


def made(row, dim, task):
    case = example(row, dim)
    return witness_of(pair_of(triple(case.cls, case.v, case.x), task), task)


def verdicts(report):
    return {f.says: f.verdict for f in report.findings}


@pytest.fixture(scope="module")
def schema():
    data = json.loads(files(trompe).joinpath("schemas/witness.json").read_text())
    jsonschema.Draft202012Validator.check_schema(data)
    return jsonschema.Draft202012Validator(data)


# -- generated witnesses --------------------------------------------------------------------------------


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("row", ROWS)
def test_examples_check_and_round_trip(row, task, schema):
    for dim in (1, 2, 3):
        if row == "affine" and dim == 1:
            continue
        witness = made(row, dim, TASKS[task]())
        text = to_json(witness)
        assert parse(text) == witness and to_json(parse(text)) == text
        schema.validate(json.loads(text))
        report = check_bytes(text.encode())
        assert report.ok, report.text()
        assert len(report.findings) == 12 and "unsat" not in report.text()


@pytest.mark.parametrize("row", ROWS)
def test_sixty_four_inputs(row):
    report = check_bytes(to_json(made(row, 64, TASKS["approx"]())).encode())
    assert report.ok, report.text()


def sixty_four_points():
    draw = random.Random(5)
    inputs = [[F(draw.randrange(1, 1000), 1000) for _ in range(64)] for _ in range(64)]
    data = Dataset(inputs, [F(draw.randrange(1, 1000), 1000) for _ in inputs])
    case = example("erm", 64)
    task = TASKS["side"]()
    return witness_of(triple(function_class("erm", data=data), case.v, case.x).pair_for(task), task)


def test_sixty_four_inputs_and_training_points(monkeypatch):
    """With a quarter of the steps that a file may take, as docs/witness.md says."""
    monkeypatch.setattr(
        trompe.proofs.handover.witnesses.checking,
        "MAX_STEPS",
        trompe.proofs.handover.witnesses.checking.MAX_STEPS // 4,
    )
    report = check_bytes(to_json(sixty_four_points()).encode())
    assert report.ok, report.text()


@pytest.mark.parametrize("row", ROWS)
@settings(max_examples=6, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(st.data())
def test_random_witnesses_check(row, data):
    drawn = data.draw(units.triples(row, max_dim=3))
    assume(getattr(drawn.cls, "metric", "") != "l2")
    eps = data.draw(units.rationals(0, F(1, 2), strict=True))
    task = data.draw(st.sampled_from([TASKS["exact"](), TASKS["side"](), Approx(eps)]))
    assume(not task.decidable(drawn.envelope, drawn.v))
    limit = task.largest_eta(drawn.envelope, drawn.strict(drawn.x), drawn.v)
    share = data.draw(st.sampled_from([None, F(1, 7), F(9, 10), F(999, 1000)]))
    witness = witness_of(pair_of(drawn, task, None if share is None else share * limit), task)
    report = check_bytes(to_json(witness).encode())
    assert report.ok, report.text()
    definitions = json.loads(to_json(witness))["definitions"]
    for name, claimed in (("f", witness.f_x), ("g", witness.g_x)):
        formula = json.loads(to_json(witness))[name]
        assert oracle.value(formula, witness.x, definitions) == claimed


def test_the_limit_of_eta_is_sharp_and_named():
    case = example("lipschitz", 2)
    drawn = triple(case.cls, case.v, case.x)
    for task in (TASKS["exact"](), TASKS["side"](), Approx("1/5")):
        limit = task.largest_eta(drawn.envelope, drawn.strict(drawn.x), drawn.v)
        assert drawn.pair(limit * F(999, 1000)).defeats(task)
        if limit < 1:
            with pytest.raises(InvalidInput, match=f"0 < eta < {limit} does"):
                witness_of(drawn.pair(limit), task)


def test_where_no_pair_exists_the_reason_is_given():
    case = example("convex", 2)
    with pytest.raises(InvalidInput, match="the fibre is"):
        witness_of(triple(case.cls, case.v, ("3/8", "3/8")).pair(), TASKS["side"]())
    small = triple(function_class("lipschitz", constant="1/2"), *_shown_and_query())
    with pytest.raises(InvalidInput, match=r"at most R / .* = 1/2, and up to there"):
        pair_of(small, TASKS["side"]())
    l2 = triple(function_class("lipschitz", metric="l2"), *_shown_and_query())
    with pytest.raises(InvalidInput, match="use the metric linf"):
        witness_of(l2.pair(), TASKS["side"]())


def _shown_and_query():
    case = example("lipschitz", 2)
    return case.v, case.x


# -- of pairs whose extreme values differ -----------------------------------------------------------------

OWN = (
    *(f"affine-1d/{task}/{at}" for task in ("exact", "approx") for at in ("maximum", "images", "argmax")),
    *(f"constant/{task}/{at}" for task in ("exact", "approx") for at in ("images", "argmax")),
)  # fmt: skip
"""The theorems with such a pair, written down from docs/levels.md."""


def test_these_are_the_theorems_whose_pair_has_two_ranges():
    assert set(OWN) == {key for key in EVERY_THEOREM if has_rescaled_pair(key)}


@pytest.mark.parametrize("key", OWN)
def test_a_witness_with_two_ranges_checks_and_round_trips(key, schema):
    text = genuine(key).decode()
    data = json.loads(text)
    schema.validate(data)
    assert data["version"] == 2 and data["visualization"] != data["visualization_of_f"]
    assert to_json(parse(text)) == text
    report = check_bytes(text.encode())
    assert report.ok, report.text()
    assert len(report.findings) == (12 if key.startswith("constant") else 14)
    _, task, level = key.split("/")
    f, g = parse(text).v_of("f"), parse(text).v_of("g")
    assert (f.argmin, f.argmax) == (g.argmin, g.argmax) and f.minimum != g.minimum
    assert (f.maximum == g.maximum) is (level == "maximum")
    if task == "approx":
        name, amount = parse(text).amount[0]
        gap = oracle.value(data["f"], parse(text).x, data["definitions"])
        gap -= oracle.value(data["g"], parse(text).x, data["definitions"])
        spans = f.maximum - f.minimum + g.maximum - g.minimum
        assert (name, amount) == (("half_gap", gap / spans) if spans else ("gap", gap))


def numbers(data, where=()):
    """The place of every number."""
    if isinstance(data, dict):
        for name, inner in data.items():
            yield from numbers(inner, (*where, name))
    elif isinstance(data, list):
        for place, inner in enumerate(data):
            yield from numbers(inner, (*where, place))
    elif isinstance(data, int) or (isinstance(data, str) and data.lstrip("-")[:1].isdigit()):
        yield where


def still_true(key, where):
    """A constant has its value at another query too, and no eps is too large for its pair."""
    return where == ("refutes", "eps") or (key.startswith("constant") and where[0] == "query")


@pytest.mark.parametrize("key", OWN)
def test_each_number_of_such_a_file_is_held(key):
    whole = json.loads(genuine(key))
    places = [where for where in numbers(whole) if where != ("statement",)]
    assert {where[0] for where in places} >= {
        "version", "dim", "visualization", "visualization_of_f", "query", "refutes", "values", "f"
    }  # fmt: skip
    for where in places:
        for other in ("1/3", "2/3"):
            data = json.loads(json.dumps(whole))
            inner = data
            for name in where[:-1]:
                inner = inner[name]
            old = inner[where[-1]]
            inner[where[-1]] = old + 1 if isinstance(old, int) else other
            report = check_bytes(json.dumps(data).encode())
            assert not report.ok or still_true(key, where), (where, other)


_KINK = {"abs": {"sum": [{"z": 1}, "-1/2"]}}
_LIES = {
    "f bent": (
        "affine-1d/exact/images",
        {"f": {"sum": ["1", {"z": 1}, {"max": ["0", {"sum": [_KINK, "-1/2"]}]}, {"times": ["1/9", _KINK]}, "-1/18"]}},
        "half-way between",
    ),
    "f another range": ("affine-1d/approx/images", {"visualization_of_f": {"maximum": "9"}}, "= 5/2"),
    "f from the other side": (
        "affine-1d/exact/argmax", {"visualization_of_f": {"argmin": ["1"], "argmax": ["0"]}}, "not the same argmin",
    ),
    "another maximum where it is shown": (
        "affine-1d/exact/maximum",
        {"f": {"sum": ["2", {"z": 1}]}, "visualization_of_f": {"minimum": "2", "maximum": "3"}, "values": {"f": "9/4"},
         "refutes": {"gap": "2"}},
        "not the same maximum",
    ),
    "f and g as one": (
        "affine-1d/exact/images",
        {"f": {"z": 1}, "visualization_of_f": {"minimum": "0", "maximum": "1"}, "values": {"f": "1/4"}, "refutes": {"gap": "0"}},
        "leave room",
    ),
    "an inside extreme": (
        "affine-1d/exact/images", {"visualization_of_f": {"argmin": ["1/3"]}, "visualization": {"argmin": ["1/3"]}}, "affine-1d:",
    ),
    "one constant": ("affine-1d/exact/images", {"visualization_of_f": {"minimum": "2", "maximum": "2"}}, "not the same argmax"),
    "a constant with two values": (
        "constant/exact/images", {"f": {"sum": ["3/2", {"max": ["0", {"sum": [{"z": 1}, "-7/8"]}]}]}}, "f(1, ",
    ),
    "a constant with a range": ("constant/exact/images", {"visualization_of_f": {"maximum": "2"}}, "one value"),
    "the same constant": (
        "constant/approx/argmax",
        {"f": "1/2", "visualization_of_f": {"minimum": "1/2", "maximum": "1/2"}, "values": {"f": "1/2"}, "refutes": {"gap": "0"}},
        "leave room",
    ),
    "half_gap of constants": ("constant/approx/images", {"refutes": {"half_gap": "1"}}, "unknown field 'half_gap'"),
    "version 1": ("constant/exact/images", {"version": 1}, "unknown field 'visualization_of_f'"),
    "another theorem": (
        "affine-1d/exact/images", {"key": "convex/exact", "statement": theorem("convex/exact").sha256}, "the same visualization here",
    ),
    "a Yes": ("affine-1d/exact/images", {"key": "affine-1d/exact"}, "the theorem says Yes"),
    "outside": ("constant/exact/images", {"query": ["1/4", "2"]}, "outside [0, 1]"),
}  # fmt: skip
"""By name: the key, what is put in place of its own, a word of the reason."""


@pytest.mark.parametrize("name", _LIES)
def test_a_false_file_with_two_ranges_is_refuted_with_its_reason(name):
    key, lies, word = _LIES[name]
    report = check_bytes(by_hand(key, lies))
    reasons = [f.reason for f in report.findings if f.verdict == "REFUTED"]
    assert any(word in reason for reason in reasons), report.text()


def test_a_file_with_one_range_where_there_are_two_is_refuted():
    data = json.loads(genuine("affine-1d/exact/images"))
    del data["visualization_of_f"]
    report = check_bytes(json.dumps(data | {"version": 1}).encode())
    assert "give the visualization of f, too" in report.text() and not report.ok
    witness = parse(genuine("affine-1d/exact/images"))
    assert not check_witness(dataclasses.replace(witness, of_f=None)).ok
    convex = made("convex", 2, TASKS["side"]())
    assert not check_witness(dataclasses.replace(convex, of_f=convex.v)).ok


def test_a_constant_written_by_hand_may_need_the_solvers():
    z1, z2 = {"z": 1}, {"z": 2}
    zero = [{"max": [z1, z2]}, {"min": [z1, z2]}, {"times": ["-1", z1]}, {"times": ["-1", z2]}]
    content = by_hand("constant/exact/argmax", {"f": {"sum": ["3/2", *zero]}})
    report = check_bytes(content)
    assert report.ok and report.text().count("unsat from z3 and cvc5") == 2, report.text()


def test_a_line_that_is_constant_has_a_witness_too():
    """Of affine-1d: two constants show the same pictures."""
    v = Visualization((0,), (0,), 2, 2)
    pair = rescaled_pair(
        function_class("affine-1d"), row_of("affine-1d").known, v, ("1/3",), Approx("1/3"), "images"
    )
    witness = witness_of(pair, Approx("1/3"), "images")
    report = check_bytes(to_json(witness).encode())
    assert report.ok and "f has its minimum and its maximum 3 everywhere" in report.text()


@pytest.mark.parametrize(
    ("level", "word"),
    [("maximum", "the same maximum"), ("near", "says Yes"), ("extremes", "says Yes")],
)
def test_a_pair_of_another_level_makes_no_witness(level, word):
    pair = demonstrate("affine-1d/exact/images", 1)
    with pytest.raises(InvalidInput, match=word):
        witness_of(pair, TASKS["exact"](), level)


# -- witnesses written by hand --------------------------------------------------------------------------


def by_hand(key, changes):
    """The bytes of the genuine file with some fields in place of its own."""
    data = json.loads(genuine(key))
    for name, value in changes.items():
        if isinstance(value, dict) and isinstance(data[name], dict) and name not in ("f", "g"):
            data[name] = {**data[name], **value} if name != "definitions" else value
        else:
            data[name] = value
    return json.dumps(data).encode()


def test_a_file_written_by_hand_may_need_the_solvers():
    z1, z2 = {"z": 1}, {"z": 2}
    both = {"sum": [{"max": [z1, z2]}, {"min": [z1, z2]}]}  # z1 + z2, which no rule sees

    def mean(first, second):
        return {
            "sum": [
                {"times": [first, both]},
                {"times": [second, z1]},
                {"times": [str(-F(second) + 1 - 2 * F(first)), z2]},
            ]
        }

    f, g = mean("1/16", "0"), mean("1/16", "7/8")
    x = (F(1, 8), F(7, 8))
    f_x, g_x = oracle.value(f, x), oracle.value(g, x)
    content = by_hand(
        "affine/side",
        {
            "f": f,
            "g": g,
            "values": {"f": str(f_x), "g": str(g_x)},
            "refutes": {"above_mid": str(f_x - F(1, 2)), "below_mid": str(F(1, 2) - g_x)},
        },
    )
    report = check_bytes(content)
    assert report.ok, report.text()
    assert "unsat from z3 and cvc5" in report.text()
    assert check_bytes(content, solvers=["z3"]).ok


def test_an_l2_witness_by_hand():
    """L-Lipschitz in linf is so in l2; the check of l2 itself uses the gradients."""
    data = json.loads(to_json(made_linf()))
    data["parameters"]["metric"] = "l2"
    report = check_bytes(json.dumps(data).encode())
    assert report.ok, report.text()
    data["parameters"]["constant"] = "6/5"  # the cones are steeper
    report = check_bytes(json.dumps(data).encode())
    assert not report.ok and "exceeds L" in report.text()


def made_linf():
    task = TASKS["side"]()
    return witness_of(
        pair_of(
            triple(function_class("lipschitz", constant=2, metric="linf"), *_shown_and_query()),
            task,
        ),
        task,
    )


def test_unknown_is_not_ok(monkeypatch):
    z1, z2 = {"z": 1}, {"z": 2}
    tilt = {
        "sum": [
            {"max": [z1, z2]},
            {"times": ["-1", z1]},
            {"times": ["-1", {"max": ["0", {"sum": [z2, {"times": ["-1", z1]}]}]}]},
        ]
    }
    data = json.loads(genuine("affine/side"))  # tilt is 0 everywhere
    content = by_hand("affine/side", {"f": {"sum": [data["f"], tilt]}})
    monkeypatch.setattr(piecewise_smt, "MAX_ATOMS", 1)
    report = check_bytes(content)
    assert not report.ok
    assert "UNKNOWN" in verdicts(report).values() and "too many for a solver" in report.text()


# -- damage: one change at a time is tried by trompe selfcheck (tests/proofs/mutation); here what is more -------------

_Z1, _Z2 = {"z": 1}, {"z": 2}
SMALL_HAT = {
    "max": [
        "0",
        {
            "sum": [
                "1",
                {"times": ["-16", {"abs": {"sum": [_Z1, "-1/8"]}}]},
                {"times": ["-16", {"abs": {"sum": [_Z2, "-7/8"]}}]},
            ]
        },
    ]
}
"""1 at (1/8, 7/8), 0 at the points that the witnesses speak of."""


def plus(key, factor, part):
    """The witness of a theorem with a multiple of a part added to f."""
    return by_hand(key, {"f": {"sum": [json.loads(genuine(key))["f"], {"times": [factor, part]}]}})


def only_f():
    data = json.loads(genuine("convex/side"))
    return by_hand(
        "convex/side",
        {"g": data["f"], "values": {"f": data["values"]["f"], "g": data["values"]["f"]}},
    )


def with_training_point(point):
    parameters = json.loads(genuine("erm/approx"))["parameters"]
    parameters["data"].append({"input": point, "label": "2/3"})
    return by_hand("erm/approx", {"parameters": parameters})


WHOLE = genuine("convex/side")
DAMAGE = {
    "empty": (b" \n", "empty"),
    "truncated": (WHOLE[: len(WHOLE) // 2], "not JSON"),
    "in UTF-16": (WHOLE.decode().encode("utf-16"), "not UTF-8"),
    "a second object": (WHOLE + b"{}", "not JSON"),
    "huge": (WHOLE + b" " * witness_file.MAX_BYTES, "larger than"),
    "deep": (b"[" * 100_000 + b"]" * 100_000, "nests"),
    "a key twice": (WHOLE.replace(b'"dim": 2', b'"dim": 2, "dim": 2'), "occurs twice"),
    "NaN": (WHOLE.replace(b'"minimum": "0"', b'"minimum": NaN'), "no finite one"),
    "a huge integer": (WHOLE.replace(b'"dim": 2', b'"dim": ' + b"9" * 5000), "digits"),
    "code": (by_hand("convex/side", {"values": {"f": "exit()", "g": "0"}}), "no exact number"),
    "another key, with its statement": (
        by_hand(
            "convex/side", {"key": "monotone/side", "statement": theorem("monotone/side").sha256}
        ),
        "monotone function",
    ),
    "f and g equal": (only_f(), "leave room"),
    "a second minimiser": (plus("black-box/side", "-1/2", SMALL_HAT), "f(1/8, 7/8) = 0"),
    "not convex at one kink": (
        plus("convex/side", "-2/3", {"abs": {"sum": [_Z1, {"times": ["-1", _Z2]}]}}),
        "half-way between",
    ),
    "steeper than L": (plus("lipschitz/side", "1/4", SMALL_HAT), "exceeds L"),
    "not fitted": (with_training_point(["1/8", "7/8"]), "whose label is"),
    "two labels": (with_training_point(["0", "0"]), "have labels"),
}
"""Bytes, and a word of the reason that must be given."""


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_refuted_with_its_reason(name):
    content, word = DAMAGE[name]
    report = check_bytes(content)
    reasons = [f.reason for f in report.findings if f.verdict == "REFUTED"]
    assert any(word in reason for reason in reasons), report.text()
    assert max(map(len, reasons)) < 500


@settings(max_examples=40)
@given(st.data())
def test_random_damage_never_makes_a_traceback(data):
    content = bytearray(genuine(data.draw(st.sampled_from(WITNESSES))))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(32, 126))
    report = check_bytes(bytes(content))
    if report.ok:  # what is still accepted must be true
        witness = parse(bytes(content))
        assert witness.f(witness.x) == witness.f_x and witness.g(witness.x) == witness.g_x
        assert pair_defeats(witness)


def pair_defeats(witness):
    low, high = sorted((witness.g_x, witness.f_x))
    v = witness.v
    match witness.task.key:
        case "exact":
            return low != high
        case "approx":
            return high - low > 2 * witness.task.eps * v.range
    return 2 * low < v.minimum + v.maximum < 2 * high


def test_a_link_is_followed_and_a_dangling_one_named(tmp_path):
    real, link, dangling = tmp_path / "w.json", tmp_path / "link.json", tmp_path / "none.json"
    real.write_bytes(genuine("convex/side"))
    link.symlink_to(real)
    dangling.symlink_to(tmp_path / "gone.json")
    assert check_file(link).ok
    with pytest.raises(InvalidInput, match="it is not there"):
        check_file(dangling)
    with pytest.raises(InvalidInput, match="no regular file but a folder"):
        check_file(tmp_path)


def test_a_file_that_grows_is_not_read_to_its_end(tmp_path):
    path = tmp_path / "large.json"
    with path.open("wb") as file:
        file.truncate(2**33)
    tracemalloc.start()
    report = check_file(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "larger than 8 MiB" in report.text() and peak < 64 * 2**20


def test_numbers_that_grow_are_unknown_not_a_traceback():
    huge = str(10**900)
    parts = {"u1": {"abs": {"z": 1}}}
    for k in range(1, 12):
        parts[f"u{k + 1}"] = {"abs": {"sum": ["-1/3", {"times": [huge, {"use": f"u{k}"}]}]}}
    report = check_bytes(
        by_hand("black-box/side", {"definitions": parts, "f": {"use": "u12"}, "g": {"use": "u12"}})
    )
    assert not report.ok and "many digits" in report.text()


# -- the shape ------------------------------------------------------------------------------------------


def test_what_the_schema_rejects_is_not_read(schema):
    rejected = 0
    for key in WITNESSES:
        for number, (_, data) in enumerate(changes(json.loads(genuine(key)))):
            if number % 5 == 0 and not schema.is_valid(data):
                rejected += 1
                with pytest.raises(InvalidInput):
                    parse(json.dumps(data))
    assert rejected > 200


def test_a_witness_that_would_not_be_read_is_not_written(monkeypatch):
    monkeypatch.setattr(witness_file, "MAX_BYTES", 1000)
    with pytest.raises(InvalidInput, match="are read"):
        to_json(made("black-box", 8, TASKS["side"]()))


@pytest.mark.parametrize("power", ["1e999", "1e-999"])
def test_a_witness_with_a_number_that_would_not_be_read_is_not_written(power):
    key = "affine-1d/approx/images"
    known, v = row_of("affine-1d").known, Visualization((0,), (1,), 0, 1)
    for eps, is_short in ((power, False), (power.replace("999", "300"), True)):
        task = task_of(key, eps)
        pair = rescaled_pair(function_class("affine-1d"), known, v, ("1/4",), task, "images")
        witness = witness_of(pair, task, "images")
        if is_short:
            assert check_bytes(to_json(witness).encode()).ok
        else:
            with pytest.raises(InvalidInput, match="more than 1000 characters"):
                to_json(witness)


def test_claims_are_checked_also_where_no_file_is_involved():
    witness = made("convex", 2, TASKS["side"]())
    assert check_witness(witness).ok
    for change in (
        {"f": witness.g},
        {"g_x": witness.f_x},
        {"statement": theorem("convex/exact").sha256},
        {"x": witness.v.argmin},
        {"v": Visualization(witness.v.argmin, witness.v.argmax, 0, 2)},
        {"cls": function_class("monotone")},
        {"amount": (("above_mid", F(1)), ("below_mid", F(1)))},
    ):
        assert not check_witness(dataclasses.replace(witness, **change)).ok, change


@pytest.mark.parametrize(
    "key", ["affine-1d/exact", "constant/side", "neuron/side", "neuron-1d/exact"]
)
def test_rows_without_a_witness_say_why(key):
    data = json.loads(genuine("convex/side"))
    data.update(key=key, statement=theorem(key).sha256)
    report = check_bytes(json.dumps(data).encode())
    assert not report.ok
    assert (
        "no witness exists" if key[0] in "ac" else "not piecewise affine"
    ) in report.text() or "neuron-1d" in key
    with pytest.raises(UnknownKey):
        theorem("convex/both")


# -- much work ------------------------------------------------------------------------------------------


MINIMUM = "f has its minimum 0 at a and only there"
BUSY = {
    "wide": (10, 600_000, MINIMUM),
    "long_numbers": (10, 120_000, MINIMUM),
    "folded": (10, 600_000, MINIMUM),
    "many_hats": (10, 400_000, MINIMUM),
    "exchanged": (10, 300_000, "f is a member of additive"),
    "spread": (10, 600_000, "f is a member of convex"),
    "asked": (100, 600_000, "f is a member of convex"),
}
"""Per kind: the part of the whole file, the steps after it is read, the claim that uses them up."""


def first_without_steps(kind, monkeypatch):
    """The first claim that is UNKNOWN because the steps are used up; reading the file takes none of them."""
    part, limit, _ = BUSY[kind]
    monkeypatch.setattr(trompe.proofs.handover.witnesses.checking, "MAX_STEPS", limit)
    report = check_witness(parse(hostile_witness.KINDS[kind](part)))
    assert not report.ok
    stopped = [f for f in report.findings if f"more than {limit} steps" in f.reason]
    assert stopped and {f.verdict for f in stopped} == {"UNKNOWN"}
    return stopped[0].says


@pytest.mark.parametrize("kind", BUSY)
def test_a_file_cannot_keep_the_check_busy(kind, monkeypatch):
    assert first_without_steps(kind, monkeypatch) == BUSY[kind][2]


@pytest.mark.parametrize(
    ("kind", "module"), [("many_hats", "supports"), ("asked", "piecewise_smt")]
)
def test_work_that_is_not_counted_is_noticed(kind, module, monkeypatch):
    """The comparison of hats and the solvers: if their work did not count, another claim would be the first."""
    monkeypatch.setattr(f"trompe.proofs.handover.witnesses.{module}.spend", lambda steps: None)
    assert first_without_steps(kind, monkeypatch) != BUSY[kind][2]


def test_a_file_cannot_keep_its_reader_busy(monkeypatch):
    assert {*hostile_witness.KINDS} - {*BUSY} == {"flattened"}
    monkeypatch.setattr(trompe.proofs.handover.witnesses.checking, "MAX_STEPS", 100_000)
    (finding,) = check_bytes(hostile_witness.flattened(10)).findings
    assert (finding.says, finding.verdict) == ("the file is a witness file", "UNKNOWN")
    assert "more than 100000 steps" in finding.reason


def test_the_same_file_stops_at_the_same_place(monkeypatch):
    content = genuine("convex/side")
    verdict = []
    for limit in (1_000, 1_000, 10**6):
        monkeypatch.setattr(trompe.proofs.handover.witnesses.checking, "MAX_STEPS", limit)
        verdict.append(check_bytes(content))
    assert verdict[0] == verdict[1] and not verdict[0].ok and verdict[2].ok


def test_brackets_in_a_string_hide_no_depth():
    closing, opening = "]" * 200_000, "[" * 100_000
    report = check_bytes(f'["{closing}", {opening}'.encode())
    assert "brackets more than 100 deep" in report.text() and not report.ok
    inside = genuine("convex/side").replace(b'"trompe witness"', b'"' + b"[" * 200 + b'\\""', 1)
    assert "format: expected" in check_bytes(inside).text()
