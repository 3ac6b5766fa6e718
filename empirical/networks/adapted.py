"""A network between our pictures and the numbers that we look at: normalised before, one of its outputs after."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from trompe.empirical._torch import torch
from trompe.empirical.networks.architectures import Normalise
from trompe.empirical.networks.loading import load_model
from trompe.ground.errors import spelled
from trompe.theory import InvalidInput

nn = torch.nn


class Adapted(nn.Module):
    """output[key] of network((x - mean) / std), for images x in [0, 1].

    Its layers have the names that they have in the network.

    Parameters
    ----------
    mean, std : one number, or one a channel; none leaves images as they are. key : see `entry`; None is the whole output.
    """

    def __init__(
        self,
        network: nn.Module,
        mean: Iterable[float] = (),
        std: Iterable[float] = (),
        key: str | None = None,
    ) -> None:
        super().__init__()
        mean, std = tuple(mean), tuple(std)
        check_normalisation(mean, std)
        before = Normalise(mean, std) if mean else nn.Identity()
        before.training = self.training = network.training
        self._key = key
        self._network, self._before = _free("network", network), _free("normalise", network)
        self.add_module(self._before, before)
        self.add_module(self._network, network)

    def forward(self, x: torch.Tensor) -> Any:
        """The output for images x."""
        output = getattr(self, self._network)(getattr(self, self._before)(x))
        return output if self._key is None else entry(output, self._key)

    def __getattr__(self, name: str) -> Any:
        """What the network has under this name, so that names of layers can be looked up as they are listed."""
        try:
            return super().__getattr__(name)
        except AttributeError:
            modules = self.__dict__.get("_modules", {})
            network = modules.get(self.__dict__.get("_network"))
            if network is None:
                raise
            return getattr(network, name)

    def named_modules(
        self, memo: set[nn.Module] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, nn.Module]]:
        """The network's own names; beside them `network` and `normalise`, with `_` where the network has these itself."""
        before = prefix + "." if prefix else ""
        yield prefix, self
        yield before + self._before, self.get_submodule(self._before)
        network = self.get_submodule(self._network)
        for name, module in network.named_modules(memo, "", remove_duplicate):
            yield before + (name or self._network), module


def load_adapted(
    spec: str,
    device: torch.device | str,
    weights: Path | None = None,
    mean: Sequence[float] = (),
    std: Sequence[float] = (),
    key: str | None = None,
    say: Callable[[str], object] = lambda _: None,
) -> nn.Module:
    """`load_model`, and normalisation and choice of an output where they are asked for.

    Raises
    ------
    InvalidInput : see `load_model` and `Adapted`.
    """
    network = load_model(spec, device, weights=weights, say=say)
    return Adapted(network, mean, std, key).to(device) if mean or key is not None else network


def _free(name: str, network: nn.Module) -> str:
    while hasattr(network, name):
        name += "_"
    return name


def check_normalisation(
    mean: Sequence[float], std: Sequence[float], channels: int | None = None
) -> None:
    """Do these normalise pictures in [0, 1], of so many channels?

    Raises
    ------
    InvalidInput : they do not, with what to do.
    """
    if bool(mean) != bool(std):
        raise InvalidInput("mean, std: one of them is missing; give both")
    for what, values in (("mean", mean), ("std", std)):
        if channels is not None and len(values) not in (0, 1, channels):
            raise InvalidInput(
                f"{what}: {len(values)} numbers for pictures of {channels} channel{'s' * (channels > 1)}; expected one, "
                "or one a channel"
            )
        for value in values:
            if not 0 <= value <= 1 or (what == "std" and not value):
                raise InvalidInput(
                    f"{what}: {value:g}; expected a number in {'[' if what == 'mean' else '('}0, 1], since pictures are "
                    "read in [0, 1]; divide those for 0 to 255 by 255"
                )


def entry(output: Any, key: str) -> Any:
    """The part of an output that a key names: of a dict its key, of a tuple or list its index (or field).

    Raises
    ------
    InvalidInput : it has no such part, with those that it has.
    """
    keys = entries(output)
    if key not in keys:
        raise InvalidInput(
            f"logits = {key!r}: the network returns {_described(output)}"
            + ("; leave the key out" if isinstance(output, torch.Tensor) else "")
        )
    return keys[key]


def entries(output: Any) -> dict[str, Any]:
    """What `entry` can name in an output."""
    if isinstance(output, Mapping):
        return {str(key): value for key, value in output.items()}
    if not isinstance(output, (tuple, list)):
        return {}
    fields = {name: getattr(output, name) for name in getattr(output, "_fields", ())}
    return {str(i): value for i, value in enumerate(output)} | fields


def check_output(model: nn.Module, images: torch.Tensor) -> tuple[int, ...]:
    """Is the output a tensor, and not a dict or tuple of which one part is wanted? Its shape, (0, 0) where there is none.

    Raises
    ------
    InvalidInput : it is one of those, with the keys to choose from.
    """
    with torch.no_grad():
        try:
            output = model(images)
        except InvalidInput:
            raise
        except Exception:
            return 0, 0  # check_model says why
    if not isinstance(output, torch.Tensor) and entries(output):
        raise InvalidInput(f"model: returns {_described(output)}; choose one with --logits KEY")
    return tuple(output.shape) if isinstance(output, torch.Tensor) else (0, 0)


def _described(output: Any) -> str:
    kind = type(output).__name__
    shapes = {
        key: tuple(value.shape) if isinstance(value, torch.Tensor) else spelled(value)
        for key, value in [*entries(output).items()][:8]
    }
    listed = ", ".join(f"{key}: {shape}" for key, shape in shapes.items())
    return f"{kind} with {listed}" if shapes else kind
