"""What `trompe audit compare` found, as tables, in sentences, as JSON and as a contact sheet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from trompe.ground.files import Destination
from trompe.views.picture import pyplot, save

if TYPE_CHECKING:
    from trompe.empirical.audits.compare import CompareAudit, ComparedLayer, ComparedUnit

SHOWN = 12
"""Of more units only so many have a line, or are named."""
KINDS = ("bit-identical", "alike", "other", "dead")
"""See `ComparedUnit.pictures`."""


def _name(layer: str) -> str:
    return f"layer '{layer}'" if layer else "output"


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _numbers(units: Sequence[ComparedUnit]) -> str:
    more = " ..." if len(units) > SHOWN else ""
    return ", ".join(str(unit.unit) for unit in units[:SHOWN]) + more


def as_tables(found: CompareAudit) -> Iterator[Any]:
    """One line a layer; and one a unit that shows other pictures, with its values (means over seeds)."""
    from rich.table import Table

    equal = f"bits, within {found.tolerance:g} of the range"
    layers = Table()
    for name in (
        "", "units: all, visualized", f"equal on all images: {equal}", f"pictures: {', '.join(KINDS)}",
        f"equal on all images, pictures other: {equal}",
    ):  # fmt: skip
        layers.add_column(name, overflow="fold")
    for layer in found.layers:
        kinds = [unit.pictures for unit in layer.compared]
        layers.add_row(
            _name(layer.layer), f"{layer.units}, {len(kinds)}", f"{layer.identical}, {layer.within}",
            ", ".join(str(kinds.count(kind)) for kind in KINDS),
            f"{len(layer.others())}, {len(layer.others(found.tolerance))}",
        )  # fmt: skip
    yield layers
    units = Table()
    for name in (
        "unit", "images where it is bit-identical", "correlation of A's and B's pictures, by seed",
        "A's pictures: value in A, in B", "B's pictures: value in A, in B",
    ):  # fmt: skip
        units.add_column(name, overflow="fold")
    for layer in found.layers:
        for unit in [unit for unit in layer.compared if unit.pictures == "other"][:SHOWN]:
            units.add_row(
                f"{unit.unit} of {_name(layer.layer)}", f"{unit.images} of {found.images}",
                ", ".join(f"{c:.2f}" for c in unit.correlations),
                f"{_mean(unit.a_in_a):.4g}, {_mean(unit.a_in_b):.4g}", f"{_mean(unit.b_in_a):.4g}, {_mean(unit.b_in_b):.4g}",
            )  # fmt: skip
    if units.row_count:
        yield units


def _of_outputs(found: CompareAudit) -> Iterator[str]:
    n = found.images
    if found.identical == n:
        yield f"On these {n} images all {found.outputs} outputs are bit-identical."
    else:
        yield (
            f"On {found.identical} of these {n} images all {found.outputs} outputs are bit-identical. The largest change of an output is "
            f"{found.change:.4g}, in the outputs' own units ({found.where})."
        )
    yield f"On {found.other_largest} of them another output is the largest."
    if found.accuracy is None:
        yield f"No accuracy: {found.why}."
    else:
        a, b = found.accuracy
        yield f"Accuracy on them: A {a:.2%}, B {b:.2%}; B's is {100 * (b - a):+.2f} percentage points off A's."
    equal = found.models_sha256[0] == found.models_sha256[1]
    yield (
        "The weights of both have the same names and bits; their code may differ."
        if equal
        else "The weights of both differ, in names or in bits."
    )


def _of_layer(found: CompareAudit, layer: ComparedLayer) -> Iterator[str]:
    name, n, below = _name(layer.layer), found.images, found.settings["other_below"]
    yield f"{name[0].upper()}{name[1:]} (seeds {', '.join(map(str, found.seeds))}, {found.steps} steps):"
    bits, near = layer.alike(), layer.alike(found.tolerance)
    rest = tuple(unit for unit in layer.compared if unit not in near)
    least = min((unit.images for unit in rest), default=n)
    within = f"{found.tolerance:g} of their natural range"
    groups = [(bits, f"bit-identical on all of these {n} images")]
    if len(near) > len(bits):
        groups.append((near, f"equal up to {within} on all of these {n} images"))
    if rest:
        how = f"change by more than {within} on some of these {n} images"
        how += f" (all are bit-identical on {least} or more of them)" if least else ""
        groups.append((rest, how))
    for units, how in groups:
        others = [unit for unit in units if unit.pictures == "other"]
        verb = "that" if how.startswith("change") else "that are"
        named = f": {_numbers(others)}" if others else ""
        yield (
            f"{len(others)} of the {len(units)} visualized units {verb} {how} have other visualizations{named}."
            if units
            else f"No visualized unit is {how}."
        )
    of = {kind: [unit for unit in layer.compared if unit.pictures == kind] for kind in KINDS}
    yield (
        f"Other: with one of these seeds the pictures of A and B correlate below {below:g}; of {len(of['bit-identical'])} units they "
        f"are bit-identical with all of them, of {len(of['alike'])} others they correlate at {below:g} or more with each."
    )
    if of["dead"]:
        yield (
            f"Nothing is known of the pictures of units {_numbers(of['dead'])}, which are dead in both: value and gradient 0 at every "
            "step from every seed. Redirected gradients (redirect) may help."
        )
    control = [c for unit in layer.compared if unit.pictures != "dead" for c in unit.control]
    if control:
        yield (
            f"Control: A's own pictures of one unit from different seeds correlate at {_mean(control):.2f} (mean of {len(control)} pairs, "
            f"{min(control):.2f} to {max(control):.2f})."
        )
    if len(layer.compared) < layer.units:
        yield f"Visualized were {len(layer.compared)} of its {layer.units} units; of the others' pictures nothing is known."


def said(found: CompareAudit) -> list[str]:
    """What the numbers are, for which images, units and seeds, and what they do and do not show."""
    lines = [" ".join(_of_outputs(found))]
    lines += [" ".join(_of_layer(found, layer)) for layer in found.layers]
    if any(layer.others(found.tolerance) for layer in found.layers):
        lines.append(
            "This does not show which of the two is manipulated, nor that one is. It shows that equal behaviour on these images "
            "goes with either picture."
        )
    lines.append(
        "Networks that agree on these images and pictures may differ elsewhere: on other images, units, seeds and settings."
    )
    return lines


def as_json(found: CompareAudit, source: Mapping[str, Any]) -> dict[str, Any]:
    """All of it, with what repeats it. source : what names the networks and the images."""
    from trompe.empirical.record import versions

    return {
        "source": dict(source),
        "models_sha256": list(found.models_sha256),
        "images": found.images,
        "images_sha256": found.images_sha256,
        "outputs": found.outputs,
        "identical": found.identical,
        "change": found.change,
        "where": found.where,
        "other_largest": found.other_largest,
        "accuracy": found.accuracy,
        "layers": [
            {
                "layer": layer.layer,
                "units": layer.units,
                "identical": layer.identical,
                "within": layer.within,
                "compared": [
                    asdict(unit)
                    | {"within": unit.within(found.tolerance), "pictures": unit.pictures}
                    for unit in layer.compared
                ],
            }
            for layer in found.layers
        ],
        "tolerance": found.tolerance,
        "seeds": list(found.seeds),
        "steps": found.steps,
        "settings": dict(found.settings),
        "versions": versions(),
        "verdict": said(found),
    }


def show_picture(found: CompareAudit, output: Destination) -> None:
    """Draw the pictures that are kept: a row a unit, A's and B's beside each other for each seed.

    Raises
    ------
    MissingDependency : matplotlib is not installed.
    """
    from trompe.empirical.experiments.figures import image_grid

    of = {(layer.layer, unit.unit): unit for layer in found.layers for unit in layer.compared}
    rows, notes, columns = {}, {}, []
    for (layer, number), pictures in found.pictures.items():
        unit = of[layer, number]
        shown = pictures.flatten(0, 1)
        if shown.shape[1] not in (1, 3):
            shown = shown.mean(1, keepdim=True)
        label = f"unit {number}" + (f"\nof {layer}" if layer else "")
        if not unit.identical:
            label += f"\nbits equal on\n{unit.images} of {found.images}"
        rows[label] = shown.numpy()
        columns = [f"{of}, seed {seed}" for seed in found.seeds[: len(pictures)] for of in "AB"]
        notes[label] = [
            text
            for c, same in zip(unit.correlations, unit.same, strict=True)
            for text in ("", "same bits" if same else f"r = {c:.2f}")
        ]
    title = (
        f"{len(rows)} of {len(of)} visualized units, those that differ most. {found.steps} steps. r: correlation of A's and B's "
        "picture. Which of two networks is manipulated, pictures do not tell."
    )
    with pyplot() as plt:
        save(plt, image_grid(rows, columns, title, notes), output)
