"""Ascents that start at natural images and pay for what they change; prototypes."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)
import zoo

from trompe.empirical import Fourier, Objective, Pixel, accentuate, maximize, prototypes
from trompe.empirical.maximization.penalties import LatentDistance, Roughness
from trompe.theory import InvalidInput, UnknownKey

SHAPE = (1, 8, 8)
COLOURS = torch.rand((2, 3, 7, 6), generator=torch.Generator().manual_seed(0)) * 0.8 + 0.1


@pytest.mark.parametrize("way", [Pixel(), Fourier()])
def test_parameters_of_images_are_those_images(way):
    assert torch.allclose(way.image(way.of(COLOURS)), COLOURS, atol=1e-5)


def test_no_step_shows_the_images_themselves(cnn, natural):
    start = natural[:2] * 0.9 + 0.05
    run = maximize(cnn, [0, 1], SHAPE, Fourier(), transforms=False, start=start, steps=0)
    assert torch.allclose(run.images, start, atol=1e-5)


def test_the_regulariser_keeps_accentuations_near_their_images(cnn, natural):
    layer = "features.relu2"
    start = natural[:6]
    runs = {
        strength: accentuate(cnn, [0, 1, 2], start, layer=layer, strength=strength, seeds=[0, 1], steps=40)
        for strength in (0.0, 1.0)
    }  # fmt: skip
    away = {k: float((run.images - start).square().mean()) for k, run in runs.items()}
    assert away[1.0] < 0.5 * away[0.0]
    assert (runs[0.0].activations > runs[1.0].activations).float().mean() > 0.8
    with torch.no_grad():
        before = cnn(start)[torch.arange(6), torch.tensor([0, 1, 2] * 2)]
    assert (runs[1.0].activations > before).all()


def test_the_penalty_has_the_objectives_size(cnn, natural):
    """At the second step its gradient has the L1 norm of the objective's, image by image; at the first none."""
    penalty = LatentDistance(cnn, "features.relu1", natural[:2], 3.0)
    objective, pull = torch.tensor([[1.0, -3.0], [2.0, 2.0]]), torch.tensor([[0.5, 0.5], [-4.0, 0]])
    assert not penalty.weighted(objective, pull, range(2), 0).any()
    expected = torch.tensor([[6.0, 6.0], [-12.0, 0.0]])
    assert torch.allclose(penalty.weighted(objective, pull, range(2), 1), expected)
    assert torch.allclose(penalty.weighted(0 * objective, pull, range(2), 2), expected)


def test_the_distance_is_that_of_the_layer_by_hand(cnn, natural):
    penalty = LatentDistance(cnn, "features.relu1", natural[:2], 1.0)
    x = natural[2:4]
    by_hand = [
        torch.dist(*(torch.relu(cnn.features.conv1(cnn.normalise(z[k : k + 1]))) for z in (x, natural)))
        for k in range(2)
    ]  # fmt: skip
    assert torch.allclose(penalty.cost(x, x, None, range(2)), torch.stack(by_hand), atol=1e-3)


def test_roughness_by_hand():
    x = torch.tensor([[[[0.0, 1.0], [0.0, 0.5]]]])
    expected = (0**2 + 0.5**2) / 2 + (1 + 0.5**2) / 2
    assert torch.allclose(Roughness(7.0).cost(x, x, None, range(1)), torch.tensor([expected]))


def test_prototypes_are_smoother_than_plain_ascents_and_excite_their_units(cnn):
    made = prototypes(cnn, [2, 5], SHAPE, steps=32)
    plain = maximize(cnn, [2, 5], SHAPE, Pixel(), steps=32, rate=0.1)
    rough = Roughness(1.0)
    smooth, wild = (rough.cost(r.images, r.images, None, range(2)).mean() for r in (made, plain))
    assert smooth < wild
    assert (cnn(made.images).argmax(1) == torch.tensor([2, 5])).all()


def test_the_first_part_ends_at_an_even_image(cnn):
    from trompe.empirical.maximization.prototype import _evenness

    run = maximize(cnn, [0], SHAPE, Pixel(), objective=Objective(kind=_evenness), steps=64)
    start = maximize(cnn, [0], SHAPE, Pixel(), steps=0)
    spread = [cnn(r.images).softmax(1).var() for r in (run, start)]
    assert spread[0] < spread[1]


@pytest.mark.parametrize("build", [zoo.Plain, zoo.Residual, zoo.InputReadAgain])
def test_it_runs_on_other_networks(build):
    model = build().eval()
    layer = next(n for n, m in model.named_modules() if isinstance(m, torch.nn.Conv2d))
    run = accentuate(model, [0, 1], zoo.pictures(2), layer=layer, steps=3)
    assert run.images.shape == (2, *zoo.SHAPE)
    assert prototypes(model, [1], zoo.SHAPE, steps=2).images.isfinite().all()


def test_bad_input_is_one_line(cnn, natural):
    with pytest.raises(InvalidInput, match="layer: none is named"):
        accentuate(cnn, [0], natural[:1])
    with pytest.raises(InvalidInput, match=r"strength = -1.0; expected 0 or more"):
        accentuate(cnn, [0], natural[:1], strength=-1.0)
    with pytest.raises(InvalidInput, match="start: 3 images; expected 1"):
        accentuate(cnn, [0], natural[:3], strength=0.0)
    with pytest.raises(UnknownKey, match="no_such"):
        accentuate(cnn, [0], natural[:1], layer="no_such")
