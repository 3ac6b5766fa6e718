"""Refutation files: what `trompe check` accepts, and that it notices each thing that is changed in one."""

from __future__ import annotations

import copy
import json
import random

import pytest

from trompe.cli import run
from trompe.constructions import CONSTRUCTIONS
from trompe.refuting import checking
from trompe.refuting.checking import check_bytes
from trompe.refuting.judging import refute
from trompe.theory import Lipschitz
from trompe.views.refutation import as_json

pytestmark = pytest.mark.once

ANSWERS = {"exact": lambda v, x: 0.5, "approx": lambda v, x: 0.5, "side": lambda v, x: "min"}


def flat(report):
    """The text of a report, whatever its lines."""
    return " ".join(report.text().split())


def made(row="convex", task="side", decoder=None, **options):
    found = refute(decoder or ANSWERS[task], row, task, **options)
    return json.loads(as_json(found))


def coin(seed=1):
    rng = random.Random(seed)
    return lambda v, x: rng.choice(["min", "max"])


def check(data):
    return check_bytes(json.dumps(data).encode())


@pytest.mark.parametrize("task", ANSWERS)
@pytest.mark.parametrize("row", CONSTRUCTIONS)
def test_what_refute_writes_holds(row, task):
    report = check(made(row, task))
    assert report.ok, report.text()
    assert report.text().splitlines()[-1].endswith(f"a refutation for {row}/{task}")
    assert "not checked: that the decoder gave this answer" in flat(report)


def test_the_command_takes_the_report_and_the_witness(tmp_path, capsys):
    (tmp_path / "mine.py").write_text("def f(v, x):\n    return 'min'\n")
    found, pair = tmp_path / "found.json", tmp_path / "pair.json"
    line = ["refute", f"{tmp_path}/mine.py:f", "--class", "convex", "--task", "side", "--format", "json"]  # fmt: skip
    assert run([*line, "--output", str(found), "--witness", str(pair)]) == 0
    assert run(["check", str(found)]) == 0
    assert "a refutation for convex/side" in capsys.readouterr().out
    assert run(["check", str(pair)]) == 0
    assert "a witness for convex/side" in capsys.readouterr().out
    data = json.loads(found.read_text())
    found.write_text(json.dumps(data | {"prediction": "max"}))
    assert run(["check", str(found)]) == 1
    out = capsys.readouterr().out
    assert "REFUTED  the recorded answer 'max' is wrong for f: it is right" in out
    assert "not shown to be a refutation" in out


def change(path, value):
    def changed(data):
        *inner, last = path.split(".")
        for name in inner:
            data = data[name]
        data[last] = value() if callable(value) else value

    return changed


TAMPERED = {
    "the right answer": (change("prediction", "max"), "it is right"),
    "no answer": (change("prediction", None), "expected"),
    "no side": (change("prediction", "1/2"), 'expected "min" or "max"'),
    "another query": (change("query", ["1/2", "1/2"]), "query: list of 2"),
    "another task": (change("key", "convex/exact"), "key: 'convex/exact'"),
    "another eps": (change("eps", "1/4"), "eps: '1/4'"),
    "another maximum": (change("visualization.maximum", "2"), "visualization"),
    "another d": (change("dim", 3), "dim: 3"),
    "another function": (change("function", "g"), "the witness has f(x) ="),
    "no function": (change("function", "h"), "the witness has f(x) ="),
    "another truth": (change("truth", "30/32"), "the witness has f(x) ="),
    "no truth": (change("truth", None), "the witness has f(x) ="),
    "another error": (change("error", "1/2"), "it is 15/32"),
    "no error": (change("error", "1e9"), "it is 15/32"),
    "another status": (change("status", "mistaken"), "only what is refuted (0) can be checked"),
    "another exit status": (change("exit_status", 3), "only what is refuted (0) can be checked"),
    "a witness whose value is wrong": (change("witness.values.f", "1/2"), "f(x) = 1/2"),
    "a witness of another task": (change("witness", lambda: made(task="exact")["witness"]), "key: 'convex/side'"),
    "a witness of another query": (change("witness", lambda: made(query=("1/8", "0"))["witness"]), "query: list of 2"),
    "a witness of another class": (change("witness", lambda: made("monotone")["witness"]), "key: 'convex/side'"),
    "a witness of more": (change("witness.steps", 3), "unknown field 'steps'"),
    "no witness": (change("witness", None), "nothing can be checked"),
    "a list as witness": (change("witness", []), "witness: list of 0; expected dict"),
    "a number as truth value": (change("answers_differ", 0), "answers_differ"),
    "a truth value as number": (change("exit_status", False), "exit_status"),
    "another version": (change("version", 2), "this trompe reads version 1"),
    "one field more": (change("more", 1), "unknown field 'more'"),
    "a deep field": (change("visualization", {"argmin": [[[]]]}), "visualization"),
}  # fmt: skip


