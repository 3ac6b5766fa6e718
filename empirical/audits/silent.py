"""Silent units of anybody's network: 0 on all natural images; driven elsewhere, dead everywhere, or neither is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated

from trompe.empirical._torch import Axis, Seed, Steps, at_once, torch
from trompe.empirical.inputs.streams import NaturalImages, as_stream
from trompe.empirical.maximization.search import TRIES, drive
from trompe.empirical.networks.calls import CallTap, ReLUCall, survey
from trompe.empirical.networks.inspection import check_finite, check_model, frozen
from trompe.empirical.networks.intervals import Box, relu_bounds
from trompe.empirical.progress import progress_bar
from trompe.ground.arguments import Integer, checked
from trompe.theory import InvalidInput

nn = torch.nn

DRIVEN, CERTIFIED, UNDECIDED = "driven", "certified dead", "not driven"


@dataclass(frozen=True)
class SilentUnit:
    """A unit that is 0 on all natural images, at every place."""

    layer: str
    unit: int
    verdict: str
    """driven : a picture in [0, 1]^N excites it. certified dead : it is 0 for every picture in [0, 1]^N, by
    interval bounds. not driven : the search found no such picture, which proves nothing."""
    driven: float
    """The largest activation in its map on `picture`; 0 if it was not driven."""
    picture: torch.Tensor | None = field(compare=False, repr=False)
    """The picture that drives it, shape (channels, height, width), in [0, 1]."""
    bound: float | None
    """An upper bound on what its ReLU gets, over [0, 1]^N; None where no interval rule leads there."""
    tries: int
    """In how many ways a picture was looked for."""


@dataclass(frozen=True)
class SilentAudit:
    """What `audit_silent` found: how many units each ReLU call has, and the silent ones among those looked at."""

    units: dict[str, int]
    images: int
    silent: tuple[SilentUnit, ...]
    taken: dict[str, str]
    """Per ReLU call what was taken as its units: how many, on which axis, at how many places."""
    others: tuple[str, ...]
    """Functions that are not linear and do not clip at 0, with their modules; their units are not looked at."""
    uncertified: str
    """Why interval bounds end where they end; empty if they reach every call."""
    search: str
    """How a picture was looked for."""

    def _with(self, verdict: str) -> tuple[SilentUnit, ...]:
        return tuple(unit for unit in self.silent if unit.verdict == verdict)

    @property
    def driven(self) -> tuple[SilentUnit, ...]:
        """The silent units that some picture in [0, 1]^N excites: dead weight on natural images, not on others."""
        return self._with(DRIVEN)

    @property
    def certified(self) -> tuple[SilentUnit, ...]:
        """Those that are 0 for every picture in [0, 1]^N."""
        return self._with(CERTIFIED)

    @property
    def undecided(self) -> tuple[SilentUnit, ...]:
        """Those that were neither driven nor certified."""
        return self._with(UNDECIDED)


@checked
def audit_silent(
    model: nn.Module,
    images: NaturalImages,
    *,
    layers: Sequence[str] = (),
    unit_axis: Axis | None = None,
    units: Sequence[Annotated[int, Integer(0, 2**31)]] = (),
    tries: Annotated[int, Integer(1, len(TRIES))] = len(TRIES),
    steps: Steps = 128,
    batch: Steps = 100,
    seed: Seed = 0,
    show: bool = True,
) -> SilentAudit:
    """Units (after anything that clips at 0) that are 0 on all natural images, and whether any picture drives them.

    A unit is silent if it is 0 at every place of every image. Of each silent unit it is first asked whether interval
    bounds certify it dead on all of [0, 1]^N (`interval_bounds` says for which layers they work). Else a picture is
    looked for in `tries` ways (`TRIES`) of `steps` steps each. One batch of images, one batch of pictures that climb, one
    number a unit, and the pictures that are found are held at a time.

    Parameters
    ----------
    images : (n, channels, height, width) in [0, 1], an array or tensor, a DataLoader, or a stream (`open_images`).
    layers : ReLU calls by name (`relu#2` is the second of several), or modules, which mean all calls inside.
    unit_axis : the axis of the units in outputs of more than two axes. By default it follows from each layer's kind:
        axis 1 behind a convolution, the last behind a linear layer and for (n, tokens, features).
    units : only these units, of each call that is looked at.
    batch : images, or pictures that are optimised, held at a time; of large pictures fewer are optimised.

    Raises
    ------
    InvalidInput : the model cannot be used as it is, makes no ReLU call, a call has no such unit, the model makes other calls for other images, or an
    image gives NaN or infinite numbers. UnknownKey : no such layer.
    """
    natural = as_stream(images)
    few = natural.first(2)
    check_model(model, few, natural.name)
    seen = survey(model, few[:1], unit_axis, layers)
    calls = seen.calls
    chosen = [k for k in seen.chosen if calls[k].axis is not None]
    if len(set(units)) < len(units):
        raise InvalidInput(f"units: {', '.join(map(str, units))}; expected different ones")
    for unit in units:
        for k in chosen:
            if unit >= calls[k].units:
                raise InvalidInput(
                    f"unit {unit}: ReLU call {calls[k].name} has units 0 to {calls[k].units - 1}; name the layers that are "
                    "meant"
                )
    largest: dict[int, torch.Tensor] = {}
    where: dict[int, torch.Tensor] = {}
    done = 0

    def widen(k: int, before: torch.Tensor, _after: torch.Tensor) -> None:
        check_finite(before, f"ReLU call {calls[k].name}", natural.name, pictures, done)
        if k in chosen:
            top, row = calls[k].by_unit(before, pictures).amax(2).max(0)
            if k not in largest:
                largest[k], where[k] = top, row + done
            else:
                where[k] = torch.where(top > largest[k], row + done, where[k])
                largest[k] = torch.maximum(largest[k], top)

    with torch.no_grad(), progress_bar("natural activations", len(natural), show) as advance:
        for part in natural.batches(batch):
            pictures = len(part)
            with CallTap(model, widen, calls):
                output = model(part)
            check_finite(output, "the output", natural.name, pictures, done)
            done += pictures
            advance(pictures)
    wanted = set(units)
    quiet = {
        k: [u for u in torch.nonzero(largest[k] <= 0).view(-1).tolist() if u in wanted or not units]
        for k in chosen
    }
    box = Box(
        torch.zeros(few[:1].shape, dtype=torch.float64, device=few.device),
        torch.ones(few[:1].shape, dtype=torch.float64, device=few.device),
    )
    bounds, why = upper_bounds(model, box, calls)
    climbing = min(batch, at_once(natural.shape, 100))
    silent: list[SilentUnit] = []
    broken = 0
    with (
        frozen(model),
        progress_bar("driving silent units", tries * sum(map(len, quiet.values())), show) as advance,
    ):  # fmt: skip
        for k in chosen:
            bound = {u: float(bounds[k][u]) if k < len(bounds) else None for u in quiet[k]}
            dead = [u for u, most in bound.items() if most is not None and most <= 0]
            advance(tries * len(dead))
            found: dict[int, SilentUnit] = {
                u: SilentUnit(calls[k].name, u, CERTIFIED, 0.0, None, bound[u], 0) for u in dead
            }
            alive = [u for u in quiet[k] if u not in found]
            for first in range(0, len(alive), climbing):
                some = alive[first : first + climbing]
                starts = natural.pick({int(where[k][u]) for u in some}, batch)
                result = drive(
                    partial(reach, model, calls, k), some, torch.stack([starts[int(where[k][u])] for u in some]),
                    tries=TRIES[:tries], steps=steps, batch=climbing, seed=seed, centre=calls[k].centre,
                    axes=[call.axis for call in calls], advance=advance,
                )  # fmt: skip
                broken += result.broken
                values = _alone(model, calls, k, some, result.pictures, climbing)
                for u, value, picture, count in zip(
                    some, values, result.pictures, result.tries, strict=True
                ):
                    is_driven = value > 0
                    found[u] = SilentUnit(
                        calls[k].name, u, DRIVEN if is_driven else UNDECIDED, value,
                        picture.clone() if is_driven else None, bound[u], count,
                    )  # fmt: skip
            silent += [found[u] for u in quiet[k]]
    ways = "; ".join(way.name for way in TRIES[:tries])
    ended = f"; {broken} of these ended at NaN or infinite numbers" if broken else ""
    return SilentAudit(
        {calls[k].name: calls[k].units for k in chosen},
        len(natural),
        tuple(silent),
        {calls[k].name: calls[k].said for k in seen.chosen},
        seen.others,
        why,
        f"{tries} {'try' if tries == 1 else 'tries'} of {steps} Adam steps, seed {seed}: {ways}{ended}",
    )


def reach(
    model: nn.Module,
    calls: Sequence[ReLUCall],
    k: int,
    images: torch.Tensor,
    clipped: bool = False,
) -> torch.Tensor:
    """What the k-th ReLU call gets, or gives (`clipped`), shape (n, units, places); the pass ends there."""
    kept: list[torch.Tensor] = []

    def keep(call: int, before: torch.Tensor, after: torch.Tensor) -> None:
        if call == k:
            kept.append(calls[k].by_unit(after if clipped else before, len(images)))

    with CallTap(model, keep, calls, last=k):
        model(images)
    return kept[0]


def upper_bounds(
    model: nn.Module, box: Box, calls: Sequence[ReLUCall]
) -> tuple[list[torch.Tensor], str]:
    """Upper bounds over the box on what each unit's ReLU gets, call by call, as far as interval rules lead; and why
    they end there.

    A traced pass must make the same calls, in function and shape, as the network did.
    """
    clips, why = relu_bounds(model, box)
    bounds: list[torch.Tensor] = []
    for (function, reached), call in zip(clips, calls, strict=False):
        if call.axis is None or (function, tuple(reached.high.shape)) != (
            call.function,
            call.shape,
        ):
            return (
                bounds,
                why or f"interval bounds: the traced network makes another call than {call.name}",
            )
        bounds.append(call.by_unit(reached.high, 1).amax((0, 2)))
    return bounds, why


@torch.no_grad()
def _alone(
    model: nn.Module,
    calls: Sequence[ReLUCall],
    k: int,
    units: Sequence[int],
    pictures: torch.Tensor,
    batch: int,
) -> list[float]:
    """The largest number of each unit's map on its picture, by a plain forward pass."""
    values: list[float] = []
    for start in range(0, len(units), batch):
        part = pictures[start : start + batch]
        top = reach(model, calls, k, part, clipped=True).amax(2)
        values += [float(top[i, units[start + i]]) for i in range(len(part))]
    return values
