"""The search for a picture that drives a unit: each way alone, and all together."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

import zoo

from trompe.empirical.maximization.search import TRIES, Try, drive

CENTRE = 21
CONV = zoo.planted_conv()


def maps(x):
    return CONV(x).flatten(2)


@pytest.mark.parametrize("way", TRIES, ids=lambda way: way.name)
def test_each_way_climbs_repeats_and_stays_in_the_box(way):
    """0.15 is the most that unit 1 can give, 2.5 that of unit 2, and unit 3 cannot be driven."""
    runs = [
        drive(maps, [1, 2, 3], zoo.pictures(3), tries=[way], centre=CENTRE, seed=5)
        for _ in range(2)
    ]
    found = runs[0]
    assert torch.equal(found.pictures, runs[1].pictures) and torch.equal(
        found.values, runs[1].values
    )
    assert float(found.pictures.min()) >= 0 and float(found.pictures.max()) <= 1
    with torch.no_grad():
        again = maps(found.pictures).amax(2)[torch.arange(3), [1, 2, 3]]
    assert torch.allclose(again, found.values, atol=1e-5)
    assert 0.14 < float(found.values[0]) <= 0.15 + 1e-6
    assert float(found.values[1]) <= 2.5 + 1e-5
    assert (float(found.values[1]) > 2.3) == (
        way.target != "mean"
    )  # one white dot is no large mean
    assert -0.51 < float(found.values[2]) < -0.49
    assert found.tries == (1, 1, 1) and found.broken == 0


def test_a_driven_unit_has_no_more_tries():
    mean, centre = Try("grey", "pixel", "mean"), Try("grey", "pixel", "centre")
    found = drive(maps, [1, 2, 3], zoo.pictures(3), tries=[mean, centre], centre=CENTRE)
    assert found.tries == (1, 2, 2)
    assert [value > 0 for value in found.values.tolist()] == [True, True, False]


def test_the_best_step_is_kept_not_the_last():
    """A unit that is above 0 for pictures of a certain grey only, and too steep for the steps to settle there."""

    def ridge(x):
        return (0.01 - 40 * (x.mean((1, 2, 3)) - 0.62).abs())[:, None, None]

    values = []

    def watched(x):
        out = ridge(x)
        values.append(float(out.detach().max()))
        return out

    way = Try("grey", "pixel", "maximum")
    found = drive(watched, [0], zoo.pictures(1), tries=[way], steps=5)
    assert float(found.values[0]) == max(values) > values[-1]


def test_a_row_that_meets_nan_ends_alone():
    def broken(x):
        out = maps(x)
        return torch.where(x.flatten(1).amax(1)[:, None, None] > 0.8, out / 0 * 0, out)

    found = drive(
        broken,
        [1, 3],
        torch.stack([zoo.pictures(1)[0], zoo.pictures(1)[0] * 0.1]),
        tries=TRIES[:1],
        steps=20,
    )
    assert found.broken == 2 and bool(torch.isfinite(found.values).all())
    assert bool(torch.isfinite(found.pictures).all())