@pytest.mark.parametrize("name", TAMPERED)
def test_what_is_changed_is_noticed(name):
    damage, words = TAMPERED[name]
    data = made()
    damage(data)
    report = check(data)
    assert not report.ok and words in flat(report), report.text()
    assert (
        max(map(len, report.text().splitlines())) <= 100
        or len(max(flat(report).split(), key=len)) > 90
    )


def test_a_number_that_is_right_is_noticed():
    data = made(task="exact")
    assert check(data).ok
    for answer in (data["truth"], data["witness"]["values"]["f"], "02/4", "2/04", "2/4"):
        report = check(data | {"prediction": answer})
        assert report.ok is (answer == "2/4"), report.text()
    approx = made(task="approx", eps="2/5")
    assert check(approx).ok
    assert not check(approx | {"eps": "1/5"}).ok
    assert not check(approx | {"prediction": approx["truth"]}).ok


def test_a_field_that_is_gone_is_noticed():
    whole = made()
    for name in whole:
        data = {key: value for key, value in whole.items() if key != name}
        assert not check(data).ok, name


RATES = {
    "fewer errors": (change("randomised.coin.errors", 0), "the interval is"),
    "another interval": (change("randomised.on_f.interval_95", [0.0, 1.0]), "the interval is"),
    "no interval": (change("randomised.on_f.interval_95", ["0", None]), "expected two numbers"),
    "no numbers": (change("randomised.on_g.errors", "3"), "'3' errors"),
    "more errors than answers": (change("randomised.on_g.errors", 60), "60 errors of 50"),
    "many": (change("randomised.on_g.trials", 10**17), "at most 1000000"),
    "no rate": (change("randomised.on_g", None), "randomised.on_g"),
    "nothing": (change("randomised", {}), "the field coin is missing"),
    "seed": (change("randomised.coin_seed", 0.5), "coin_seed"),
    "answers that agree": (change("answers_differ", False), "do not fit the recorded answer"),
}


@pytest.mark.parametrize("name", RATES)
def test_error_rates_are_computed_again(name):
    data = made(decoder=coin(), repeats=50, seed=3)
    report = check(data)
    assert report.ok and "of the counts: that they are possible, and their intervals" in flat(
        report
    )
    damage, words = RATES[name]
    damage(data)
    report = check(data)
    assert not report.ok and words in flat(report), report.text()


def test_counts_with_right_intervals_that_cannot_be_are_noticed():
    data = made(decoder=coin(), repeats=50, seed=3)
    none = made(decoder=lambda v, x: "max", repeats=50, seed=3)["randomised"]["on_f"]
    assert none["errors"] == 0
    for name in ("on_f", "on_g"):
        changed = copy.deepcopy(data)
        changed["randomised"][name] = none
        assert "every answer is wrong about f or about g" in flat(check(changed))
    always = made(decoder=lambda v, x: "min", repeats=50, seed=3)["randomised"]["on_f"]
    name = {"f": "on_f", "g": "on_g"}[data["function"]]
    other = {"on_f": "on_g", "on_g": "on_f"}[name]
    changed = copy.deepcopy(data)
    changed["randomised"] |= {name: always, other: none, "coin": none}
    assert "errors do not fit the recorded answer" in flat(check(changed))
    sure = made(decoder=lambda v, x: "min", repeats=50, seed=3)
    assert check(sure).ok and sure["randomised"]["on_f"]["errors"] == 50


def test_what_claims_nothing_or_has_no_witness_is_not_accepted():
    assert "only what is refuted" in flat(check(made(decoder=lambda v, x: None)))
    assert "only what is refuted" in flat(check(made("affine-1d", "exact")))
    curved = json.loads(as_json(refute(ANSWERS["exact"], Lipschitz(1, "l2"), "exact", dim=2)))
    assert "use the metric linf" not in flat(check(curved))
    assert not check(curved).ok and "witness: none" in flat(check(curved))


def test_limits_and_what_is_no_refutation():
    whole = json.dumps(made())
    assert "larger than 8 MiB" in check_bytes((whole + " " * 2**23).encode()).text()
    twice = whole.replace('"dim": 2', '"dim": 2, "dim": 2', 1)
    for content in (b"", b"[]", b"{}", b"[" * 10**5, twice.encode(), whole.encode("utf-16")):
        assert not check_bytes(content).ok
    assert made()["format"] == checking.FORMAT and set(checking._FIELDS) == set(made())
