"""Experiment: the fooling circuit on a trained network, with its ablations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from trompe.empirical._torch import Floats, Steps, Unit, at_once, repeatable, torch
from trompe.empirical.attacks.certified import certified_k, k_of
from trompe.empirical.attacks.circuit import Biased, FoolingCircuit, PictureUnit, picture_units
from trompe.empirical.attacks.detector import is_flagged, missed
from trompe.empirical.cache import Uncached
from trompe.empirical.experiments import figures
from trompe.empirical.experiments.context import DISPLAY, UNSEEN, USUAL, Context, credited
from trompe.empirical.experiments.detector import (
    coded,
    extended,
    fit,
    on_seen,
    training_images,
)
from trompe.empirical.experiments.given import look_at
from trompe.empirical.experiments.pictures import picture
from trompe.empirical.inputs.data import ImageData, Split
from trompe.empirical.inputs.streams import NaturalImages, as_stream
from trompe.empirical.maximization.ascent import Maximization, Settings
from trompe.empirical.networks.inspection import predict
from trompe.empirical.record import RunRecord
from trompe.empirical.similarity import identical, paired_correlation, share
from trompe.ground.arguments import Integer, checked

KEY = "fooling-circuit"
WORDS = {"fourier+transforms": "Fourier with transforms", "maco": "MACO"}
STATEMENT = (
    "A network that computes the original's outputs bit for bit on natural images, while activation maximization of "
    "it gives, bit for bit, the visualizations of another unit or of an arbitrary picture."
)


@dataclass(frozen=True)
class Built:
    """A circuit in which each unit shows the next, and how it was made."""

    circuit: FoolingCircuit
    trained_on: torch.Tensor
    """What the detector got of trajectories: features (n, d), or images."""
    rounds: int
    bound: float | None
    """The interval bound on every |output| over [0, 1]^N; None where there is none and k is not certified."""


def build(ctx: Context, pictures: PictureUnit | None = None) -> Built:
    """Trains the detector on trajectories, and again on those through the circuit until they are bit-identical to D's own.

    Each unit shows the next, or its picture where there are `pictures` of the context's units.
    """
    k, bound = k_of([ctx.network], ctx.data.shape)
    fooled = () if pictures is None or ctx.units == list(range(ctx.outputs)) else ctx.units
    k = k if pictures is None else max(k, pictures.largest)
    known = coded(ctx, training_images(ctx))
    detector = fit(ctx, "first", known)

    def joined(e: torch.nn.Module) -> FoolingCircuit:
        return FoolingCircuit(ctx.network, pictures or ctx.swapped, e, k, units=fooled)

    circuit = joined(detector)
    # MACO looks most natural; on larger images random transforms need a second look too. Pictures were never seen.
    weak = ctx.settings[0 if pictures is not None else ctx.effort.from_setting :]
    units = ctx.cycles[0][: ctx.effort.round_units]
    rounds, (least, most) = 0, ctx.rounds
    while weak and rounds < most:
        seeds = ctx.seeds(100 + 10 * rounds, ctx.effort.round_seeds)
        more = extended(ctx, f"round {rounds}", circuit, weak, seeds, units)
        known = torch.cat([known, more])
        detector = fit(ctx, f"round {rounds}", known, detector)
        circuit = joined(detector)
        rounds += 1
        if least <= rounds < most:
            fresh = ctx.seeds(150 + 10 * rounds, ctx.effort.fresh)
            weak = [
                s for s in weak
                if share(ctx.agreement(circuit, s, fresh, units)[2]) < 0.95
            ]  # fmt: skip
    return Built(circuit, known, rounds, bound)


@checked
def fool(
    model: torch.nn.Module,
    images: NaturalImages,
    units: Sequence[Unit] = (),
    *,
    targets: Floats | None = None,
    seed: Annotated[int, Integer(0, 2**63)] = 0,
    steps: Steps | None = None,
    show: bool = False,
) -> FoolingCircuit:
    """A network that computes `model` on natural images, while activation maximization of each unit gives another unit's picture, or a given one.

    Its detector is trained on optimisation trajectories of these units, of large pictures those of the first three (pixel, Fourier and MACO, with
    and without transforms).
    How far this carries to other images and other seeds is to be measured: see `identical`.

    Parameters
    ----------
    model : in eval mode, for images in [0, 1], output (n, outputs). It is left as it is, and is a part of the result.
    images : natural images, see `audit_silent`. units : outputs that are fooled, each shows the next and the last the first
        (of pictures above 64 pixels, where there are five or more, the first three among themselves and the others among themselves;
        the result's `permutation` says it); by default those that most images are taken for, at most ten.
    targets : pictures in [0, 1], shape (units, channels, height, width), one for each of `units`, which are then named: what
        each shows in place of another unit, see `picture_units`. Where they are natural images, leave them out of `images`.
    steps : optimisation steps of the trajectories; default 128 for pictures up to 16 pixels, 256 up to 64, else 64. show : say on standard
        error about how long the trajectories take, and draw progress where that is a terminal.

    Raises
    ------
    InvalidInput : the model cannot be used as it is, a unit is not there, there are fewer than two, or the targets do not fit.
    """
    stream = as_stream(images)
    pixels = np.concatenate(
        [part.cpu().numpy() for part in stream.batches(at_once(stream.shape, 500))]
    )
    split = Split(pixels, np.zeros(len(pixels), dtype=np.int64), 1)
    data = ImageData("images", split, split, ("",))
    ctx = Context(data, stream.device, seed, Path(), Uncached(), show)
    ctx.effort = replace(ctx.effort, steps=steps or ctx.effort.steps)
    with repeatable(device=stream.device), torch.random.fork_rng(devices=[]):
        shown = None if targets is None else picture_units(model, targets, ctx.train, units)
        ctx.given = look_at(model, ctx.train, units=units)
        return build(ctx, shown).circuit


def run(ctx: Context) -> RunRecord:
    """The whole experiment; writes figures, returns the witness."""
    witness = ctx.witness(KEY, STATEMENT)
    made = build(ctx)
    circuit, k = made.circuit, made.circuit.bound
    witness.settings |= {
        "steps": ctx.steps, "k": k, "interval bound on |F|, |D|": made.bound, "D": {ctx.name(u): ctx.name(ctx.swapped[u]) for u in ctx.units} if ctx.given else "unit u shows unit u + 1",
        "seeds of training": ctx.seeds(0, max(ctx.effort.plain_seeds, ctx.effort.maco_seeds)), "unseen seeds": ctx.unseen,
    }  # fmt: skip
    witness.settings["retraining rounds"] = made.rounds
    _natural(ctx, witness, circuit, "")
    _visualizations(ctx, witness, circuit)
    final = _pictures(ctx, witness, circuit.detector, made.trained_on, k)
    _natural(
        ctx,
        witness,
        FoolingCircuit(ctx.network, ctx.swapped, final, k),
        ", after the rounds for pictures",
    )
    if ctx.effort.ablations:
        _ablations(ctx, witness, circuit, made.trained_on)
    if ctx.effort.transfer and ctx.given is None:
        _transfer(ctx, witness, circuit)
    for name, module in (
        ("network" if ctx.given else "cnn", ctx.network),
        ("detector", circuit.detector),
        ("detector with pictures", final),
    ):
        witness.add_weights(name, module)
    return witness


def _natural(ctx: Context, witness: RunRecord, circuit: FoolingCircuit, when: str) -> None:
    """Outputs on natural images: bit-identity and accuracy."""
    original, fooled = ctx.test_outputs, predict(circuit, ctx.test)
    same = identical(original, fooled)
    before, after = (share(out.argmax(1) == ctx.test_labels) for out in (original, fooled))
    kept = share(same)
    if not when and ctx.given is None:
        witness.add("accuracy of the original", before, "share")
    witness.add(
        f"natural test outputs bit-identical{when}", kept, "share", at_least=ctx.effort.kept
    )
    if ctx.data.test.groups is not None:
        groups = ctx.data.test.group_numbers()
        whole = 1 - len(np.unique(groups[~same.cpu().numpy()])) / len(np.unique(groups))
        witness.add(
            f"natural test photographs of which all crops are bit-identical{when}", whole, "share", at_least=0.95
        )  # fmt: skip
    lost = "natural test images taken for another class" if ctx.given else "accuracy loss"
    witness.add(
        f"{lost}{when}", 100 * (before - after), "percentage points", at_most=ctx.effort.loss
    )
    for name, part in (("test", ctx.test_seen), ("train", ctx.train_seen)):
        flagged = is_flagged(on_seen(circuit.detector), part)
        witness.add(f"natural {name} images flagged{when}", int(flagged.sum()), "count")


def _visualizations(ctx: Context, witness: RunRecord, circuit: FoolingCircuit) -> None:
    """All settings, unseen seeds: the circuit's visualizations against D's own and against F's."""
    seeds = ctx.unseen
    pictures = 2 * len(seeds) * sum(len(ctx.units_of(setting)) for setting in ctx.settings)
    ctx.announce("visualizations of the network and of the circuit", pictures, ctx.steps)
    grids: dict[str, Any] = {}
    shared: dict[str, list[torch.Tensor]] = {key: [] for key in DISPLAY}
    fooled: dict[str, list[torch.Tensor]] = {key: [] for key in DISPLAY}
    for setting in ctx.settings:
        plain = ctx.unseen_outputs(setting)
        units = ctx.units_of(setting)
        place = [
            s * len(units) + units.index(ctx.swapped[u]) for s in range(len(seeds)) for u in units
        ]
        own = plain.images[place]  # D = the unit that each one shows
        through = ctx.visualize(circuit, setting, seeds, units)
        same = identical(own, through.images)
        shared[setting.parametrization.key].append(same)
        fooled[setting.parametrization.key].append(through.images)
        largest = ctx.natural_largest[units].repeat(len(seeds))
        positive = largest > 0  # a quotient by another sign says nothing
        driven = (plain.activations / largest)[positive]
        witness.add(f"{setting.name}: bit-identical to D's own, same seed", share(same), "share")
        witness.add(
            f"{setting.name}: correlation with D's own, same seed", paired_correlation(own, through.images),
            "correlation",
        )  # fmt: skip
        if len(driven):
            only = "" if bool(positive.all()) else ", where the largest natural one is positive"
            witness.add(
                f"{setting.name}: activation over the largest natural one", driven.mean(), "ratio",
                note=f"mean over units and seeds, of the original network's visualizations{only}",
            )  # fmt: skip
        if ctx.given and setting.name == USUAL:
            read = predict(ctx.network, plain.images).argmax(1).cpu() == torch.tensor(
                units * len(seeds)
            )
            witness.add(
                f"{setting.name}: visualizations read as their own class", share(read), "share", at_least=ctx.promised(0.9)
            )  # fmt: skip
            if len(driven):
                witness.add(
                    f"{setting.name}: smallest activation over the largest natural one", driven.min(), "ratio",
                    at_least=ctx.promised(3.0),
                )  # fmt: skip
        if setting.parametrization.key == "maco":
            witness.add(
                f"{setting.name}: spectrum error", plain.spectrum_error, "relative", at_most=1e-4
            )
        if setting.name in ("fourier+transforms", "maco"):
            original = plain.images[: len(units)]
            rows = {
                "original F": original.cpu(),
                "D alone": own[: len(units)].cpu(),
                "fooled": through.images[: len(units)].cpu(),
            }
            grids[setting.name] = units, rows
            witness.add(
                f"{setting.name}: correlation of the fooled unit's visualization with the original's",
                paired_correlation(original, through.images[: len(units)]), "correlation",
            )  # fmt: skip
    for key, least in (("pixel", 0.95), ("fourier", 0.95), ("maco", ctx.effort.maco_kept)):
        witness.add(
            f"{key}, with and without transforms: bit-identical to D's own, unseen seeds",
            share(torch.cat(shared[key])), "share", at_least=least,
        )  # fmt: skip
    for name, (units, rows) in grids.items():
        firsts, whose = ctx.first_images(units)
        ctx.figure(
            witness, KEY, f"visualizations-{name.replace('+', '-')}",
            figures.image_grid(
                {"natural": firsts, **rows}, [ctx.name(u) for u in units],
                f"Visualizations ({WORDS[name]}): each fooled unit shows {'another unit' if ctx.given else 'the next class'}",
            ),
            f"Per unit: a natural test image, the visualization of the original unit F, of the unit D that is shown "
            f"instead, and of the fooled unit, all with one seed ({WORDS[name]}). The last two rows agree bit for bit "
            f"where the detector fires at every step of the ascent; where it does not fire, the fooled network's outputs are the original's.{whose}",
        )  # fmt: skip
    _trajectory_figure(ctx, witness, circuit)
    e = {"natural test images": _values(circuit.detector, ctx.test_seen)}
    for key, name in DISPLAY.items():
        e[f"fooled units, {name}"] = _values(circuit.detector, coded(ctx, torch.cat(fooled[key])))
    ctx.figure(
        witness, KEY, "detector",
        figures.ridges(
            e, "detector e(x)", "Where the detector puts natural images and visualizations",
            [(0.0, "the ramp: -1/40 to 1/40")],
        ),
        "Histograms of the detector on natural test images and on the fooled units' visualizations (unseen seeds, with and "
        "without transforms), each as high as its own highest bar. Left of the ramp the circuit is the original network, "
        "right of it D.",
    )  # fmt: skip


def _trajectory_figure(ctx: Context, witness: RunRecord, circuit: FoolingCircuit) -> None:
    setting = next(s for s in ctx.settings if s.name == "fourier+transforms")
    unit, longest = ctx.units[0], ctx.effort.longest * ctx.steps
    marks = [step for step in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512) if step <= longest]
    rows = {}
    for name, model in (
        ("original F", ctx.network),
        ("D alone", circuit.shown_alone()),
        ("fooled", circuit),
    ):
        result = ctx.visualize(
            model, setting, ctx.seeds(UNSEEN, 1), [unit], keep=marks, steps=longest
        )
        rows[name] = result.trajectory[:, 0].cpu()
    same = identical(rows["D alone"], rows["fooled"])
    witness.add(
        f"{setting.name}, unit {unit}, {longest} steps: images of the trajectory bit-identical to D's own", share(same),
        "share", note=f"{len(marks)} steps of one run, longer than any that the detector was trained on",
    )  # fmt: skip
    ctx.figure(
        witness, KEY, "trajectories",
        figures.image_grid(
            rows, [f"step {m}" for m in marks], f"Unit {ctx.name(unit)} (fooled: shows {ctx.name(ctx.swapped[unit])}), step by step"
        ),
        "One optimisation run step by step (Fourier with transforms, one seed): the original unit, D, and the fooled unit.",
    )  # fmt: skip


