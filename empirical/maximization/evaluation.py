"""The value of a unit at a picture: in double precision, with how far the function of real numbers may be from it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import ROUND_CEILING, Context, Decimal
from fractions import Fraction
from typing import Any

from trompe.empirical._torch import torch
from trompe.empirical.maximization.objectives import Objective
from trompe.empirical.networks.axes import AxisTrace
from trompe.empirical.networks.inspection import (
    called,
    capture,
    check_finite,
    check_function,
    noise_like,
    ran,
)
from trompe.empirical.networks.intervals import Box, bounds_of, of_real_numbers
from trompe.proofs.handover.shown import Evaluated
from trompe.proofs.handover.shown.data import ENCLOSURE, ESTIMATE, SLACK, UNKNOWN, WIDE
from trompe.theory import InvalidInput

nn = torch.nn
FLOOR = 1e-12
"""An estimated error is at least that, and at least a float32 rounding of the value."""


def layer_output(model: nn.Module, layer: str, images: torch.Tensor) -> torch.Tensor:
    """What a layer gives for images, or the network's output where none is named."""
    if not layer:
        return called(model, images)
    with capture(model, [layer]) as outputs:
        ran(model, images)
        return outputs[layer]


@torch.no_grad()
def unit_axis(model: nn.Module, objective: Objective, image: torch.Tensor) -> tuple[int, int]:
    """The axis of the units in the objective's layer, and how many there are; `image` has shape (1, channels, height, width).

    Raises
    ------
    InvalidInput : the layer has no units, or not on this axis; or its numbers are random, or depend on other images of a batch.
    """
    check_function(lambda x: layer_output(model, objective.layer, x), noise_like(image, 1))
    with AxisTrace() as trace:
        output = layer_output(model, objective.layer, image)
    if output.ndim < 2:
        raise InvalidInput(
            f"layer {objective.layer or 'output'!r} returns shape {tuple(output.shape)}; no units there"
        )
    axis = objective.axis(output, trace.known(output))
    return axis, int(output.shape[axis])


@torch.no_grad()
def unit_values(
    model: nn.Module, objective: Objective, axis: int, images: torch.Tensor, units: list[int]
) -> torch.Tensor:
    """The objective of each image for its own unit, shape (n,)."""
    output = layer_output(model, objective.layer, images)
    return objective.value(output, torch.tensor(units, device=output.device), axis)


class Evaluator:
    """Evaluates pictures, one at a time, by the network in float64 and by interval bounds on the box of radius 0.

    The network is copied once; the one that is given stays as it is.
    """

    def __init__(self, model: nn.Module, objective: Objective, axis: int) -> None:
        self.model, self.objective, self.axis = model, objective, axis
        self.why = ""
        """Why there is no enclosure, or no value in float64; empty where nothing failed."""
        try:
            self.double: nn.Module | None = copy.deepcopy(model).double()
        except Exception as error:
            self.double, self.why = None, f"the network cannot be copied ({type(error).__name__})"
        self._bounds: Callable[[Box], Box] | None = None
        if self.double is not None:
            try:
                self._bounds = bounds_of(self.double, objective.layer)
            except InvalidInput as error:
                self.why = _why(error)

    def __call__(self, picture: torch.Tensor, unit: int) -> Evaluated:
        """The value at a picture of float32, shape (channels, height, width).

        Raises
        ------
        InvalidInput : it is NaN or infinite.
        """
        return self.each(picture, [unit])[0]

    def each(self, picture: torch.Tensor, units: Sequence[int]) -> list[Evaluated]:
        """The values of several units at one picture, by one pass each of float32, float64 and interval bounds.

        Raises
        ------
        InvalidInput : one is NaN or infinite.
        """
        images = picture[None]
        plain = self._values(self.model, images, units)
        values = self._in_float64(images, units)
        box = None if values is None else self._box(images)
        return [
            self._stated(unit, plain[k], None if values is None else values[k], box)
            for k, unit in enumerate(units)
        ]

    @torch.no_grad()
    def many(self, images: torch.Tensor, units: Sequence[int]) -> torch.Tensor:
        """The values of units at many pictures, shape (n, units): the network's in float64, or in float32 where it has no other."""
        layer, model = self.objective.layer, self.double
        if model is not None and self._in_float64(images[:1], units[:1]) is not None:
            with _float64():
                output = layer_output(model, layer, images.double())
        else:
            output = layer_output(self.model, layer, images)
        return self.objective.each(output, units, self.axis).double()

    def _stated(
        self, unit: int, plain: float, value: float | None, outputs: Box | None
    ) -> Evaluated:
        numbers = torch.tensor([plain if value is None else value])
        check_finite(
            numbers, self.objective.layer or "the output", lambda _k: f"the picture of unit {unit}"
        )
        if value is None:
            return Evaluated(_text(plain), None, UNKNOWN)
        text = _text(value)
        estimate = Fraction(max(abs(value - plain), abs(value) * 2.0**-24, FLOOR))
        box = None if outputs is None else self._enclosure(outputs, unit)
        if box is not None and float(box.low) <= value <= float(box.high):
            ends = (Fraction(float(box.low)), Fraction(float(box.high)))
            error = SLACK * max(abs(end - Fraction(text)) for end in ends)
            if error <= WIDE * estimate:
                return Evaluated(text, _upwards(error), ENCLOSURE)
            self.why = f"interval bounds are too wide to be of use ({float(error):.2g}, estimated {float(estimate):.2g})"
        return Evaluated(text, _upwards(estimate), ESTIMATE)

    @torch.no_grad()
    def _values(
        self, model: nn.Module, images: torch.Tensor, units: Sequence[int], dtype: Any = None
    ) -> list[float]:
        output = layer_output(model, self.objective.layer, images)
        found = [
            self.objective.value(output, torch.tensor([u], device=output.device), self.axis)
            for u in units
        ]
        for value in found:
            if dtype not in (None, value.dtype):
                raise InvalidInput(f"it gives {value.dtype}")
        return [float(value[0]) for value in found]

    def _in_float64(self, images: torch.Tensor, units: Sequence[int]) -> list[float] | None:
        if self.double is None:
            return None
        try:
            with _float64():
                return self._values(self.double, images.double(), units, torch.float64)
        except InvalidInput as error:
            self.why = f"the network does not run in float64: {error}"
            return None

    def _box(self, images: torch.Tensor) -> Box | None:
        """Bounds on the layer's output."""
        if self._bounds is None:
            return None
        point = images.double()
        try:
            with of_real_numbers():
                return self._bounds(Box(point, point))
        except InvalidInput as error:
            self._bounds, self.why = None, _why(error)  # nor at any other picture
            return None

    def _enclosure(self, outputs: Box, unit: int) -> Box | None:
        try:
            with of_real_numbers():
                return self.objective.enclosure(outputs, unit, self.axis)
        except InvalidInput as error:
            self._bounds, self.why = None, _why(error)  # nor at any other picture
            return None


@contextmanager
def _float64() -> Iterator[None]:
    """What a network makes on its way inside is float64."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def _why(error: InvalidInput) -> str:
    """Why there are no bounds, without the advice for those who need one."""
    return str(error).partition("; give the bound k yourself")[0]


def _text(value: float) -> str:
    """The shortest decimal number that is read as this float, without an exponent."""
    return format(Decimal(repr(value)), "f")


def _upwards(value: Fraction) -> str:
    """A decimal number of three digits that is not below."""
    context: Any = Context(prec=3, rounding=ROUND_CEILING)
    return format(context.divide(Decimal(value.numerator), Decimal(value.denominator)), "f")
