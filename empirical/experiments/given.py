"""Somebody's network in place of those that the experiments train: what of it is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trompe.empirical._torch import torch
from trompe.empirical.attacks.features import EarlyFeatures, early_layers, leaf_calls, spread_over
from trompe.empirical.cache import state_sha256
from trompe.empirical.networks.calls import numbered
from trompe.empirical.networks.inspection import (
    called,
    capture,
    check_model,
    grey,
    named_layer,
    predict,
    visit,
)
from trompe.ground.errors import spelled
from trompe.theory import InvalidInput

nn = torch.nn

FEATURES_FROM = 64
"""Pictures with a longer side are looked at through the network's early layers, not pixel by pixel."""
MOST_UNITS = 10
"""So many outputs are visualized where none is named."""
MOST_LAYERS = 12
"""So many layers are gone through where none is named."""
FEWEST = 10
"""Images (or groups of them) that a detector is trained on, at least; some of them (each fifth, where the data do not say) put its threshold."""
SEEN = 16
"""Images whose outputs are part of a network's fingerprint."""
MOST_PARTS = 2
"""Silent units are put beside so many layers where none is named."""


@dataclass(frozen=True)
class Given:
    """A network in eval mode with output (n, outputs), and its parts that the experiments look at."""

    network: nn.Module
    outputs: int
    units: tuple[int, ...]
    """Outputs that are visualized, at least two."""
    names: tuple[str, ...]
    """Of all outputs, or none."""
    layers: tuple[str, ...]
    """For path similarity, in the order of the network."""
    parts: tuple[tuple[str, str], ...]
    """For silent units: a convolution or linear layer, and the layer behind it whose output the silent part is added to."""
    features: tuple[str, ...]
    """What the detector looks at; none for pixels."""
    chosen: str
    """How the units were chosen, in words."""
    on_images: torch.Tensor
    """Its outputs on the natural images that it was looked at with."""
    codes: torch.Tensor
    """What the detector gets of them: what `features` say of each, shape (n, numbers), or the images."""
    fingerprint: str
    """Hash of the network's weights, of its modules as they are printed, and of its outputs on some natural images."""

    def identity(self) -> dict[str, object]:
        """All of it as JSON data, the weights by their hash."""
        return {
            "network": self.fingerprint, "units": self.units, "names": self.names,
            "layers": self.layers, "parts": self.parts, "features": self.features,
        }  # fmt: skip

    def name(self, unit: int) -> str:
        """What an output is called."""
        return self.names[unit] if self.names else f"unit {unit}"


def look_at(
    network: nn.Module,
    images: torch.Tensor,
    *,
    units: Sequence[int] = (),
    names: Sequence[str] = (),
    layers: Sequence[str] = (),
    silent: Sequence[str] = (),
    groups: NDArray[np.int64] | None = None,
    most: int = MOST_UNITS,
    confident: float | None = None,
) -> Given:
    """What the experiments look at in a network, where it is not said.

    Parameters
    ----------
    images : natural images (n, channels, height, width) in [0, 1]. units : outputs; by default the `most` that
        images are taken for, one of a group counted once; with `confident`, the `most` of which most groups have an image that is read
        with at least this probability (softmax), ties by the mean over all images. names : of the outputs, in their order. layers : of path similarity;
        by default up to twelve, spread over the network. silent : layers that silent units are put beside; by default those among
        `layers` that fit, or two in the middle.

    Raises
    ------
    InvalidInput : the network cannot be used as it is, a unit is not there or named twice, or there are fewer than two.
    """
    outputs = check_model(network, images[:2])
    distinct = len(images) if groups is None else len(np.unique(groups))
    if distinct < FEWEST:
        raise InvalidInput(
            f"images: {distinct} to train on; expected at least {FEWEST}, since a detector has to learn what is natural"
        )
    if outputs < 2:
        raise InvalidInput(
            f"model: {outputs} output; the experiments make one show another, so expected two or more"
        )
    for unit in units:
        if not 0 <= unit < outputs:
            raise InvalidInput(f"unit {unit}: the network has outputs 0 to {outputs - 1}")
    if len(set(units)) < len(units) or len(units) == 1:
        raise InvalidInput(f"units: {spelled(list(units))}; expected two or more different ones")
    shape = (images.shape[1], images.shape[2], images.shape[3])
    features = early_layers(network, shape) if max(shape[1:]) > FEATURES_FROM else ()
    if features:
        on_images, codes = EarlyFeatures(network, features, shape).beside_outputs(images)
    else:
        on_images, codes = predict(network, images), images
    chosen = "named"
    if not units:
        one = "image" if groups is None else "photograph"
        chosen = f"the {most} that most {one}s are taken for" if confident is None else (
            f"the {most} as which most {one}s for training and calibration have a crop that is read with probability {confident:g} or more"
        )  # fmt: skip
        of = torch.arange(len(images)) if groups is None else torch.from_numpy(groups)
        often = _often(on_images.cpu(), of, confident)
        units = sorted(often.argsort(descending=True, stable=True)[:most].tolist())
    looked_at = tuple(layers) or spread_over(
        [name for name, _, _ in leaf_calls(network, shape)], MOST_LAYERS
    )
    with capture(network, looked_at) as seen, torch.no_grad():
        called(network, grey(network, shape))
        for layer in looked_at:
            seen.take(layer)
    return Given(
        network=network,
        outputs=outputs,
        units=tuple(units),
        names=tuple(names) if len(names) == outputs else (),
        layers=looked_at,
        parts=silent_places(network, shape, silent or layers),
        features=features,
        chosen=chosen,
        on_images=on_images,
        codes=codes,
        fingerprint=_fingerprint(network, images[:SEEN]),
    )