def _pictures(
    ctx: Context, witness: RunRecord, detector: torch.nn.Module, known: torch.Tensor, k: float
) -> torch.nn.Module:
    """D = a picture that was never trained on; a few retraining rounds each. The last detector."""
    targets = {"given picture": ctx.target} if ctx.target is not None else {
        name: torch.from_numpy(picture(name, ctx.data.shape)).float() for name in ("eye", "square")
    }  # fmt: skip
    wanted = [s for s in ctx.settings if s.name in ("pixel", "fourier+transforms")]
    rows: dict[str, torch.Tensor] = {}
    unit, most = ctx.units[0], ctx.effort.picture_rounds
    few, last_seeds, round_seeds = ctx.effort.picture_seeds
    for name, target in targets.items():
        drawn = PictureUnit(target.to(ctx.device), ctx.outputs)
        for rounds in range(most + 1):
            circuit = FoolingCircuit(ctx.network, drawn, detector, max(k, 2.0))  # |D| is at most 1
            runs = [ctx.agreement(circuit, s, ctx.seeds(UNSEEN + 20, few), [unit]) for s in wanted]
            kept = share(torch.cat([same for _, _, same in runs]))
            if rounds == 0:
                witness.add(
                    f"{name}: bit-identical to D's own before any round", kept, "share", designed_to_fail=True,
                    note="a picture that the detector has never seen; a miss here is the ablation of the rounds",
                )  # fmt: skip
            enough = kept >= 0.95
            if rounds == most or (enough and ctx.effort.through):
                break
            more = extended(
                ctx,
                f"{name} {rounds}",
                circuit,
                wanted,
                ctx.seeds(120 + 10 * rounds, round_seeds),
                [unit],
            )
            if enough and not missed(
                on_seen(detector), more
            ):  # along D's own way the detector fires
                break
            known = torch.cat([known, more])
            detector = fit(ctx, f"{name} {rounds}", torch.cat([known, *[more] * 4]), detector)
        # The seeds above decided when to stop; these have decided nothing.
        runs = [
            ctx.agreement(circuit, s, ctx.seeds(UNSEEN + 40, last_seeds), [unit]) for s in wanted
        ]
        kept = share(torch.cat([same for _, _, same in runs]))
        witness.add(f"{name}: retraining rounds", rounds, "count", at_most=most)
        witness.add(
            f"{name}: bit-identical to D's own, unseen seeds", kept, "share", at_least=ctx.effort.picture_kept
        )  # fmt: skip
        rows[name] = _shown(ctx, witness, name, target, [(s, t) for s, (_, t, _) in zip(wanted, runs, strict=True)])  # fmt: skip
    whose = ""
    target, of = _photograph(ctx)
    if target is not None:
        drawn = PictureUnit(target.to(ctx.device), ctx.outputs)
        circuit = FoolingCircuit(ctx.network, drawn, detector, max(k, 2.0))
        runs = [ctx.agreement(circuit, s, ctx.seeds(UNSEEN + 60, few), [unit]) for s in wanted]
        witness.add(
            "photograph: bit-identical to D's own, never trained on", share(torch.cat([same for _, _, same in runs])), "share",
            designed_to_fail=True, note="the detector is made to take photographs for natural images",
        )  # fmt: skip
        rows["photo"] = _shown(ctx, witness, "photograph", target, [(s, t) for s, (_, t, _) in zip(wanted, runs, strict=True)])  # fmt: skip
        whose = credited([of])
    notes = {
        name: ["", *[f"r = {float(paired_correlation(image[None], row[:1])):.3f}" for image in row[1:]]]
        for name, row in rows.items()
    }  # fmt: skip
    ctx.figure(
        witness, KEY, "pictures",
        figures.image_grid(
            rows, ["target", "fooled,\npixel", "fooled, Fourier\n+ transforms", "published unit,\nalone"],
            f"Unit {ctx.name(unit)} shows a picture", notes,
        ),
        "The picture, the fooled unit's visualizations by two parametrizations, and what the published "
        "inner-product unit shows; r is the correlation with the picture."
        + (" The detector was not trained on the photograph: where it takes what comes near it for a natural image, the fooled unit stalls." if whose else "")
        + whose,
    )  # fmt: skip
    return detector


