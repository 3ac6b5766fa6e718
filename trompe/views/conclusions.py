"""What `trompe audit conclusions` found, as tables, in sentences and as a picture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from trompe.ground.files import Destination
from trompe.ground.text import rounded_down, rounded_up
from trompe.proofs.handover.concluded import (
    ADMISSIBLE,
    CERTIFIED,
    NOTHING,
    OTHERS,
    TASKS,
    Conclusion,
    ConclusionsFile,
)
from trompe.views.picture import INK, pyplot, save

if TYPE_CHECKING:
    from trompe.empirical.audits.conclusions import ConclusionsAudit

SHOWN = 12
"""Of more units only so many have a line,"""
DRAWN = 4
"""and only so many are drawn."""


def _at_most(row: Conclusion, task: str) -> str:
    found = row.task(task)
    return "-" if found is None else str(row.images - found.no)


def _at_least(row: Conclusion, task: str) -> str:
    found = row.task(task)
    return "-" if found is None else str(found.yes)


def as_tables(found: ConclusionsFile) -> Iterator[Any]:
    """One line a unit and norm; then, of all units, one a task and assumption: the growth with natural exemplars."""
    from rich.table import Table

    units = Table()
    for name in (
        "unit", "norm", "L: at least, certified", "decided within, nearest image",
        "side: any admissible L, certified L", "approx: any admissible L, certified L",
    ):  # fmt: skip
        units.add_column(name, overflow="fold")
    for unit in found.units[:SHOWN]:
        for norm, slope in unit.slopes.items():
            rows = unit.row(ADMISSIBLE, norm), unit.row(CERTIFIED, norm)
            high = "-" if slope.high is None else rounded_up(slope.high, 4)
            cells = [
                f"at most {_at_most(rows[0], task)}, at least {_at_least(rows[1], task)}"
                for task in TASKS
            ]
            within = (
                f"{rounded_up(slope.radius(unit.gap), 4)}, {rounded_down(unit.nearest[norm][0], 4)}"
            )
            units.add_row(unit.name, norm, f"{rounded_down(slope.low, 4)}, {high}", within, *cells)
    yield units
    if len(found.settings.exemplars) < 2:
        return
    growth = Table()
    growth.add_column("mean share of images over units", overflow="fold")
    for k in found.settings.exemplars:
        growth.add_column(f"{k} + {k} exemplars", justify="right")
    for task in TASKS:
        for assumption in (NOTHING, ADMISSIBLE, CERTIFIED):
            norms: tuple[str | None, ...] = (
                (None,) if assumption == NOTHING else found.settings.norms
            )
            for each in norms:
                cells = [
                    _share([unit.row(assumption, each, k) for unit in found.units], task)
                    for k in found.settings.exemplars
                ]
                how = "at most" if assumption == ADMISSIBLE else "at least"
                growth.add_row(
                    f"{task}, {assumption}{f' in {each}' if each else ''}: {how}", *cells
                )
    yield growth


def _share(rows: list[Conclusion], task: str) -> str:
    shares = []
    for row in rows:
        if (counted := row.task(task)) is not None:
            decided = row.images - counted.no if row.assumption == ADMISSIBLE else counted.yes
            shares.append(decided / row.images)
    return f"{sum(shares) / len(shares):.1%}" if shares else "-"


def said(found: ConclusionsFile) -> list[str]:
    """The verdict, and what it rests on, of which units and images."""
    return [*found.verdict(), *_beside(found)]


def _beside(found: ConclusionsFile) -> Iterator[str]:
    n = found.images.count
    yield (
        "The side of an image: is the unit's value at it at most the middle of the two shown values, or at least? Approx: an answer within "
        f"{found.settings.eps} of their difference. Decided: one answer is right for every function that fits."
    )
    for unit in found.units[:SHOWN]:
        for norm, slope in unit.slopes.items():
            near = unit.nearest[norm]
            needed = unit.gap / (2 * near[0]) * (1 + 2.0**-50) if near[0] else float("inf")
            sure = "" if slope.kind == "enclosure" else f" ({slope.kind})"
            yield (
                f"{unit.name}, {norm}: its constant is at least {rounded_down(slope.low, 4)}{sure}, so that no admissible one decides the side farther than "
                f"{rounded_up(slope.radius(unit.gap), 4)} from both pictures. The nearest of the {n} images is {rounded_down(near[0], 4)} away (median {near[1]:.4g}): "
                f"for it L would have to be at most {rounded_up(needed, 4)}."
            )
        constant = unit.constant_answer(n)
        natural = unit.natural_answer
        beside = f", with the natural extremes as the two shown on {natural[0]} of {natural[1]}" if natural else ""  # fmt: skip
        yield (
            f"{unit.name}: shown values {unit.gap:.4g} apart; values on the images from {unit.natural[0]:.4g} to {unit.natural[1]:.4g}, "
            f"{unit.below} of {n} at most the middle. A decoder that always says one side is right on {constant} of {n}{beside}."
        )
        for key in OTHERS:
            row = unit.row(key)
            if row.side is None or row.approx is None:
                yield f"{unit.name}, {key}: not asked or excluded: {row.why}."
            elif row.side.yes or row.approx.yes:
                yield (
                    f"{unit.name}, {key}, which nothing says it is: the side is decided on {row.side.yes} of {row.images} images (right for the unit "
                    f"on {row.side.right}), approx on {row.approx.yes} (right on {row.approx.right})."
                )
            else:
                yield f"{unit.name}, {key}: nothing is decided on any of the {row.images} images that were asked."
        for norm in found.settings.norms:
            if (why := unit.row(CERTIFIED, norm).why) and unit is found.units[0]:
                yield f"No constant is certified in {norm}: {why}."
    if found.units[0].range is None:
        yield f"No range of the values is certified: {found.units[0].range_why}."
    if len(found.units) > SHOWN:
        yield f"The other {len(found.units) - SHOWN} units are in the file."
    for name, why in found.left_out.items():
        yield f"{name} is left out: {why}."
    yield (
        "Undecided: for every admissible L and every range that holds of the unit, two L-Lipschitz functions within it have the shown values at "
        "the two pictures, and no answer is right for both. A certified constant may be far above the least admissible one. Exemplars are the "
        "unit's own choice among these images, by values in float64."
    )


def show_picture(found: ConclusionsAudit, output: Destination) -> None:
    """Draw how far each image is from the two pictures, and the radius within which an admissible constant can decide the side.

    Raises
    ------
    MissingDependency : matplotlib is not installed.
    """
    units, norms = found.units[:DRAWN], found.file.settings.norms
    with pyplot() as plt:
        figure, grid = plt.subplots(
            len(norms), len(units), figsize=(0.6 + 2.9 * len(units), 0.7 + 2.7 * len(norms)), squeeze=False,
            layout="constrained",
        )  # fmt: skip
        for column, unit in enumerate(units):
            for row, norm in enumerate(norms):
                axes, away = grid[row][column], found.away[unit.unit, norm]
                radius = unit.slopes[norm].radius(unit.gap)
                top = 1.08 * max(float(away.max()), min(radius, float(away.max())))
                axes.axvspan(0, min(radius, top), color="#009E73", alpha=0.25, lw=0)
                axes.axhspan(0, min(radius, top), color="#009E73", alpha=0.25, lw=0)
                axes.plot(away[:, 0], away[:, 1], ".", color="#0072B2", ms=3, alpha=0.6)
                decided = unit.row(ADMISSIBLE, norm)
                axes.set_title(
                    f"{unit.name}, {norm}: at most {_at_most(decided, 'side')} of {decided.images}",
                    fontsize=9, color=INK,
                )  # fmt: skip
                axes.set(xlim=(0, top), ylim=(0, top))
                axes.tick_params(labelsize=8)
        figure.supxlabel("distance of an image to the picture of the minimum", fontsize=9)
        figure.supylabel("to that of the maximum", fontsize=9)
        more = f", the first {len(units)} of {len(found.units)} units" * (
            len(found.units) > len(units)
        )
        figure.suptitle(
            f"{found.file.layer}: {found.file.images.count} images{more}. Green: where an admissible Lipschitz constant can decide the side",
            fontsize=9, color=INK,
        )  # fmt: skip
        save(plt, figure, output)
