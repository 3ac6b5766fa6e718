"""What was shown of a network's units: two points a unit, with values, and what made them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from trompe.theory import InvalidInput

End = Literal["minimum", "maximum"]
ENDS: tuple[End, End] = ("minimum", "maximum")
ENCLOSURE, ESTIMATE, UNKNOWN = "enclosure", "estimate", "unknown"
ERRORS = {
    ENCLOSURE: "certified, by interval bounds",
    ESTIMATE: "an estimate, not certified: how far float32 and float64 are apart",
    UNKNOWN: "not known: the network does not run in float64",
}
"""What a stated evaluation error is."""
SLACK = 2
"""The error of an enclosure is so many times that of its bounds: those of another machine, whose last digits differ, are within it."""
WIDE = 1000
"""An enclosure that is so many times wider than the estimate (deep networks) is of no use, and not stated."""


@dataclass(frozen=True)
class Evaluated:
    """The unit's value at a picture: decimal text, and how far the function of real numbers may be from it."""

    value: str
    error: str | None
    """None where `kind` is unknown."""
    kind: str
    """enclosure, estimate or unknown; `ERRORS` says what they are."""

    @property
    def low(self) -> Fraction:
        """The value minus the error, if that is known."""
        return Fraction(self.value) - Fraction(self.error or 0)

    @property
    def high(self) -> Fraction:
        """The value plus the error, if that is known."""
        return Fraction(self.value) + Fraction(self.error or 0)

    def __str__(self) -> str:
        return f"{float(Fraction(self.value)):.6g}"


@dataclass(frozen=True)
class Pictured(Evaluated):
    """The value at a picture that lies in a file."""

    point: str
    """The name of the .npy file beside the shown-file: float32, shape (channels, height, width), in [0, 1]."""
    sha256: str


@dataclass(frozen=True)
class ShownEnd(Pictured):
    """The optimiser's picture of one end of a unit."""

    seed: int
    step: int
    """The step of the ascent, of those that were looked at, whose picture it is."""
    dead: bool
    """Activation and gradient were 0 at every step from every seed: the picture is the start, and shows nothing."""


@dataclass(frozen=True)
class Natural(Evaluated):
    """The natural image that is most extreme among the given ones."""

    image: str
    """Its file, or how it was called."""
    index: int
    """Its number among the images, from 0."""


@dataclass(frozen=True)
class ShownUnit:
    """One unit: what the optimiser and the natural images show of it."""

    unit: int
    name: str
    """In words, see `unit_name`."""
    minimum: ShownEnd
    maximum: ShownEnd
    natural_minimum: Natural | None = None
    natural_maximum: Natural | None = None

    def shown(self, end: End) -> ShownEnd:
        """The optimiser's picture of this end."""
        return self.minimum if end == "minimum" else self.maximum

    def natural(self, end: End) -> Natural | None:
        """The natural image of this end, where images were given."""
        return self.natural_minimum if end == "minimum" else self.natural_maximum

    def values(self) -> Iterator[Evaluated]:
        """All its values, found and natural."""
        yield from (self.minimum, self.maximum)
        yield from (n for n in (self.natural_minimum, self.natural_maximum) if n is not None)

    def is_beaten(self, end: End) -> bool:
        """Is a natural image more extreme than the optimiser's picture, by more than the stated errors?"""
        best, natural = self.shown(end), self.natural(end)
        if natural is None:
            return False
        return natural.high < best.low if end == "minimum" else natural.low > best.high

    def said(self) -> Iterator[str]:
        """What has to be said of this unit besides its numbers."""
        for end in ENDS:
            best, natural = self.shown(end), self.natural(end)
            if best.dead:
                yield (
                    f"{self.name}, {end}: value and gradient were 0 at every step from every seed; the picture is where it "
                    "started, and shows nothing of the unit."
                )
            if self.is_beaten(end) and natural is not None:
                kinds = {best.kind, natural.kind} - {ENCLOSURE}
                sure = " (by estimated values)" if kinds else ""
                yield (
                    f"{self.name}: the natural image {natural.image} has {natural}, {'less' if end == 'minimum' else 'more'} than "
                    f"the optimiser's {best}{sure}; the optimiser's {end} is not the {end} over the inputs."
                )


def unit_name(settings: Mapping[str, Any], unit: int) -> str:
    """A unit in words, by the settings of its file: unit 3, sum of units 3, 17, direction 0."""
    if settings["sums"]:
        name = f"sum of units {', '.join(map(str, settings['sums'][unit]))}"
    else:
        name = f"{'direction' if settings['directions'] else 'unit'} {unit}"
    return f"minus {name}" if settings["negative"] else name


@dataclass(frozen=True)
class ShownModel:
    """Whose units: how the network was named, and the hash of its weights."""

    name: str
    weights: str | None
    mean: tuple[float, ...]
    std: tuple[float, ...]
    logits: str | None
    sha256: str
    """Of names, shapes, types and bytes of the state dict, normalisation included."""


@dataclass(frozen=True)
class ShownImages:
    """Beside which natural images: how they were named, and the hash of their numbers as the network sees them."""

    name: str
    count: int
    resize: tuple[int, ...]
    crop: tuple[int, ...]
    sha256: str


@dataclass(frozen=True)
class ShownFile:
    """What a shown-file says. Nothing of it is checked but its shape; see `check_shown`."""

    model: ShownModel
    images: ShownImages | None
    settings: Mapping[str, Any]
    """The names are those of `SETTINGS` in `file`."""
    versions: Mapping[str, str]
    shape: tuple[int, int, int]
    """Channels, height and width of every point."""
    asked: tuple[int, ...]
    """The units that were asked for; a run that was interrupted has not finished all of them."""
    units: tuple[ShownUnit, ...]

    @property
    def of_layer(self) -> str:
        """The layer in words."""
        layer = self.settings["layer"]
        return f"layer {layer!r}" if layer else "the output"

    @property
    def dim(self) -> int:
        """The number d of inputs."""
        c, h, w = self.shape
        return c * h * w

    def unit(self, number: int | None) -> ShownUnit:
        """The unit with this number; None means the only one.

        Raises
        ------
        InvalidInput : there is none, or there are several.
        """
        known = [each.unit for each in self.units]
        listed = ", ".join(map(str, known[:12])) + (", ..." if len(known) > 12 else "")
        if number is None and len(known) != 1:
            raise InvalidInput(
                f"unit: the shown-file has {len(known)} units ({listed or 'none is finished'}); name one of them, --unit U"
            )
        for each in self.units:
            if number in (None, each.unit):
                return each
        raise InvalidInput(f"unit {number}: the shown-file has the units {listed or '(none)'}")

    def differs(self, other: ShownFile) -> str:
        """What another run has otherwise, in words: model, images, settings, versions, units; "" if nothing. Names do not count."""
        mine, theirs = self._identity(), other._identity()
        for name, value in mine.items():
            if theirs.get(name) != value:
                return f"{name} {_brief(value)}, there {_brief(theirs.get(name))}"
        return ""

    def _identity(self) -> dict[str, Any]:
        images = self.images
        return {
            "model": self.model.sha256,
            "images": None if images is None else images.sha256,
            **self.settings,
            **{f"version of {name}": value for name, value in self.versions.items()},
            "shape": self.shape,
            "units": self.asked,
        }


def _brief(value: Any) -> str:
    text = str(list(value) if isinstance(value, tuple) else value)
    return text if len(text) <= 24 else text[:21] + "..."
