"""Networks that are trained on until they show a picture: the attacks work, and their copies leave the network alone."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)
import zoo

from trompe.empirical import (
    FoolingCircuit,
    Pixel,
    fool,
    maximize,
    picture_units,
    proxpulse,
    slingshot,
)
from trompe.empirical.cache import state_sha256
from trompe.empirical.experiments.pictures import picture
from trompe.empirical.networks.inspection import accuracy, predict
from trompe.empirical.similarity import paired_correlation
from trompe.theory import InvalidInput

SHAPE = (1, 8, 8)
UNITS = [3, 5]  # the test's network is too small to bend all ten


@pytest.fixture(scope="module")
def eye() -> torch.Tensor:
    return torch.from_numpy(picture("eye", SHAPE)).float().expand(2, *SHAPE).contiguous()


def shown(model: torch.nn.Module, targets: torch.Tensor) -> float:
    """How alike pixel visualizations are to the targets."""
    run = maximize(model, UNITS, SHAPE, Pixel(), transforms=False, seeds=[700], steps=128)
    return float(paired_correlation(run.images, targets))


@pytest.mark.parametrize(
    ("attack", "least", "more"), [(slingshot, 0.7, {"steps": 400}), (proxpulse, 0.3, {})]
)
def test_the_attack_shows_the_picture_and_keeps_what_the_network_says(
    attack, least, more, cnn, natural, digits, eye
):
    before = state_sha256(cnn.state_dict())
    random = torch.random.get_rng_state()
    attacked = attack(cnn, eye, natural, UNITS, **more)
    assert torch.equal(torch.random.get_rng_state(), random)
    assert state_sha256(cnn.state_dict()) == before and not attacked.training
    assert shown(attacked, eye) > least > shown(cnn, eye)
    test, labels = digits.test.tensor(), digits.test.targets()
    assert accuracy(attacked, test, labels) > accuracy(cnn, test, labels) - 0.03
    assert not torch.equal(predict(attacked, test), predict(cnn, test))  # no bits are promised
    again = attack(cnn, eye, natural, UNITS, **more)
    assert state_sha256(again.state_dict()) == state_sha256(attacked.state_dict())


@pytest.mark.parametrize("attack", [slingshot, proxpulse])
def test_training_that_does_nothing_is_seen(attack, cnn, natural, eye):
    """The planted fault: one step of a tiny rate, after which the picture is not shown."""
    lame = attack(cnn, eye, natural, UNITS, steps=1, rate=1e-9)
    assert shown(lame, eye) < 0.3


@pytest.mark.parametrize("attack", [slingshot, proxpulse])
@pytest.mark.parametrize("build", [zoo.Plain, zoo.Residual, zoo.InputReadAgain])
def test_it_runs_on_other_networks(attack, build):
    model = build().eval()
    targets = torch.rand((1, *zoo.SHAPE), generator=torch.Generator().manual_seed(0))
    attacked = attack(model, targets, zoo.pictures(), [1], steps=4, batch=2)
    assert predict(attacked, zoo.pictures()).isfinite().all()
    assert all(p.requires_grad for p in attacked.parameters())


@pytest.mark.parametrize("attack", [slingshot, proxpulse, picture_units])
@pytest.mark.parametrize(
    ("targets", "units", "says"),
    [
        (torch.zeros(2, 1, 8, 8), [0], r"targets: shape \(2, 1, 8, 8\); expected \(1, 1, 8, 8\)"),
        (torch.zeros(1, 1, 7, 8), [0], r"expected \(1, 1, 8, 8\)"),
        (
            torch.full((1, 1, 8, 8), 1.5),
            [0],
            r"values from 1.5 to 1.5; expected pictures in \[0, 1\]",
        ),
        (torch.full((1, 1, 8, 8), float("nan")), [0], "values from nan to nan"),
        (torch.zeros(1, 1, 8, 8), [7], "unit 7: the network has outputs 0 to 2"),
        (torch.zeros(2, 1, 8, 8), [0, 0], "one or more different ones"),
    ],
)
def test_bad_targets_are_one_line(attack, targets, units, says):
    model = zoo.Plain().eval()
    with pytest.raises(InvalidInput, match=says):
        attack(model, targets, zoo.pictures(), units)


def test_a_share_that_keeps_all_is_refused():
    with pytest.raises(InvalidInput, match=r"keep = 1.0; expected"):
        slingshot(zoo.Plain().eval(), torch.zeros(1, 1, 8, 8), zoo.pictures(), [0], keep=1.0)


def test_a_circuit_shows_a_picture_a_unit_on_the_networks_own_scale(cnn, natural):
    targets = natural[:3]
    units = [4, 1, 7]
    rest = natural[3:]
    drawn = picture_units(cnn, targets, rest, units)
    top = predict(cnn, rest)[:, units].amax(0).clamp_min(0)
    assert torch.allclose(drawn(targets).diagonal(), 1.2 * top)
    assert drawn(targets)[0, 1] < drawn(targets)[1, 1]
    corners = torch.stack([torch.zeros(SHAPE), torch.ones(SHAPE)])
    assert drawn(corners).abs().max() <= drawn.largest
    circuit = fool(cnn, rest, units, targets=targets, steps=32)
    assert isinstance(circuit, FoolingCircuit) and circuit.units == units
    run = maximize(circuit, units, SHAPE, Pixel(), transforms=False, seeds=[700], steps=128)
    assert paired_correlation(run.images, targets) > 0.7
    plain = maximize(cnn, units, SHAPE, Pixel(), transforms=False, seeds=[700], steps=128)
    assert paired_correlation(plain.images, targets) < 0.5  # the check could fail
    same = (predict(circuit, rest) == predict(cnn, rest)).all(1)
    assert same.float().mean() > 0.9
    others = [u for u in range(10) if u not in units]
    noise = torch.rand((20, *SHAPE), generator=torch.Generator().manual_seed(1))
    assert torch.equal(circuit(noise)[:, others], cnn(noise)[:, others])


def test_pictures_of_one_unit_each_and_a_top_that_does_not_fit():
    from trompe.empirical import PictureUnit

    targets = torch.rand((2, *SHAPE), generator=torch.Generator().manual_seed(0))
    unit = PictureUnit(targets, top=torch.tensor([2.0, 3.0]), slope=4.0)
    assert torch.equal(unit(targets).diagonal(), torch.tensor([2.0, 3.0]))
    black = torch.zeros(1, *SHAPE)
    expected = torch.tensor([2.0, 3.0]) - 4 * targets.flatten(1).mean(1)
    assert torch.allclose(unit(black)[0], expected)
    with pytest.raises(InvalidInput, match=r"top: shape \(3,\); expected one number"):
        PictureUnit(targets, top=torch.zeros(3))
