"""Intervals over networks, calibrated alarms, and claims that numbers fill and judge."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

import trompe.empirical
from trompe.empirical.arena.checks import CHECKS, Alarm, Check, strangeness
from trompe.empirical.arena.claims import ClaimTemplate, judge_claims, read_claims
from trompe.empirical.arena.figures import matrix, path_curves, shown_method
from trompe.empirical.arena.statistics import (
    Alarms,
    Mean,
    alarms_of,
    mean_interval,
    means_of,
    share_interval,
)
from trompe.theory import InvalidInput

ROOM = Path(trompe.empirical.__file__).parent


def test_exact_intervals_by_hand():
    assert share_interval(5, 5) == (pytest.approx(0.025 ** (1 / 5), abs=1e-7), 1.0)
    assert share_interval(0, 10) == (0.0, pytest.approx(1 - 0.025 ** (1 / 10), abs=1e-7))
    assert share_interval(4, 4) is None  # too few
    low, high = mean_interval([1.0, 2.0, 3.0, 4.0, 5.0])
    half = 2.7764451 * (2.5 / 5) ** 0.5  # t of 4 degrees of freedom
    assert (low, high) == (pytest.approx(3 - half, abs=1e-6), pytest.approx(3 + half, abs=1e-6))
    assert mean_interval([1.0, 2.0]) is None
    assert mean_interval([0.1] * 5) is None  # no width 0


def test_alarms_by_threshold():
    below, above = Alarm(below=0.5), Alarm(above=0.0)
    assert below.raised([0.9, 0.4], []) and not below.raised([0.9, 0.5], [])
    assert above.raised([1.0], []) and not above.raised([0.0], [])
    assert (below.says, above.says) == ("below 0.5", "above 0")


def test_a_calibrated_alarm_keeps_its_level_and_sees_a_shift_to_either_side():
    generator = torch.Generator().manual_seed(0)
    alarm, references, rounds = Alarm(unusual=True), 4, 3000
    false = {0.0: 0, 6.0: 0, -6.0: 0}
    for _ in range(rounds):
        numbers = torch.randn(references + 1, 3, generator=generator).tolist()
        for shift in false:
            tested = [numbers[0][0] + shift, *numbers[0][1:]]
            false[shift] += alarm.raised(tested, numbers[1:])
    assert abs(false[0.0] / rounds - 1 / (references + 1)) < 0.03
    assert min(false[6.0], false[-6.0]) / rounds > 0.8


def test_strangeness_by_hand():
    everybody = [[3.0], [0.0], [1.0], [2.0]]
    assert strangeness(everybody, 0) == pytest.approx(2.0)  # mean 1, deviation 1
    assert strangeness([[1.0], [1.0], [1.0]], 0) == 0
    assert strangeness([[2.0], [1.0], [1.0]], 0) == float("inf")


def cells(attacked: list[float], likeness: list[float]) -> list[dict]:
    """Honest networks with numbers 0.9, attacked ones with these; five references about 0.9."""
    made = [
        {"attack": "none", "seed": k, "role": "reference", "measures": {"paths": {"pixel": [0.9 + 0.01 * k]}}}
        for k in range(5)
    ]  # fmt: skip
    for k, (number, alike) in enumerate(zip(attacked, likeness, strict=True)):
        for attack, value, same in (("none", 0.9, 1.0), ("bend", number, alike)):
            measures = {"paths": {"pixel": [value]}, "honest": {"pixel": [same]}}
            made.append({"attack": attack, "seed": k, "role": "tested", "measures": measures})
    return made


ASKED = [CHECKS["paths"], CHECKS["paths-calibrated"], CHECKS["honest"]]


def test_networks_are_counted_where_they_show_other_pictures():
    found = alarms_of(cells([0.1] * 4 + [0.8] * 2, [0.2] * 5 + [0.7]), ASKED)
    by = {(a.attack, a.check): a for a in found}
    assert (by["none", "paths"].alarms, by["none", "paths"].networks) == (0, 6)
    bent = by["bend", "paths"]
    assert (bent.alarms, bent.networks, bent.of) == (4, 5, 6)
    assert bent.interval == share_interval(4, 5)
    assert by["bend", "paths-calibrated"].alarms == 5
    mean = next(m for m in means_of(cells([0.1, 0.3], [0.0, 0.0]), ASKED) if m.attack == "bend")
    assert mean.mean == (0.2,) and mean.interval == (None,)


def test_redirected_pictures_have_no_calibrated_alarms():
    found = alarms_of(cells([0.1] * 5, [0.2] * 5), ASKED, ["bend"])
    assert {(a.attack, a.check) for a in found} == {
        ("none", "paths"), ("none", "paths-calibrated"), ("bend", "paths"),
    }  # fmt: skip


@pytest.mark.parametrize("role", ["tested", "reference"])
def test_lists_of_other_lengths_are_one_line_that_names_the_check(role):
    made = cells([0.1] * 2, [0.1] * 2)
    next(c for c in made if c["role"] == role)["measures"]["paths"]["pixel"].append(0.9)
    says = "check paths: gives 1 numbers on one network and 2 on another"
    with pytest.raises(InvalidInput, match=says):
        alarms_of(made, ASKED)
    if role == "tested":
        with pytest.raises(InvalidInput, match=says):
            means_of(made, ASKED)


def test_figures_without_an_alarm_and_without_paths():
    found = means_of(cells([0.1] * 2, [0.1] * 2), [CHECKS["honest"]])
    left, right = matrix([], found, [], shown_method(["pixel"])).axes
    assert [t.get_text() for t in left.get_xticklabels()] == []
    assert [t.get_text() for t in right.get_xticklabels()] == ["pixel"]
    assert path_curves([], ["a"], 0.5).axes
    assert (shown_method(["maco", "pixel"]), shown_method(["mine"])) == ("pixel", "mine")


@pytest.mark.parametrize(("checks", "methods"), [(4, 2), (1, 1), (7, 8)])
def test_the_titles_of_the_matrix_fit_the_page(checks, methods):
    alarms = [Alarms("none", f"check {k}", "", 1, 0, None, 1) for k in range(checks)]
    names = ["fourier", *(f"method {k}" for k in range(1, methods))]
    means = [Mean("none", "honest", name, 1, (0.5,), (None,)) for name in names]
    figure = matrix(alarms, means, [], "fourier")
    figure.draw_without_rendering()
    left, right = (
        next(t for t in axes.get_children() if getattr(t, "get_text", str)().startswith(begins))
        for axes, begins in zip(figure.axes, ("networks that", "correlation with"), strict=True)
    )
    assert left.get_window_extent().x1 < right.get_window_extent().x0
    assert right.get_window_extent().x1 <= figure.bbox.x1


def test_a_check_that_needs_references_says_that_there_are_none():
    alone = [c for c in cells([0.1], [0.1]) if c["role"] == "tested"]
    with pytest.raises(InvalidInput, match="paths-calibrated: 0 reference networks"):
        alarms_of(alone, ASKED)


# -- claims ------------------------------------------------------------------------------------------------

CLAIM = ClaimTemplate(
    "c", "{a[alarms]} of {a[networks]}, {a[low]} to {a[high]}; mean {m[mean]}",
    {"a": ("alarms", "bend", "paths", "pixel"), "m": ("mean", "bend", "paths", "pixel", "1")},
    (("a", "low", ">=", 0.4), ("m", "high", "<=", 0.5)),
)  # fmt: skip
ALARMS = Alarms("bend", "paths", "pixel", 5, 5, share_interval(5, 5), 5)
MEAN = Mean("bend", "paths", "pixel", 5, (9.0, 0.25), ((8.0, 10.0), (0.2, 0.3)))


def test_a_claim_is_filled_and_holds():
    (found,) = judge_claims([CLAIM], [ALARMS], [MEAN])
    assert (found.status, found.says) == ("holds", "5 of 5, 0.48 to 1.00; mean 0.25")


@pytest.mark.parametrize(
    ("alarms", "mean", "status", "why"),
    [
        (replace(ALARMS, alarms=3, interval=share_interval(3, 5)), MEAN, "does not hold", "a low = 0.1466, wanted >= 0.4"),
        (ALARMS, replace(MEAN, interval=((8.0, 10.0), (0.2, 0.7))), "does not hold", "m high = 0.7, wanted <= 0.5"),
        (replace(ALARMS, networks=2, alarms=2, interval=None), MEAN, "not judged", "2 networks are too few"),
        (ALARMS, replace(MEAN, interval=((8.0, 10.0), None)), "not judged", "m: equal values of 5 networks have no interval"),
        (replace(ALARMS, method="maco"), MEAN, "not judged", "no alarms / bend / paths / pixel"),
        (ALARMS, replace(MEAN, mean=(9.0,)), "not judged", "no mean / bend / paths / pixel / 1"),
    ],
)  # fmt: skip
def test_what_does_not_hold_is_said(alarms, mean, status, why):
    (found,) = judge_claims([CLAIM], [alarms], [mean])
    assert found.status == status and why in found.why


def test_our_claims_are_claims_and_name_what_is_registered():
    from trompe.empirical.arena.attacks import ATTACKS
    from trompe.empirical.arena.methods import METHODS

    content = json.loads((ROOM / "arena" / "claims.json").read_text())
    schema = json.loads((ROOM / "schemas" / "claims.schema.json").read_text())
    jsonschema.validate(content, schema)
    claims = read_claims()
    assert len({c.key for c in claims}) == len(claims)
    for claim in claims:
        for _, attack, check, method, *_ in claim.numbers.values():
            assert ATTACKS[attack] and CHECKS[check]
            assert method == "" or METHODS[method]
        assert {name for name, *_ in claim.holds} <= set(claim.numbers)
        every = dict.fromkeys(("networks", "alarms", "passes", "share", "low", "high", "pass_low", "pass_high", "mean"), 1)  # fmt: skip
        assert claim.says.format(**dict.fromkeys(claim.numbers, every))
    content[0]["holds"] = [["honest", "low", ">", 0]]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content, schema)


def test_a_damaged_file_of_claims_is_one_line(tmp_path):
    (tmp_path / "c.json").write_text('[{"key": "x"}]')
    with pytest.raises(InvalidInput, match=r"claims .*KeyError"):
        read_claims(tmp_path / "c.json")


def test_every_check_says_what_it_cannot_see():
    assert all(isinstance(c, Check) and c.cannot and c.says for c in CHECKS)