def _shown(
    ctx: Context, witness: RunRecord, name: str, target: torch.Tensor, fooled: Sequence[tuple[Settings, Maximization]],
) -> torch.Tensor:  # fmt: skip
    """A picture, what the fooled unit shows by some settings and what the published unit shows, on the CPU; how like it they are goes on record."""
    picture = target.to(ctx.device)[None]
    for setting, run in fooled:
        witness.add(
            f"{name}, {setting.name}: correlation of the fooled visualization with the picture",
            paired_correlation(run.images, picture.expand_as(run.images)), "correlation",
        )  # fmt: skip
    paper = PictureUnit(picture[0], ctx.outputs, paper=True)
    inner = ctx.visualize(paper, fooled[-1][0], ctx.seeds(UNSEEN + 20, 1), ctx.units[:1])
    witness.add(
        f"{name}: correlation with the picture, published inner-product unit",
        paired_correlation(inner.images, picture), "correlation", designed_to_fail=True,
    )  # fmt: skip
    return torch.cat([picture, *(run.images[:1] for _, run in fooled), inner.images]).cpu()


def _photograph(ctx: Context) -> tuple[torch.Tensor | None, str]:
    """Of the test crops that a figure may show the one that the network is surest of, and whose it is; none where nobody is named."""
    split = ctx.data.test
    if split.whose is None or not split.showable().any():
        return None, ""
    sure = ctx.test_outputs.softmax(1).amax(1).cpu()
    place = int(sure.masked_fill(~torch.from_numpy(split.showable()), -1).argmax())
    return ctx.test[place].cpu(), split.whose[place]


