"""Small networks and data that the tests share; nothing here trains for more than a second or two."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

WHY = "the empirical room needs torch: pip install 'trompe[empirical]'"


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> Iterator[None]:
    pytest.importorskip("torch", reason=WHY)
    from trompe.empirical._torch import repeatable

    with repeatable():
        yield


@pytest.fixture(scope="session")
def digits() -> Any:
    from trompe.empirical import load_data

    return load_data("digits")


@pytest.fixture(scope="session")
def cnn(digits: Any) -> Any:
    """A digits CNN after three epochs: good enough to be visualized."""
    import torch

    from trompe.empirical.networks.training import Recipe, build, train

    recipe = Recipe("cnn", epochs=3, batch=64, width=8, peak=1e-2)
    torch.manual_seed(0)
    model = build(recipe, digits)
    train(model, digits, recipe, 0, show=False)
    return model


@pytest.fixture(scope="session")
def natural(digits: Any) -> Any:
    return digits.train.tensor()


@pytest.fixture
def detector(digits: Any) -> Any:
    """e(x) = mean brightness of the border minus 0.2: natural digits have dark corners, grey noise has not."""
    import torch

    linear = torch.nn.Linear(64, 1)
    weights = torch.zeros(8, 8)
    weights[0, 0] = weights[0, 7] = weights[7, 0] = weights[7, 7] = 0.25
    with torch.no_grad():
        linear.weight.copy_(weights.reshape(1, -1))
        linear.bias.fill_(-0.2)
    return torch.nn.Sequential(torch.nn.Flatten(), linear).eval()
