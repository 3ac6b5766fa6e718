"""A trained network before anything is done to it, what an attack makes of it, and what is seen of both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from trompe.empirical._torch import torch
from trompe.empirical.attacks.features import FEWEST, leaf_calls, spread_over
from trompe.empirical.cache import TensorCache, state_sha256
from trompe.empirical.inputs.data import ImageData
from trompe.empirical.maximization.parametrizations import mean_spectrum
from trompe.empirical.networks.inspection import predict
from trompe.theory import InvalidInput

nn = torch.nn
REVISION = 1
"""Part of every key: raise it when a change of an attack, a method or a check changes a number."""
LAYERS = 6
"""So many hidden layers are looked at."""
EIGHTH = 7
"""Which of a class's training images, of those that the network takes for it, is an own-class target; counted from 0."""


@dataclass
class Subject:
    """One trained network with its data. Class c is output c."""

    data: ImageData
    seed: int
    network: nn.Module
    cache: TensorCache
    seeds: tuple[int, ...]
    """Of pictures; no attack is trained with them."""
    steps: int
    chosen: tuple[int, ...] = ()
    """The units, where they are not the first ten outputs."""
    held: ExitStack = field(default_factory=ExitStack)
    """What an attack needs as long as its network is looked at; closed behind the last check."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        return self.data.shape

    @cached_property
    def units(self) -> list[int]:
        """The outputs that are attacked and visualized."""
        return list(self.chosen or range(min(10, len(self.data.classes))))

    @cached_property
    def train(self) -> torch.Tensor:
        """Training images."""
        return self.data.train.tensor("cpu")

    @cached_property
    def train_labels(self) -> torch.Tensor:
        """Their classes."""
        return self.data.train.targets("cpu")

    @cached_property
    def test(self) -> torch.Tensor:
        """Test images, of which no attack knows."""
        return self.data.test.tensor("cpu")

    @cached_property
    def test_labels(self) -> torch.Tensor:
        """Their classes."""
        return self.data.test.targets("cpu")

    @cached_property
    def own(self) -> list[int]:
        """For each unit a training image of its own class, one that the network takes for it, and that a figure may show, where there is any."""
        read = predict(self.network, self.train).argmax(1)
        may_be_shown = torch.from_numpy(self.data.train.showable())
        found = []
        for unit in self.units:
            of_class = torch.nonzero(self.train_labels == unit).view(-1)
            right = of_class[read[of_class] == unit]
            some = right if len(right) else of_class
            some = some[may_be_shown[some]] if bool(may_be_shown[some].any()) else some
            if not len(some):
                raise InvalidInput(
                    f"data {self.data.name}: class {unit} has no training image; the arena needs one for each of its units"
                )
            found.append(int(some[min(EIGHTH, len(some) - 1)]))
        return found

    @cached_property
    def is_natural(self) -> torch.Tensor:
        """Which training images attacks and methods may use as natural ones: all but the own-class targets and what comes from the same photograph. Shape (n,)."""
        groups = self.data.train.group_numbers()
        return torch.from_numpy(~np.isin(groups, groups[self.own]))

    @cached_property
    def natural(self) -> torch.Tensor:
        """These training images."""
        return self.train[self.is_natural]

    @cached_property
    def natural_labels(self) -> torch.Tensor:
        """Their classes."""
        return self.train_labels[self.is_natural]

    @cached_property
    def spectrum(self) -> tuple[torch.Tensor, torch.Tensor]:
        """What MACO needs."""
        return mean_spectrum(self.natural)

    @cached_property
    def layers(self) -> tuple[str, ...]:
        """The hidden layers that are looked at, in the order of the network."""
        calls = leaf_calls(self.network, self.shape)
        wide = [name for name, units, spread in calls if spread and units > FEWEST]
        return spread_over(wide or [name for name, _, _ in calls[:-1]], LAYERS)

    def kept(self, name: str, empty: nn.Module, build: Callable[[], nn.Module]) -> nn.Module:
        """A module that is built once for this network and name; `empty` has its shape, and is returned with its weights."""
        key = {
            "arena": REVISION, "name": name, "data": self.data.sha256, "network": state_sha256(self.network.state_dict()),
            "steps": self.steps, "threads": torch.get_num_threads(),
        }  # fmt: skip
        found = self.cache.get("arena", key, lambda: build().state_dict())
        empty.load_state_dict(found)
        return empty.eval()


@dataclass(frozen=True)
class Attacked:
    """What an attack makes of a network."""

    network: nn.Module
    aims: Callable[[torch.Tensor], torch.Tensor] | None = None
    """From the honest network's pictures (seeds, units, channels, height, width) to those that the attack wants, of this
    shape or of one that expands to it; None where it wants none in particular."""
    prefix: str = ""
    """What stands before the names of the original's layers in this network."""
    redirect: bool = False
    """Its pictures are made with redirected ReLU gradients. Set from what the attack was registered with."""


@dataclass(frozen=True)
class Examined:
    """All that a check may look at. Pictures have shape (seeds, units, channels, height, width), by method."""

    subject: Subject
    attacked: Attacked
    shown: Mapping[str, torch.Tensor]
    """Of the attacked network."""
    honest: Mapping[str, torch.Tensor]
    """Of the original, with the same seeds."""

    @property
    def network(self) -> nn.Module:
        """The network that is checked."""
        return self.attacked.network

    @cached_property
    def classes(self) -> torch.Tensor:
        """The unit of each picture, in the order of `shown[...].flatten(0, 1)`."""
        return torch.tensor(self.subject.units * len(self.subject.seeds))