def _often(outputs: torch.Tensor, groups: torch.Tensor, confident: float | None) -> torch.Tensor:
    """How many groups of images are read as each output, shape (outputs,); with `confident`, plus the mean probability."""
    if confident is None:
        read = torch.unique(torch.stack([outputs.argmax(1), groups], 1), dim=0)[:, 0]
        return torch.bincount(read, minlength=outputs.shape[1])
    _, number = groups.unique(return_inverse=True)
    probability = outputs.double().softmax(1)
    largest = torch.zeros(int(number.max()) + 1, outputs.shape[1], dtype=torch.float64)
    largest.scatter_reduce_(0, number[:, None].expand_as(probability), probability, "amax")
    return (largest >= confident).sum(0) + probability.mean(0)


def _fingerprint(network: nn.Module, images: torch.Tensor) -> str:
    """Two networks with equal weights need not compute the same; these outputs tell most of them apart."""
    digest = sha256((state_sha256(network.state_dict()) + repr(network)).encode())
    digest.update(predict(network, images).cpu().numpy().tobytes())
    return digest.hexdigest()


def _units(layer: Any) -> int:
    return len(layer.weight)


LAYER_KINDS = (nn.Conv2d, nn.Linear)
ACTIVATIONS = (nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.GELU, nn.SiLU, nn.Hardswish, nn.ELU)


def silent_places(
    network: nn.Module, shape: tuple[int, int, int], layers: Sequence[str] = ()
) -> tuple[tuple[str, str], ...]:
    """Pairs (layer, activation) between which silent units fit: a convolution with one group and zeros around, or a linear layer, of two or more units and called once, and the
    activation module that comes next with an output of the same shape. Those in `layers`, or two in the middle.
    """
    found: list[tuple[str, torch.Size]] = []
    names = [n for n, m in network.named_modules() if isinstance(m, (*LAYER_KINDS, *ACTIVATIONS))]
    visit(
        network,
        names,
        grey(network, shape),
        lambda n, y: found.append((n, y.shape)),
        every_call=True,
    )
    calls = numbered([name for name, _ in found])
    places = []
    for k in range(len(found) - 1):
        (name, size), (after, size_after) = found[k : k + 2]
        layer = named_layer(network, name)
        fits = isinstance(layer, LAYER_KINDS) and isinstance(
            named_layer(network, after), ACTIVATIONS
        )
        if isinstance(layer, nn.Conv2d) and (layer.groups > 1 or layer.padding_mode != "zeros"):
            fits = False
        if fits and size == size_after and calls[k] == name and _units(layer) > 1:
            places.append((name, calls[k + 1]))
    if layers:
        return tuple(place for place in places if set(place) & set(layers))
    middle = max(0, (len(places) - MOST_PARTS) // 2)
    return tuple(places[middle : middle + MOST_PARTS])
