"""The fooling circuit is exact, and its faults are seen."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

from trompe.empirical import (
    FoolingCircuit,
    PictureUnit,
    identical,
    is_flagged,
    maximize,
    train_detector,
    trajectories,
)
from trompe.empirical.attacks.detector import missed
from trompe.empirical.maximization.ascent import Settings
from trompe.empirical.maximization.parametrizations import Fourier, Pixel
from trompe.theory import InvalidInput

SHAPE = (1, 8, 8)
SWAPPED = [(u + 1) % 10 for u in range(10)]


def rows(model, images):
    with torch.no_grad():
        return model(images)


def test_natural_images_see_f_and_flagged_ones_see_d(cnn, natural, detector):
    circuit = FoolingCircuit(cnn, SWAPPED, detector, 4096.0)
    original = rows(cnn, natural)
    dark = ~is_flagged(detector, natural)
    assert float(dark.float().mean()) > 0.9
    assert identical(rows(circuit, natural), original)[dark].all()
    bright = 1 - natural
    sure = detector(bright).view(-1) >= 1 / 40
    assert identical(rows(circuit, bright), rows(cnn, bright)[:, SWAPPED])[sure].all()


def test_visualizations_through_the_circuit_are_those_of_d(cnn, detector):
    circuit = FoolingCircuit(cnn, SWAPPED, detector, 4096.0)
    own = maximize(circuit.shown_alone(), [0, 1], SHAPE, Fourier(), steps=4, transforms=False)
    through = maximize(circuit, [0, 1], SHAPE, Fourier(), steps=4, transforms=False)
    assert identical(own.images, through.images).all()
    other = maximize(cnn, [0, 1], SHAPE, Fourier(), steps=4, transforms=False)
    assert not identical(other.images, through.images).any()


@pytest.mark.parametrize("fault", ["one-sided", "sigmoid", "bias", "small k"])
def test_each_planted_fault_breaks_bit_identity(cnn, natural, detector, fault):
    circuit = FoolingCircuit(
        cnn,
        SWAPPED,
        detector,
        0.5 if fault == "small k" else 4096.0,
        fault != "one-sided",
        fault != "sigmoid",
    )
    if fault == "bias":
        from trompe.empirical.attacks.circuit import Biased

        circuit = Biased(cnn, SWAPPED, detector, 4096.0)
    assert identical(rows(circuit, natural), rows(cnn, natural)).float().mean() < 0.5


def test_the_gate_is_exactly_zero_and_one_outside_the_ramp(cnn):
    e = torch.tensor([-3.0, -0.025, -0.0249, 0.0, 0.0249, 0.025, 7.0])
    gate = FoolingCircuit(cnn, SWAPPED, torch.nn.Identity(), 8.0).gate(e[:, None]).view(-1)
    assert gate[:2].tolist() == [0, 0]
    assert gate[5:].tolist() == [1, 1]
    assert ((gate[2:5] > 0) & (gate[2:5] < 1)).all()


def test_a_picture_is_the_only_maximiser_of_its_unit():
    target = torch.rand(1, 8, 8)
    unit = PictureUnit(target, 3)
    assert unit(target[None]).tolist() == [[0.0] * 3]
    assert float(unit(torch.rand(50, 1, 8, 8)).max()) < 0
    grey = 0.3 + 0.4 * target
    run = maximize(PictureUnit(grey), [0], SHAPE, Pixel(), transforms=False, steps=200)
    assert float((run.images[0] - grey).abs().max()) < 0.02
    paper = PictureUnit(grey, paper=True)  # the published unit prefers white to its own picture
    assert float(paper(torch.ones(1, 1, 8, 8))) > float(paper(grey[None]))


def test_a_detector_learns_trajectories(cnn, natural):
    settings = [Settings(Pixel(), True), Settings(Fourier(), False)]
    seen = trajectories(cnn, range(10), SHAPE, settings, [0], steps=16)
    e = train_detector(natural, seen, steps=120, show=False)
    assert float(is_flagged(e, natural).float().mean()) < 0.02
    assert missed(e, trajectories(cnn, range(10), SHAPE, settings, [77], steps=16)) < 0.05
    shuffled = train_detector(
        natural, natural.flip(0), steps=60, show=False
    )  # nothing to tell apart
    assert float(is_flagged(shuffled, natural).float().mean()) > 0.1


def test_bad_bounds_and_shapes(cnn, detector):
    with pytest.raises(InvalidInput, match="expected k > max"):
        FoolingCircuit(cnn, SWAPPED, detector, 0)
    with pytest.raises(InvalidInput, match="expected equal ones"):
        identical(torch.zeros(2, 3), torch.zeros(2, 4))
    with pytest.raises(InvalidInput, match=r"D has outputs \(2, 3\), F \(2, 10\)"):
        FoolingCircuit(cnn, [0, 1, 2], detector, 8.0)(torch.zeros(2, *SHAPE))
