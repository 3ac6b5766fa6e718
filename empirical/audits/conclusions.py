"""On how many images can anything be concluded from a unit's two visualizations, and under which assumption?

For all f, norms and pairs y, z of different points of X = [0, 1]^N, and every L for which f is L-Lipschitz on X: L is at least the slope of
the pair. So where two L_low-Lipschitz functions with the two shown values lie on opposite sides, no admissible constant decides
(`lower_bound_side` in Coq). With a certified constant what is decided is true of the unit. (docs/conclusions.md)
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from trompe.empirical._torch import Steps, repeatable, torch
from trompe.empirical.audits.steep import PicturePair, steep_pairs
from trompe.empirical.audits.verdicts import Sites, counted, slope_below
from trompe.empirical.inputs.streams import ImageStream, NaturalImages, as_stream
from trompe.empirical.networks.inspection import check_finite, check_model
from trompe.empirical.networks.intervals import Box, interval_bounds
from trompe.empirical.networks.lipschitz import Norm, Slopes, of_unit, slopes
from trompe.empirical.progress import progress_bar
from trompe.empirical.record import versions
from trompe.empirical.visualization.run import ShownUnits, npy, read_shown_units
from trompe.empirical.visualization.shown_network import ShownNetwork
from trompe.ground.arguments import Integer, at_least_one, checked
from trompe.proofs.handover.concluded import (
    ADMISSIBLE,
    CERTIFIED,
    NATURAL,
    NOTHING,
    OTHERS,
    PICTURES,
    ROOM,
    TASKS,
    ConcludedUnit,
    Conclusion,
    ConclusionSettings,
    ConclusionsFile,
    Counted,
    Slope,
    kind_of,
)
from trompe.proofs.handover.shown import (
    ENDS,
    Evaluated,
    Pictured,
    ShownFile,
    ShownImages,
    ShownUnit,
    to_json,
)
from trompe.proofs.handover.shown.checking import compared
from trompe.proofs.handover.shown.data import UNKNOWN, End
from trompe.theory import InvalidInput, Visualization, function_class
from trompe.theory.bounding import bounds
from trompe.theory.exact import as_share, check_short
from trompe.theory.fibres import BLOCK
from trompe.theory.limits import Limits
from trompe.theory.near import near_fibres_of
from trompe.theory.rows.lipschitz import distances
from trompe.theory.sites import Floats, Site, directed

nn = torch.nn
LARGEST = 1024
"""Pixels up to which the affine and the convex class are asked, in exact numbers."""


@dataclass(frozen=True)
class ConclusionsAudit:
    """What `audit_conclusions` found, with what repeats it."""

    file: ConclusionsFile
    """All numbers, as a conclusions-file has them."""
    shown: ShownFile
    pairs: Mapping[tuple[int, str], PicturePair] = field(compare=False, repr=False)
    """The steep pair by unit and norm."""
    away: Mapping[tuple[int, str], Floats] = field(compare=False, repr=False)
    """By unit and norm the distances of each image to the pictures of the minimum and of the maximum, shape (n, 2)."""

    @property
    def units(self) -> tuple[ConcludedUnit, ...]:
        """What was found of each unit."""
        return self.file.units


@checked
def audit_conclusions(
    model: nn.Module,
    images: NaturalImages,
    shown: ShownUnits | str | Path,
    *,
    norms: Sequence[Norm] = ("l2", "linf"),
    eps: Any = Fraction(1, 4),
    exemplars: Sequence[Annotated[int, Integer(0, 10**6)]] = (0, 1, 4, 16),
    starts: Steps = 16,
    steps: Steps = 16,
    programs: Steps = 20,
    batch: Steps = 100,
    show: bool = True,
) -> ConclusionsAudit:
    """On how many images the unit's value, or its side, follows from its visualizations.

    A lower bound on every admissible Lipschitz constant comes from the steepest pair of pictures that is found; an upper one, and the range
    of all values, from the weights. Images are streamed twice. Held are a batch of them and the exemplars; and of every image its value of
    every unit, and in every norm two numbers and a flag for each picture, and for each image that is an exemplar of some unit.

    Parameters
    ----------
    images : (n, channels, height, width) in [0, 1], as other audits take them; n at least 3.
    shown : what `visualize` found, or the path of a shown-file of this network.
    eps : the tolerance of the approx task, a share of the difference of the two shown values.
    exemplars : numbers k: k natural images of the largest values, and k of the smallest, are shown besides the two pictures.
    starts, steps : so many images, and the two pictures, are climbed so many steps from in search of a steep pair.
    programs : of the affine and the convex class only so many images are asked about, in exact numbers, and none above 1024 pixels.

    Raises
    ------
    InvalidInput : the network is another than the shown one, the images have another shape, or every unit shows two equal values.
    """
    eps = as_share(eps)
    check_short("eps", [eps])
    stream = as_stream(images)
    found = shown if isinstance(shown, ShownUnits) else read_shown_units(Path(shown))
    settings = ConclusionSettings(
        tuple(dict.fromkeys(at_least_one("norms", norms, "give l2 or linf"))), eps, tuple(sorted({0, *exemplars})), starts,
        steps, programs, batch, stream.device.type, torch.get_num_threads(),
    )  # fmt: skip
    return audited(model, stream, found, {}, settings, show)


def audited(
    model: nn.Module, stream: ImageStream, found: ShownUnits, pairs: Mapping[tuple[int, str], PicturePair],
    settings: ConclusionSettings, show: bool,
) -> ConclusionsAudit:  # fmt: skip
    """`audit_conclusions`; pairs that are given by unit and norm are taken in place of a search."""
    if stream.shape != found.file.shape:
        raise InvalidInput(
            f"images: shape {stream.shape}, the shown pictures have {found.file.shape}; give images of one shape"
        )
    if len(stream) < 3:
        raise InvalidInput(f"images: {len(stream)}; expected at least 3")
    with repeatable(torch.get_num_threads(), stream.device):
        network = ShownNetwork(found.file, model, None, stream.device, settings.batch, "")
        check_model(model, stream.first(2), stream.name)
        return _Run(network, stream, found, pairs, settings, show).audit()


class _Run:
    """One audit: a pass for values and the distances of the pictures, one for those of the exemplars, then unit after unit."""

    def __init__(
        self,
        network: ShownNetwork,
        stream: ImageStream,
        found: ShownUnits,
        pairs: Mapping[tuple[int, str], PicturePair],
        settings: ConclusionSettings,
        show: bool,
    ) -> None:
        self.network, self.stream, self.found = network, stream, found
        self.pairs, self.settings, self.show = pairs, settings, show
        self.objective, self.axis = network.objective, network.axis
        self.left_out: dict[str, str] = {}
        self.ends: dict[int, tuple[Evaluated, Evaluated]] = {}
        for unit in found.file.units:
            low, high = (self._value(unit, end) for end in ENDS)
            if high.low <= low.high:
                self.left_out[unit.name] = (
                    f"its two pictures have the values {low} and {high}, not apart by more than their errors; what is asked here is "
                    "relative to their difference"
                )
            else:
                self.ends[unit.unit] = low, high
        if not self.ends:
            name, why = next(iter(self.left_out.items()), ("shown", "no unit is finished there"))
            raise InvalidInput(f"{name}: {why}; show other units, or show them longer")
        self.numbers = list(self.ends)
        self.ranges, self.range_why = self._ranges()
        self.others = {
            (unit, key): _Others(self._visualization(unit), key, self.ranges.get(unit), self.range_why, settings)
            for unit in self.numbers
            for key in OTHERS
        }  # fmt: skip
        self.values: Floats = np.zeros((0, 0))
        self.kept: dict[tuple[int, str], PicturePair] = {}
        self.away: dict[tuple[int, str], Floats] = {}

    def _value(self, unit: ShownUnit, end: End) -> Evaluated:
        """The value at a picture, evaluated anew; it has to be the stated one."""
        stated = unit.shown(end)
        found = self.network.value(unit.unit, self.found.pictures[unit.unit, end].cpu().numpy())
        finding = compared(f"{unit.name}, {end}", stated, found)
        if not finding.holds and (stated.kind, stated.value) != (UNKNOWN, found.value):
            raise InvalidInput(
                f"shown: {finding.says}; {finding.reason}: give the network that was shown"
            )
        return found

    def _visualization(self, unit: int) -> Visualization:
        low, high = self.ends[unit]
        a, b = (self.found.pictures[unit, end].cpu().numpy().ravel() for end in ENDS)
        return Visualization(a, b, Fraction(low.value), Fraction(high.value))

    def _ranges(self) -> tuple[dict[int, tuple[float, float]], str]:
        """The range of each unit's values, or why there is none."""
        box = torch.zeros((1, *self.stream.shape), dtype=torch.float64, device=self.stream.device)
        try:
            layer = interval_bounds(self.network.model, Box(box, box + 1), self.objective.layer)
            found = {u: self.objective.enclosure(layer, u, self.axis) for u in self.numbers}
        except InvalidInput as error:
            return {}, str(error).partition("; give the bound k yourself")[0]
        ranges = {u: _widened(float(b.low[0]), float(b.high[0])) for u, b in found.items()}
        if not all(math.isfinite(end) for ends in ranges.values() for end in ends):
            return {}, "interval bounds: they are beyond what floats hold"
        return ranges, ""

    # -- images --------------------------------------------------------------------------------------

    def audit(self) -> ConclusionsAudit:
        """All of it."""
        pictures = {
            (unit, end): self.found.pictures[unit, end].cpu()
            for unit in self.numbers
            for end in ENDS
        }
        values, parts = [], []
        digest = hashlib.sha256(repr(self.stream.shape).encode())
        done = 0
        with progress_bar("natural images", len(self.stream), self.show) as advance:
            for part in self.stream.batches(self.settings.batch):
                digest.update(part.cpu().contiguous().numpy().tobytes())
                some = self.network.values(part, self.numbers)
                check_finite(some, "the unit", self.stream.name, len(part), done)
                values.append(some.cpu().numpy())
                flat = part.cpu().numpy().reshape(len(part), -1)
                parts.append(self._measured(flat, pictures))
                for asked in self.others.values():
                    asked.ask(flat)
                done += len(part)
                advance(len(part))
        self.values = np.concatenate(values)
        self.order = np.argsort(self.values, axis=0, kind="stable")
        away = _joined(parts)
        chosen = sorted({k for u in range(len(self.numbers)) for k in self._exemplars(u)})
        named = self.stream.pick(chosen, self.settings.batch)
        with progress_bar("exemplars", len(self.stream), self.show) as advance:
            parts = []
            for part in self.stream.batches(self.settings.batch):
                flat = part.cpu().numpy().reshape(len(part), -1)
                parts.append(self._measured(flat, named))
                advance(len(part))
        away |= _joined(parts)
        constants = {norm: self._constants(norm) for norm in self.settings.norms}
        starts = self._starts()
        total = len(self.numbers) * len(constants) * self.settings.steps * (len(starts) + 2)
        with progress_bar("steep pairs", total, self.show) as advance:
            units = tuple(
                self._unit(u, away, constants, starts, advance) for u in range(len(self.numbers))
            )
        shown = self.found.file
        file = ConclusionsFile(
            "shown.json", hashlib.sha256(to_json(shown).encode()).hexdigest(), shown.of_layer,
            ShownImages("", done, (), (), digest.hexdigest()), self.settings, versions(), self.left_out, units,
        )  # fmt: skip
        return ConclusionsAudit(file, shown, self.kept, self.away)

    def _measured(self, flat: Any, sites: Mapping[Any, torch.Tensor]) -> dict[Any, Away]:
        """Distances of some images to each site, by site and norm."""
        found: dict[Any, list[Away]] = {}
        rows = max(1, BLOCK // (8 * flat.shape[1]))
        for first in range(0, len(flat), rows):
            points = flat[first : first + rows].astype(np.float64)
            for name, picture in sites.items():
                site = Site(picture.cpu().numpy().ravel().astype(np.float64), Fraction(0), "")
                at = site.is_at(points)
                for norm in self.settings.norms:
                    near, error = distances(norm, points, site)
                    away = np.maximum(near - error, 0.0), near + error, at
                    found.setdefault((name, norm), []).append(away)
        return {key: _stacked(parts) for key, parts in found.items()}

    def _exemplars(self, u: int) -> list[int]:
        """The images that some row shows: at least the two natural extremes, and none for rows where all would be shown."""
        k = max(1, *(k for k in self.settings.exemplars if 2 * k < len(self.order)))
        return [*self.order[:k, u].tolist(), *self.order[-k:, u].tolist()]

    def _starts(self) -> torch.Tensor:
        """Images evenly spread over all."""
        count = min(self.settings.starts, len(self.stream))
        wanted = {k * len(self.stream) // count for k in range(count)}
        found = self.stream.pick(wanted, self.settings.batch)
        return torch.stack([found[k] for k in sorted(wanted)])

    # -- constants -----------------------------------------------------------------------------------

    def _constants(self, norm: str) -> Slopes | str:
        """Constants of the layer's output, or why there are none."""
        try:
            return slopes(self.network.model, self.objective.layer, self.stream.shape, norm)
        except InvalidInput as error:
            return str(error).partition("; give the bound k yourself")[0]

    def _slope(
        self, unit: int, norm: str, constants: Slopes | str, starts: torch.Tensor, advance: Any
    ) -> Slope:
        """The steepest pair, the two pictures among them; and the certified constant."""
        shown = [self.found.pictures[unit, end].to(starts.device) for end in ENDS]
        own = PicturePair(shown[0], shown[1])
        if (unit, norm) in self.pairs:
            pairs = [self.pairs[unit, norm]]
        else:
            pairs = [own]
            pairs += steep_pairs(
                self.network.model, self.objective, self.axis, unit, torch.cat([starts, torch.stack(shown)]), norm,
                self.settings.steps, self.settings.batch, advance,
            )  # fmt: skip
        high, why = None, constants if isinstance(constants, str) else ""
        if not isinstance(constants, str):
            try:
                high = of_unit(constants, self.objective, unit, self.axis)
            except InvalidInput as error:
                why = str(error)
        valued = [(self._valued(unit, norm, pair), pair) for pair in pairs]
        (low, first, second), pair = max(valued, key=lambda one: one[0][0])
        self.kept[unit, norm] = pair
        return Slope(norm, low, first, second, high, why)

    def _valued(self, unit: int, norm: str, pair: PicturePair) -> tuple[float, Pictured, Pictured]:
        """The slope of a pair, rounded down, and its two ends as a file names them."""
        ends, shown = [picture.cpu().numpy() for picture in (pair.first, pair.second)], []
        for end, name in zip(ends, ("first", "second"), strict=True):
            value = self.network.value(unit, end)
            digest = hashlib.sha256(npy(getattr(pair, name).cpu())).hexdigest()
            point = f"unit-{unit}-{norm}-{name}.npy"
            shown.append(Pictured(value.value, value.error, value.kind, point, digest))
        first, second = (end.ravel().astype(np.float64) for end in ends)
        near, error = distances(norm, first[None], Site(second, Fraction(0), ""))
        distance = float(np.nextafter(near[0] + error[0], math.inf))
        low = slope_below((_around(shown[0]), _around(shown[1])), distance)
        return low, shown[0], shown[1]

    # -- verdicts ------------------------------------------------------------------------------------

    def _unit(
        self,
        u: int,
        away: Mapping[Any, Away],
        constants: Mapping[str, Slopes | str],
        starts: torch.Tensor,
        advance: Any,
    ) -> ConcludedUnit:
        unit, truth = self.numbers[u], self.values[:, u]
        known = {
            norm: self._slope(unit, norm, constants[norm], starts, advance)
            for norm in self.settings.norms
        }
        low, high = (Fraction(value.value) for value in self.ends[unit])
        for norm in known:
            self.away[unit, norm] = np.stack([away[(unit, end), norm][0] for end in ENDS], 1)
        rows = list(self._rows(u, away, known))
        rows += [self.others[unit, key].row(key, truth) for key in OTHERS]
        shown = next(each for each in self.found.file.units if each.unit == unit)
        return ConcludedUnit(
            unit, shown.name, float(high - low), kind_of(*map(shown.shown, ENDS)), self.ranges.get(unit), self.range_why, dict(known),
            (float(truth.min()), float(truth.max())), int((truth <= float((low + high) / 2)).sum()),
            {norm: _spread(self.away[unit, norm].min(1)) for norm in known}, tuple(rows),
        )  # fmt: skip

    def _rows(
        self, u: int, away: Mapping[Any, Away], known: Mapping[str, Slope]
    ) -> Iterator[Conclusion]:
        unit, count = self.numbers[u], len(self.values)
        order = self.order[:, u]
        for shown, k in (*((PICTURES, k) for k in self.settings.exemplars), (NATURAL, 0)):
            taken = 1 if shown == NATURAL else k
            least, most = order[:taken], order[count - taken :]
            beside = [*least.tolist(), *most.tolist()]
            free = np.ones(count, dtype=bool)
            free[beside] = False
            names = beside if shown == NATURAL else [*((unit, end) for end in ENDS), *beside]
            around = [_around(self.ends[unit][ENDS.index(n[1])]) if isinstance(n, tuple) else (float(self.values[n, u]),) * 2 for n in names]  # fmt: skip
            within = (
                (float(self.values[least, u].max()), float(self.values[most, u].min()))
                if taken
                else (-math.inf, math.inf)
            )
            why = ""
            if 2 * taken >= count:
                why = f"there are only {count} images"
            elif around[1][0] <= around[0][1]:
                why = "the two shown values are equal"
            for assumption in (NOTHING, ADMISSIBLE, CERTIFIED):
                for norm in known if assumption != NOTHING else [None]:
                    slope = None if norm is None else known[norm]
                    constant = None if slope is None else slope.low if assumption == ADMISSIBLE else slope.high  # fmt: skip
                    reason = why
                    if assumption == CERTIFIED and slope is not None and constant is None:
                        reason = reason or slope.why
                    tasks: dict[str, Counted] = {}
                    if not reason:
                        sites = _sites(around, [away[n, norm or self.settings.norms[0]] for n in names])  # fmt: skip
                        tasks = counted(
                            sites.of(free), math.inf if constant is None else constant,
                            *self._limits(unit, assumption, sites, within), self.settings.eps, self.values[free, u],
                        )  # fmt: skip
                    yield Conclusion(
                        assumption, shown, k, norm, constant, int(free.sum()), reason, tasks.get("side"), tasks.get("approx")
                    )  # fmt: skip

    def _limits(
        self, unit: int, assumption: str, sites: Sites, within: tuple[float, float]
    ) -> tuple[tuple[float, float], tuple[float, float]]:
        """Floats around the floor and the ceiling: the certified range; or, for what is to hold of every range, the smallest
        that the shown values allow. Images that the unit did not choose lie between those that it did."""
        if assumption == ADMISSIBLE:
            floor = float(sites.low.min()), float(sites.high.min())
            ceiling = float(sites.low.max()), float(sites.high.max())
        else:
            low, high = self.ranges.get(unit, (-math.inf, math.inf))
            floor, ceiling = (low, low), (high, high)
        return (
            (max(floor[0], within[0]), max(floor[1], within[0])),
            (min(ceiling[0], within[1]), min(ceiling[1], within[1])),
        )


Away = tuple[Floats, Floats, Any]
"""Floats around the distances of images to a site, and which of them it is."""


def _widened(low: float, high: float) -> tuple[float, float]:
    """With room for the roundings of other machines."""
    room = ROOM * max(abs(low), abs(high))
    return low - room, high + room


def _spread(values: Floats) -> tuple[float, float, float]:
    return float(values.min()), float(np.median(values)), float(values.max())


def _stacked(parts: Sequence[Away]) -> Away:
    near, far, at = (np.concatenate([part[i] for part in parts]) for i in range(3))
    return near, far, at


def _joined(parts: Sequence[Mapping[Any, Away]]) -> dict[Any, Away]:
    return {key: _stacked([part[key] for part in parts]) for key in (parts[0] if parts else ())}


def _around(value: Evaluated) -> tuple[float, float]:
    """Floats around a value."""
    return directed(value.low)[0], directed(value.high)[1]


def _sites(around: Sequence[tuple[float, float]], away: Sequence[Away]) -> Sites:
    low, high = (np.array([ends[i] for ends in around]) for i in (0, 1))
    near, far, at = (np.stack([part[i] for part in away], 1) for i in range(3))
    return Sites(low, high, near, far, at)


class _Others:
    """What `bounds` says of one class of functions, image after image."""

    def __init__(
        self,
        v: Visualization,
        key: str,
        limits: tuple[float, float] | None,
        why: str,
        settings: ConclusionSettings,
    ) -> None:
        self.v, self.key, self.limits, self.settings = v, key, limits, settings
        self.most = math.inf
        self.why = f"no range of the values is certified: {why}" if limits is None else ""
        if OTHERS[key]:
            self.most = settings.programs
            if v.dim > LARGEST:
                self.why = self.why or f"exact linear programs are asked up to {LARGEST} pixels"
        self.found: list[Any] = []
        self.done = 0
        if limits is not None and not self.why:
            try:
                near_fibres_of(function_class(key), v, Limits(*map(Fraction, limits)))
            except InvalidInput:
                self.why = f"no {key} function takes the two values within the certified range"

    def ask(self, flat: Any) -> None:
        """Some images, shape (n, d)."""
        flat = flat[: max(0, int(min(self.most - self.done, len(flat))))]
        if self.why or not len(flat):
            return
        try:
            self.found.append(
                bounds(
                    function_class(self.key), self.v, flat, eps=self.settings.eps, limits=self.limits, noise=0
                )
            )  # fmt: skip
            self.done += len(flat)
        except InvalidInput as error:
            self.why, self.found, self.done = str(error), [], 0

    def row(self, key: str, truth: Floats) -> Conclusion:
        """The verdicts."""
        tasks: dict[str, Counted] = {}
        if not self.why:
            own = truth[: self.done]
            middle, gap = float(self.v.mid), float(self.v.range)
            centre = np.concatenate([part.prediction for part in self.found])
            words = np.concatenate([part.side for part in self.found])
            codes = {
                task: np.concatenate([part.decidable[task] for part in self.found])
                for task in TASKS
            }
            below, above = own <= middle, own >= middle
            near = np.abs(own - centre) <= float(self.settings.eps) * gap
            right = {
                "side": ((words == "min") & below) | ((words == "max") & above),
                "approx": near,
            }
            best = {
                "side": np.where(centre <= middle, below, above),
                "approx": near,
            }
            tasks = {
                task: Counted(
                    int((code == 1).sum()), int((code == 0).sum()), int(((code == 1) & right[task]).sum()), int(best[task].sum())
                )
                for task, code in codes.items()
            }  # fmt: skip
        return Conclusion(
            key,
            PICTURES,
            0,
            None,
            None,
            self.done,
            self.why,
            tasks.get("side"),
            tasks.get("approx"),
        )