def _values(detector: torch.nn.Module, seen: torch.Tensor) -> Any:
    return predict(on_seen(detector), seen).view(-1).cpu().numpy()


def _transfer(ctx: Context, witness: RunRecord, circuit: FoolingCircuit) -> None:
    """The same detector, made on the CNN's trajectories, in front of another network."""
    k, _ = certified_k([ctx.deep], ctx.data.shape)
    other = FoolingCircuit(ctx.deep, list(circuit.permutation or ()), circuit.detector, k)
    same = share(identical(predict(ctx.deep, ctx.test), predict(other, ctx.test)))
    witness.settings["k for MiniInception"] = k
    witness.add(
        "transfer to MiniInception: natural test outputs bit-identical",
        same,
        "share",
        at_least=0.999,
    )
    for setting in ctx.settings[:4]:
        if not setting.transforms:
            _, _, shown = ctx.agreement(other, setting, ctx.seeds(UNSEEN, 1))
            witness.add(f"transfer to MiniInception, {setting.name}: bit-identical to D's own",
                        share(shown), "share")  # fmt: skip


def _ablations(
    ctx: Context, witness: RunRecord, circuit: FoolingCircuit, images: torch.Tensor
) -> None:
    """Variants that fail by design, on natural test images or on MACO."""
    base = ctx.test_outputs

    def same(variant: torch.nn.Module) -> float:
        return share(identical(base, predict(variant, ctx.test)))

    parts = (ctx.network, list(circuit.permutation or ()), circuit.detector, circuit.bound)
    fail: dict[str, Any] = {"unit": "share", "designed_to_fail": True}
    witness.add(
        "ablation: one-sided circuit without bias, natural test outputs bit-identical",
        same(FoolingCircuit(*parts, two_sided=False)), **fail,
    )  # fmt: skip
    witness.add(
        "ablation: published one-sided circuit with a bias of 100, natural test outputs bit-identical",
        same(Biased(*parts)), **fail,
    )  # fmt: skip
    witness.add(
        "ablation: sigmoid instead of the ramp, natural test outputs bit-identical",
        same(FoolingCircuit(*parts, ramp=False)), **fail,
    )  # fmt: skip
    plain = training_images(ctx, "no-maco")
    bare = fit(ctx, "no-maco", coded(ctx, plain))
    maco = images[len(plain) :]
    witness.add(
        "ablation: MACO left out of training, share of its trajectories missed",
        missed(bare, maco),
        note="MACO's trajectories, and what the retraining rounds added",
        **fail,
    )
    witness.add("the same share with MACO in training", missed(circuit.detector, maco), "share")
    firsts, _ = ctx.first_images()
    pixel = ctx.settings[0]
    stuck = ctx.visualize(circuit, pixel, ctx.seeds(UNSEEN, 1), start=firsts)
    with torch.no_grad():
        gate = circuit.gate(stuck.images).view(-1)
    witness.add(
        "ablation: start from a natural image, share where D is shown (E = 1)",
        share(gate == 1),
        **fail,
    )
    witness.add(
        "ablation: start from a natural image, share where F is still shown (E = 0)", share(gate == 0),
        **fail, note="the rest stalls in the ramp, where neither is shown",
    )  # fmt: skip
