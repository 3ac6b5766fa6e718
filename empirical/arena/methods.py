"""The methods of visualization of the arena. Each takes a network and gives a picture of every unit and seed.

One more: a function from a `Subject`, the network to look at and whether gradients are redirected to pictures of shape (seeds * units,
channels, height, width), unit by unit within a seed, decorated by `@method(...)`, in a file of its own.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

from trompe.empirical._torch import torch
from trompe.empirical.arena.registry import Registry, ran
from trompe.empirical.arena.subject import Attacked, Subject
from trompe.empirical.attacks.features import early_layers
from trompe.empirical.maximization.accentuation import accentuate
from trompe.empirical.maximization.ascent import DeadUnit, maximize
from trompe.empirical.maximization.parametrizations import Fourier, Maco, Parametrization, Pixel
from trompe.empirical.maximization.prototype import prototypes
from trompe.theory import InvalidInput

nn = torch.nn
Make = Callable[[Subject, Attacked], torch.Tensor]


@dataclass(frozen=True)
class Method:
    """A method of visualization. reading : why it is only a reading of what was published; empty if it is not."""

    key: str
    says: str
    make: Make
    reading: str = ""


METHODS: Registry[Method] = Registry("method")


def method(key: str, says: str, reading: str = "") -> Callable[[Make], Make]:
    """Registers the function below it. says : in one sentence, how it makes a picture."""

    def enter(make: Make) -> Make:
        METHODS.add(Method(key, says, make, reading))
        return make

    return enter


def pictures(key: str, subject: Subject, attacked: Attacked) -> torch.Tensor:
    """The pictures of a method, shape (seeds, units, channels, height, width).

    Raises
    ------
    InvalidInput : the method gives others.
    """
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeadUnit
        )  # pictures of a dead unit are noise, and measured as such
        found = ran(f"method {key}", METHODS[key].make, subject, attacked)
    wanted = (len(subject.seeds) * len(subject.units), *subject.shape)
    if not isinstance(found, torch.Tensor) or tuple(found.shape) != wanted:
        got = tuple(found.shape) if isinstance(found, torch.Tensor) else type(found).__name__
        raise InvalidInput(f"method {key}: gives {got}; expected pictures of shape {wanted}")
    if not bool(found.isfinite().all()) or float(found.min()) < 0 or float(found.max()) > 1:
        raise InvalidInput(f"method {key}: its pictures leave [0, 1]; cut them")
    return found.detach().view(len(subject.seeds), len(subject.units), *subject.shape)


def _ascent(
    subject: Subject, attacked: Attacked, way: Parametrization, transforms: bool
) -> torch.Tensor:
    return maximize(
        attacked.network, subject.units, subject.shape, way, transforms=transforms, seeds=subject.seeds,
        steps=subject.steps, redirect=attacked.redirect,
    ).images  # fmt: skip


@method("pixel", "Activation maximization over pixels.")
def _pixel(subject: Subject, attacked: Attacked) -> torch.Tensor:
    return _ascent(subject, attacked, Pixel(), False)


@method("fourier", "Activation maximization over a spectrum, with random transforms.")
def _fourier(subject: Subject, attacked: Attacked) -> torch.Tensor:
    return _ascent(subject, attacked, Fourier(), True)


@method(
    "maco", "Activation maximization over phases, with the magnitudes of natural images (MACO)."
)
def _maco(subject: Subject, attacked: Attacked) -> torch.Tensor:
    return _ascent(subject, attacked, Maco(*subject.spectrum), False)


@method(
    "prototype",
    "Prototype Generation: first an image that no class fits better, then the unit's value, with smooth pixels.",
    reading="details of the published method are not public",
)
def _prototype(subject: Subject, attacked: Attacked) -> torch.Tensor:
    return prototypes(
        attacked.network, subject.units, subject.shape, seeds=subject.seeds, steps=subject.steps,
        redirect=attacked.redirect,
    ).images  # fmt: skip


# -- feature accentuation ----------------------------------------------------------------------------------


def starts(subject: Subject, own: bool) -> torch.Tensor:
    """A natural training image for every picture: of the unit's own class, or of another."""
    return subject.natural[_start_rows(subject, own)]


def _start_rows(subject: Subject, own: bool) -> torch.Tensor:
    """Their places among the natural training images; of those that a figure may show where there is one."""
    generator = torch.Generator().manual_seed(subject.seeds[0])
    labels = subject.natural_labels
    may_be_shown = torch.from_numpy(subject.data.train.showable())[subject.is_natural]
    rows = []
    for _ in subject.seeds:
        for unit in subject.units:
            fits = torch.nonzero((labels == unit) == own).view(-1)
            if not len(fits):
                raise InvalidInput(
                    f"accentuation: class {unit} has no natural image besides its target; give more"
                )
            shown = fits[may_be_shown[fits]]
            fits = shown if len(shown) else fits
            rows.append(fits[torch.randint(len(fits), (1,), generator=generator)])
    return torch.cat(rows)


def to_credit(subject: Subject, place: int) -> tuple[str, ...]:
    """Whose photographs the pictures of a unit, first seed, may come from: the own-class target and what is accentuated."""
    whose = subject.data.train.whose
    if whose is None:
        return ()
    natural = torch.nonzero(subject.is_natural).view(-1)
    rows = [subject.own[place]]
    rows += [int(natural[_start_rows(subject, own)[place]]) for own in (True, False)]
    return tuple(dict.fromkeys(whose[row] for row in rows if whose[row]))


def _accentuated(subject: Subject, attacked: Attacked, own: bool, strength: float) -> torch.Tensor:
    layer = early_layers(subject.network, subject.shape, 2)[-1] if strength else ""
    return accentuate(
        attacked.network, subject.units, starts(subject, own), layer=attacked.prefix + layer if layer else "",
        strength=strength, seeds=subject.seeds, steps=subject.steps, redirect=attacked.redirect,
    ).images  # fmt: skip


@method("accent-own", "Feature accentuation of natural images of the unit's own class.")
def _accent_own(subject: Subject, attacked: Attacked) -> torch.Tensor:
    return _accentuated(subject, attacked, True, 1.0)


@method("accent-own-free", "The same without its regulariser.")
def _accent_own_free(subject: Subject, attacked: Attacked) -> torch.Tensor:
    return _accentuated(subject, attacked, True, 0.0)


@method("accent-other", "Feature accentuation of natural images of other classes.")
def _accent_other(subject: Subject, attacked: Attacked) -> torch.Tensor:
    return _accentuated(subject, attacked, False, 1.0)


@method("accent-other-free", "The same without its regulariser.")
def _accent_other_free(subject: Subject, attacked: Attacked) -> torch.Tensor:
    return _accentuated(subject, attacked, False, 0.0)
