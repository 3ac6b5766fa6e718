"""What is maximised: one number an image, read from the output of a layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated, Any

from trompe.empirical._torch import Axis, torch
from trompe.empirical.networks.axes import chosen_axis, usual_axis
from trompe.empirical.networks.intervals import Box, affine, averaged
from trompe.ground.arguments import Integer, at_least_one, checked, checked_fields
from trompe.ground.errors import one_line, spelled
from trompe.theory import InvalidInput


def mean_of_map(maps: torch.Tensor) -> torch.Tensor:
    """The mean over all places, shape (n,)."""
    return maps.flatten(1).mean(1)


def centre_of_map(maps: torch.Tensor) -> torch.Tensor:
    """The value at the central place, shape (n,)."""
    if maps.ndim == 3:
        return maps[:, maps.shape[1] // 2, maps.shape[2] // 2]
    return maps.flatten(1)[:, maps[0].numel() // 2]


def maximum_of_map(maps: torch.Tensor) -> torch.Tensor:
    """The largest value over all places, shape (n,)."""
    return maps.flatten(1).amax(1)


KINDS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "logit": mean_of_map,
    "channel": mean_of_map,
    "neuron": centre_of_map,
    "maximum": maximum_of_map,
}
"""How the map (n, ...) of a unit becomes one number an image."""
Unit = Annotated[int, Integer(-(2**31), 2**31)]
"""A unit's number; one that is out of range is refused where the layer is known."""
Function = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""From the layer's output (n, units, ...) and the unit of each image (n,) to one number an image (n,)."""


