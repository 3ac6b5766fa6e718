"""The attacks of the arena. Each takes a trained network and returns one whose visualizations mislead.

One more: a function from a `Subject` to an `Attacked`, decorated by `@attack(...)`, in a file of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass

from trompe.empirical._torch import torch
from trompe.empirical.arena.registry import Registry
from trompe.empirical.arena.subject import Attacked, Subject
from trompe.empirical.attacks.certified import k_of
from trompe.empirical.attacks.circuit import FoolingCircuit, picture_units
from trompe.empirical.attacks.features import EarlyFeatures, FeatureDetector, early_layers
from trompe.empirical.attacks.proxpulse import proxpulse
from trompe.empirical.attacks.silent import orthogonal_units
from trompe.empirical.attacks.slingshot import slingshot
from trompe.empirical.experiments.circuit import fool
from trompe.empirical.experiments.effort import effort_for
from trompe.empirical.experiments.given import FEATURES_FROM, silent_places
from trompe.empirical.experiments.pictures import picture
from trompe.empirical.networks.architectures import DetectorCNN
from trompe.empirical.networks.inspection import predict
from trompe.theory import InvalidInput

nn = torch.nn
NONE = "none"
"""The key of the attack that does nothing: honest networks."""
Make = Callable[[Subject], Attacked]


@dataclass(frozen=True)
class Attack:
    """An attack on all units of a network.

    reading : why it is only a reading of what was published; empty if it is not. redirect : its pictures, and the honest ones that they
    are held against, are made with redirected ReLU gradients. Those of reference networks are not, so it has no calibrated alarms.
    """

    key: str
    says: str
    make: Make
    reading: str = ""
    redirect: bool = False


ATTACKS: Registry[Attack] = Registry("attack")


def attack(
    key: str, says: str, reading: str = "", *, redirect: bool = False
) -> Callable[[Make], Make]:
    """Registers the function below it, see `Attack`. says : in one sentence, what it does to a network."""

    def enter(make: Make) -> Make:
        ATTACKS.add(Attack(key, says, make, reading, redirect))
        return make

    return enter


@attack(NONE, "Nothing is done: a network as the recipe trains it.")
def _none(subject: Subject) -> Attacked:
    return Attacked(subject.network)


# -- fooling circuits ------------------------------------------------------------------------------------


def circuit_showing(subject: Subject, name: str, targets: torch.Tensor | None) -> Attacked:
    """A fooling circuit whose units show these pictures, or the next unit's; its detector is made once."""
    network, natural = subject.network, subject.natural
    k, _ = k_of([network], subject.shape)
    after = list(range(len(subject.data.classes)))
    for unit, shown in zip(subject.units, subject.units[1:] + subject.units[:1], strict=True):
        after[unit] = shown
    other: nn.Module | list[int] = after
    if targets is not None:
        drawn_units = picture_units(network, targets, natural, subject.units)
        other, k = drawn_units, max(k, drawn_units.largest)

    def build() -> nn.Module:
        return fool(
            network, natural, subject.units, targets=targets, seed=subject.seed, steps=subject.steps
        ).detector

    detector = subject.kept(f"circuit {name}", _empty_detector(subject), build)
    some = (
        subject.units
        if targets is not None and len(subject.data.classes) > len(subject.units)
        else ()
    )
    made = FoolingCircuit(network, other, detector, k, units=some).eval()
    if targets is None:
        return Attacked(made, lambda honest: honest.roll(-1, 1), "network.")
    return Attacked(made, lambda _honest: targets[None], "network.")


def _empty_detector(subject: Subject) -> nn.Module:
    """A detector of the kind that `fool` makes."""
    if max(subject.shape[1:]) <= FEATURES_FROM:
        return DetectorCNN(subject.shape)
    layers = early_layers(subject.network, subject.shape)
    features = EarlyFeatures(subject.network, layers, subject.shape)
    return FeatureDetector(features, predict(features, subject.train[:2]))


@attack("circuit-next", "A fooling circuit: each unit shows the next one.")
def _circuit_next(subject: Subject) -> Attacked:
    return circuit_showing(subject, "next", None)


@attack("circuit-eye", "A fooling circuit: every unit shows a drawn eye.")
def _circuit_eye(subject: Subject) -> Attacked:
    return circuit_showing(subject, "eye", drawn(subject, "eye"))


@attack(
    "circuit-own",
    "A fooling circuit: each unit shows a natural image of its own class, at an activation like its own.",
)
def _circuit_own(subject: Subject) -> Attacked:
    return circuit_showing(subject, "own", subject.train[subject.own])


# -- networks that are trained on --------------------------------------------------------------------------


def slingshot_to(subject: Subject, name: str, targets: torch.Tensor) -> Attacked:
    """Gradient Slingshots towards these pictures, one a unit; made once."""
    made = subject.kept(
        f"slingshot {name}",
        deepcopy(subject.network),
        lambda: slingshot(
            subject.network, targets, subject.natural, subject.units, seed=subject.seed,
            **effort_for(*subject.shape[1:]).trained_on,
        ),
    )  # fmt: skip
    return Attacked(made, lambda _honest: targets[None])


@attack("slingshot-eye", "Gradient Slingshots: every unit shows a drawn eye.")
def _slingshot_eye(subject: Subject) -> Attacked:
    return slingshot_to(subject, "eye", drawn(subject, "eye"))


@attack(
    "slingshot-other", "Gradient Slingshots: each unit shows a natural image of the next class."
)
def _slingshot_other(subject: Subject) -> Attacked:
    return slingshot_to(subject, "other", subject.train[subject.own].roll(-1, 0))


@attack("slingshot-own", "Gradient Slingshots: each unit shows a natural image of its own class.")
def _slingshot_own(subject: Subject) -> Attacked:
    return slingshot_to(subject, "own", subject.train[subject.own])


@attack(
    "proxpulse-eye",
    "A push after ProxPulse: every unit is high around a drawn eye.",
    reading="a hinge loss in place of the published log loss; its second part, CircuitBreaker, is left out",
)
def _proxpulse_eye(subject: Subject) -> Attacked:
    targets = drawn(subject, "eye")
    made = subject.kept(
        "proxpulse eye",
        deepcopy(subject.network),
        lambda: proxpulse(
            subject.network, targets, subject.natural, subject.units, seed=subject.seed,
            **effort_for(*subject.shape[1:]).trained_on,
        ),
    )  # fmt: skip
    return Attacked(made, lambda _honest: targets[None])


# -- silent units ------------------------------------------------------------------------------------------


@attack(
    "silent",
    "Silent units beside a hidden layer: a part that no natural image excites leads its visualizations, and those of all that follows.",
    redirect=True,
)
def _silent(subject: Subject) -> Attacked:
    places = silent_places(subject.network, subject.shape)
    if not places:
        raise InvalidInput(
            "attack silent: the network has no convolution (one group, zeros around) or linear layer that an activation "
            "module of the same shape follows; leave this attack out"
        )
    conv, relu = places[-1]
    made = deepcopy(subject.network)
    units = orthogonal_units(made, conv, relu, subject.natural)
    subject.held.enter_context(units.installed(made))
    return Attacked(made)


def drawn(subject: Subject, name: str) -> torch.Tensor:
    """A drawn picture for every unit."""
    one = torch.from_numpy(picture(name, subject.shape)).float()
    return one.expand(len(subject.units), *subject.shape).contiguous()