@checked_fields
@dataclass(frozen=True)
class Objective:
    """What is maximised: the mean of a unit's map (`channel`), its centre (`neuron`), its maximum, or an output (`logit`).

    `layer` names a submodule, `layer#2` the second of its calls in a forward pass; empty for the network's
    output. For outputs of shape (n, units) the four kinds are the same. Otherwise the units lie on the axis
    that the layer's kind says (axis 1 of a convolution, the last axis of a linear layer and of (n, tokens,
    features)), or on `unit_axis`.

    Parameters
    ----------
    kind : one of these words, or a function from the output, its unit axis moved to axis 1, and the unit of each image,
        shape (n,), to one number an image.
    sums : groups of units. "Unit" k is then the sum of the maps of group k.
    directions : vectors over the layer's units. "Unit" k is then the map along vector k, weighted and summed.
    negative : the same with the other sign, so that what maximises it minimises the unit; also written `-objective`.
    """

    layer: str = ""
    kind: str | Function = "logit"
    unit_axis: Axis | None = None
    sums: Sequence[Sequence[Annotated[int, Integer(0, 2**31)]]] = ()
    directions: Sequence[Sequence[float]] = ()
    negative: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.kind, str) and self.kind not in KINDS:
            raise InvalidInput(
                f"objective = {spelled(self.kind)}; expected logit, channel, neuron, maximum or a function"
            )
        if self.sums and self.directions:
            raise InvalidInput(
                "objective: sums and directions are both given; leave one of them out"
            )
        if (self.sums or self.directions) and not isinstance(self.kind, str):
            raise InvalidInput(
                "objective: sums and directions are for the words logit, channel, neuron and maximum; leave them out, "
                "your function sees all units"
            )
        for what, groups in (("sums", self.sums), ("directions", self.directions)):
            for k, group in enumerate(groups):
                if not group or (what == "directions" and not any(group)):
                    raise InvalidInput(
                        f"{what}[{k}] = {spelled(group)}; expected at least one {'unit' if what == 'sums' else 'number that is not 0'}"
                    )

    def __neg__(self) -> Objective:
        return replace(self, negative=not self.negative)

    @property
    def groups(self) -> int:
        """How many sums or directions there are; 0 where units are meant one by one."""
        return len(self.sums or self.directions)

    @checked
    def value(
        self, output: torch.Tensor, units: torch.Tensor, axis: Axis | None = None
    ) -> torch.Tensor:
        """The objective of each image, shape (n,); `units` holds one unit per image.

        `axis` is that of the units where the objective does not say; by default the usual one for so many axes.
        """
        if output.ndim < 2:
            raise InvalidInput(f"{self._what} returns shape {tuple(output.shape)}; no units there")
        if units.dtype != torch.int64 or units.shape != output.shape[:1] or units.is_meta:
            raise InvalidInput(
                f"units of shape {tuple(units.shape)} and {units.dtype}; expected one int64 an image"
            )
        output = output.movedim(self.axis(output, axis), 1)
        for unit in torch.stack(units.aminmax()).tolist():  # one wait for the device
            self.check_unit(unit, output.shape[1])
        if isinstance(self.kind, str):
            if self.groups:
                weights = self.weights(output.shape[1]).to(output)[units]
                maps = torch.einsum("nu...,nu->n...", output, weights)
            else:
                maps = output[torch.arange(len(output), device=output.device), units]
            values = maps if maps.ndim == 1 else KINDS[self.kind](maps)
        else:
            values = self._called(self.kind, output, units)
        return -values if self.negative else values

    @checked
    def each(
        self, output: torch.Tensor, units: Sequence[Unit], axis: Axis | None = None
    ) -> torch.Tensor:
        """The objective of each image for each of some units, shape (n, number of units); `axis` as for `value`."""
        if not isinstance(self.kind, str) or output.ndim < 2 or not units:
            alone = [
                self.value(output, torch.full((len(output),), u, device=output.device), axis)
                for u in at_least_one("units", units, "name some")
            ]
            return torch.stack(alone, 1)
        output = output.movedim(self.axis(output, axis), 1)
        for unit in (min(units), max(units)):
            self.check_unit(unit, output.shape[1])
        if self.groups:
            weights = self.weights(output.shape[1]).to(output)[list(units)]
            maps = torch.einsum("nu...,ku->nk...", output, weights)
        else:
            maps = output[:, list(units)]
        values = maps
        if maps.ndim > 2:
            values = KINDS[self.kind](maps.flatten(0, 1)).view(maps.shape[:2])
        return -values if self.negative else values

    @checked
    def axis(self, output: torch.Tensor, known: Axis | None = None) -> int:
        """The unit axis of an output: the user's, else the one that is known, else the usual one for so many axes."""
        if self.unit_axis is not None:
            return chosen_axis(self.unit_axis, output.shape, self._what)
        return usual_axis(output.shape) if known is None or output.ndim < 3 else known

    @checked
    def check_unit(self, unit: Unit, count: Unit) -> None:
        """Is there such a unit (or sum, or direction) of a layer with so many?

        Raises
        ------
        InvalidInput : there is not.
        """
        last = (self.groups or count) - 1
        kind = "sum" if self.sums else "direction" if self.directions else "unit"
        if not 0 <= unit <= last:
            raise InvalidInput(f"unit {unit}: {self._what} has {kind}s 0 to {last}")

    @checked
    def enclosure(self, box: Box, unit: Unit, axis: Axis) -> Box:
        """Bounds on the objective, shape (n,), from bounds on the layer's output; see `interval_bounds`.

        Raises
        ------
        InvalidInput : it is a function, of which no bounds are known.
        """
        if not isinstance(self.kind, str):
            raise InvalidInput("interval bounds: no rule for an objective that is a function")
        axis = chosen_axis(axis, box.low.shape, self._what)
        box = box.map(torch.movedim, axis, 1)
        self.check_unit(unit, box.low.shape[1])
        if self.groups:
            weights = self.weights(box.low.shape[1])[unit : unit + 1].to(box.low)
            box = affine(
                box, lambda x, w, _b: torch.einsum("nu...,ku->nk...", x, w), weights, None
            )[:, 0]
        else:
            box = box[:, unit]
        if box.low.ndim > 1:
            reduce = KINDS[self.kind]
            box = averaged(box, reduce) if reduce is mean_of_map else box.map(reduce)
        return box.negative() if self.negative else box

    @property
    def _what(self) -> str:
        return f"layer {self.layer!r}" if self.layer else "the output"

    @cached_property
    def _rows(self) -> dict[int, torch.Tensor]:
        """What `weights` has made, by the number of units."""
        return {}

    @checked
    def weights(self, count: Annotated[int, Integer(1, 2**31)]) -> torch.Tensor:
        """The sums or directions as rows of weights over so many units, float64."""
        if count in self._rows:
            return self._rows[count]
        for k, direction in enumerate(self.directions):
            if len(direction) != count:
                raise InvalidInput(
                    f"directions[{k}] has {len(direction)} numbers; {self._what} has {count} units, expected one each"
                )
        for unit in (unit for group in self.sums for unit in group):
            if unit >= count:
                raise InvalidInput(f"unit {unit}: {self._what} has units 0 to {count - 1}")
        if self.directions:
            weights = torch.tensor(self.directions, dtype=torch.float64)
        else:
            weights = torch.zeros(len(self.sums), count, dtype=torch.float64)
            for k, group in enumerate(self.sums):
                for unit in group:
                    weights[k, unit] += 1
        self._rows[count] = weights
        return weights

    @staticmethod
    def _called(function: Function, output: torch.Tensor, units: torch.Tensor) -> torch.Tensor:
        name = getattr(function, "__name__", "function")
        try:
            values: Any = function(output, units)
        except Exception as error:  # the user's code
            raise InvalidInput(
                f"objective: {name} fails with {type(error).__name__}: {one_line(error)}"
            ) from error
        if not isinstance(values, torch.Tensor) or values.shape != output.shape[:1]:
            raise InvalidInput(
                f"objective: {name} returns {spelled(getattr(values, 'shape', values))} for {len(output)} images; expected a "
                f"tensor of shape ({len(output)},), one number an image"
            )
        return values


def as_objective(given: str | Function | Objective, layer: str, unit_axis: int | None) -> Objective:
    """An objective by its word, a function, or one as it is, of this layer.

    Raises
    ------
    InvalidInput : no such word, or an objective of another layer or axis.
    """
    if not isinstance(given, Objective):
        return Objective(layer, given, unit_axis)
    for what, own, other in (
        ("layer", given.layer, layer or given.layer),
        ("unit axis", given.unit_axis, given.unit_axis if unit_axis is None else unit_axis),
    ):
        if own not in ("", None, other):
            raise InvalidInput(f"{what} {other!r}, but the objective is about {own!r}; say it once")
    return replace(
        given,
        layer=layer or given.layer,
        unit_axis=given.unit_axis if unit_axis is None else unit_axis,
    )
