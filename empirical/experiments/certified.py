"""Experiment: a fooling circuit that is certified on whole boxes, and decided exactly where that is possible."""

from __future__ import annotations

from fractions import Fraction
from hashlib import sha256
from typing import Any

import numpy as np

from trompe.empirical._torch import torch
from trompe.empirical.attacks.certified import (
    certified_k,
    certify_natural,
    certify_shown,
    pgd_difference,
)
from trompe.empirical.attacks.circuit import FoolingCircuit
from trompe.empirical.attacks.detector import train_bounded_detector
from trompe.empirical.attacks.exact import (
    SOLVERS,
    TinyCircuit,
    decide,
    interval_of_e,
    largest_e,
    rounded,
)
from trompe.empirical.experiments import figures
from trompe.empirical.experiments.context import DISPLAY, Context
from trompe.empirical.experiments.detector import certified_training_images
from trompe.empirical.networks.architectures import BoundedCNN, BoundedMLP
from trompe.empirical.networks.inspection import predict
from trompe.empirical.networks.intervals import Box, interval_bounds, power_of_two_above
from trompe.empirical.record import RunRecord
from trompe.empirical.similarity import identical, share

KEY = "certified-circuit"
STATEMENT = (
    "Around almost every natural test image, interval bounds prove that the fooled network computes the original's "
    "outputs on the whole box of the stated radius; around visualizations, that it computes D's. On a network small "
    "enough, a solver decides the same statement exactly and agrees."
)
RADII = (0, 1, 2, 4, 8)
TINY_RADII = (2, 8, 32, 64)
SHOWN = {"pixel": 0.85, "fourier": 0.6, "maco": 0.85}
"""Visualizations by each parametrization that are certified at 1/255, at least, where a threshold is promised."""
nn = torch.nn


def run(ctx: Context) -> RunRecord:
    """The whole experiment; writes figures, returns the witness."""
    witness = ctx.witness(KEY, STATEMENT)
    classes = len(ctx.data.classes)
    images = certified_training_images(ctx)
    effort = ctx.effort
    steps, widths = effort.bounded["steps"], effort.bounded["widths"]
    detector = ctx.module_step(
        "bounded-detector",
        {**effort.bounded, "images": float(images.double().sum())},
        BoundedMLP(ctx.data.shape, widths) if widths else BoundedCNN(ctx.data.shape),
        [ctx.network],
        lambda: train_bounded_detector(
            ctx.train, images, seed=ctx.seed, show=ctx.show, **effort.bounded
        ),
    )
    k, bound = certified_k([ctx.network], ctx.data.shape)
    witness.settings |= {
        "radii": [f"{r}/255" for r in RADII],
        "detector": f"{f'MLP {widths}' if widths else 'three layers of convolutions and pooling, 64 hidden units'}, trained on interval bounds",
        "training steps": steps, "k": k, "arithmetic": "float64, widened for float32 rounding (u = 2^-24)",
    }  # fmt: skip
    witness.add("interval bound on every |F| and |D| over [0, 1]^N", bound, "logit")
    witness.add("k over that bound", k / bound, "ratio", at_least=1.0)
    shown = ctx.swapped if ctx.given else [(u + 1) % classes for u in range(classes)]
    circuit = FoolingCircuit(ctx.network, shown, detector, k)
    natural, certificates = [], {}
    for r in RADII:
        with ctx.timed("certifying"):
            certificates[r] = certify_natural(detector, ctx.test, r / 255)
        natural.append(certificates[r].share)
        witness.add(
            f"natural test images certified at {r}/255: fooled == original on the whole box",
            natural[-1], "share", at_least=effort.certified.get(r),
        )  # fmt: skip
    same = identical(ctx.test_outputs, predict(circuit, ctx.test))
    witness.add("natural test outputs bit-identical", share(same), "share")
    for r in effort.certified:
        inside = ctx.test[certificates[r].certified][: effort.attacked]
        witness.add(f"PGD inside certified boxes of {r}/255: boxes attacked", len(inside), "count",
                    note=f"at most the first {effort.attacked}")  # fmt: skip
        if not len(inside):
            continue
        with ctx.timed("attacking"):
            differing, largest = pgd_difference(
                circuit, ctx.network, detector, inside, r / 255, seed=ctx.seed
            )
        witness.add(f"PGD inside certified boxes of {r}/255: images with any difference", differing,
                    "count", equals=0)  # fmt: skip
        witness.add(f"PGD inside certified boxes of {r}/255: largest e found", largest, "e")
        witness.add(f"certified bound on e over the same boxes of {r}/255",
                    certificates[r].bound[certificates[r].certified][: effort.attacked].max(), "e", at_most=-1 / 40)  # fmt: skip
    apart = len(
        np.unique(ctx.data.test.group_numbers())
    )  # crops of one photograph are no independent trials
    said = f"n = {len(ctx.test):,}" + (f" of {apart} photographs" if apart < len(ctx.test) else "")
    series: dict[str, Any] = {
        f"natural ({said}): fooled = original": _with_intervals(natural, apart)
    }
    groups: dict[str, list[torch.Tensor]] = {}
    for setting in ctx.settings:
        groups.setdefault(setting.parametrization.key, []).append(
            ctx.unseen_outputs(setting).images
        )
    for key, parts in groups.items():
        shares = [certify_shown(detector, torch.cat(parts), r / 255).share for r in RADII]
        count = sum(map(len, parts))
        series[f"{DISPLAY[key]} visualizations (n = {count}): fooled = D"] = _with_intervals(
            shares, count
        )
        for r, part in zip(RADII, shares, strict=True):
            witness.add(
                f"{key} visualizations (unseen seeds) certified at {r}/255: fooled == D",
                part,
                "share",
                at_least=ctx.promised(SHOWN[key]) if r == 1 else None,
            )
    ctx.figure(
        witness, KEY, "certified",
        figures.curves(
            list(RADII), series, "radius of the box (in 1/255)", "certified share", "Proved on whole boxes",
            limits=_shares(series), legend="below",
        ),
        "Share of natural test images (and, dually, of unseen visualizations) around which interval bounds prove that "
        "the fooled network is the original (is D) on the whole box; bars are 95 % intervals for a share (Wilson). Points "
        f"of one radius are moved apart sideways.{'' if ctx.given else ' Black borders make these data sets easy.'}",
    )  # fmt: skip
    _tiny(ctx, witness)
    witness.add_weights("network" if ctx.given else "cnn", ctx.network)
    witness.add_weights("bounded detector", detector)
    return witness


def pooled(images: torch.Tensor) -> torch.Tensor:
    """Four numbers an image: the means of its quarters, over all channels."""
    return nn.functional.adaptive_avg_pool2d(images.mean(1, keepdim=True), 2).flatten(1)


def tiny_circuit(images: torch.Tensor, labels: torch.Tensor, seed: int) -> TinyCircuit:
    """Two networks of 4 inputs and 6 hidden units on the quarters' means: a class split, and a detector of bright
    inputs (all quarters above 0.85), trained briefly and rounded to multiples of 1/64."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed + 1)
        network = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 2))
        detector = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 1))
        bright = 0.85 + 0.15 * torch.rand(len(images), 4)
    x, y = pooled(images).cpu(), (labels % 2).cpu()
    optimizer = torch.optim.Adam([*network.parameters(), *detector.parameters()], lr=2e-2)
    for _ in range(200):
        natural, shown = detector(x), detector(bright)
        loss = nn.functional.cross_entropy(network(x), y)
        loss = loss + (1 + natural).relu().square().mean() + (1 - shown).relu().square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    network, detector = rounded(network), rounded(detector)
    zeros = torch.zeros((1, 4), dtype=torch.float64)
    out = interval_bounds(network, Box(zeros, torch.ones_like(zeros)))
    k = Fraction(power_of_two_above(float(out.size.max())))
    return TinyCircuit(network, detector, k)


def _tiny(ctx: Context, witness: RunRecord) -> None:
    """The solvers' answers against interval bounds, box by box."""
    from trompe.proofs.solvers import solver_version

    circuit = tiny_circuit(ctx.train[:2000], ctx.train_labels[:2000], ctx.seed)
    wrong = TinyCircuit(circuit.network, circuit.detector, Fraction(1, 64))
    answers: dict[str, int] = {}
    scripts: list[str] = []
    sound = implied = boxes = 0
    slackest = 0.0
    margin = Fraction(1, 40)
    centres = [
        ("natural", [Fraction(v) for v in row]) for row in pooled(ctx.test[:6]).double().tolist()
    ]
    centres += [("shown", [Fraction(1)] * 4), ("shown", [Fraction(61, 64)] * 4)]
    exact_curve: list[tuple[float, float]] = []
    with ctx.timed("solver"):
        for side, centre in centres:
            for r in TINY_RADII:
                low = [max(Fraction(0), v - Fraction(r, 255)) for v in centre]
                high = [min(Fraction(1), v + Fraction(r, 255)) for v in centre]
                decision = decide(circuit, low, high, side)
                answer = decision.verdict
                answers[answer] = answers.get(answer, 0) + 1
                scripts.append(decision.script)
                exact = largest_e(circuit, low, high, smallest=side == "shown")
                below, above = interval_of_e(circuit, low, high)
                boxes += 1
                if exact is None:
                    continue
                bound = Fraction(above if side == "natural" else below)
                inside = exact <= bound if side == "natural" else exact >= bound
                sound += inside
                slackest = max(slackest, float(abs(bound - exact)))
                certified = bound <= -margin if side == "natural" else bound >= margin
                implied += not certified or answer == "PROVED"
                if side == "natural":
                    exact_curve.append((float(exact), float(bound)))
    solvers = " and ".join(SOLVERS)
    text = "(reset)\n".join(scripts)
    ctx.text(KEY, "tiny.smt2", text)
    witness.settings |= {
        "solvers": {name: solver_version(name) for name in SOLVERS},
        "scripts": "tiny.smt2: one question a box, in linear real arithmetic; unsat where the verdict is PROVED, sat where "
        "it is REFUTED",
        "SHA-256 of the scripts": sha256(text.encode()).hexdigest(),
    }  # fmt: skip
    witness.add("tiny network: boxes by verdict", answers, "count by verdict",
                note=f"PROVED: {solvers} both answer unsat to the negation")  # fmt: skip
    witness.add("tiny network: boxes left UNKNOWN", answers.get("UNKNOWN", 0), "count", equals=0)
    witness.add("tiny network: boxes where the exact extreme of e lies inside the interval bound", sound, "count",
                equals=boxes)  # fmt: skip
    witness.add("tiny network: boxes where an interval certificate is confirmed by both solvers (or none was given)",
                implied, "count", equals=boxes)  # fmt: skip
    witness.add("tiny network: largest distance of interval bound and exact extreme", slackest, "e")
    centre = centres[0][1]
    low = [max(Fraction(0), v - Fraction(8, 255)) for v in centre]
    high = [min(Fraction(1), v + Fraction(8, 255)) for v in centre]
    decision = decide(wrong, low, high, "natural")
    witness.add("tiny network, planted fault (k = 1/64): verdict", decision.verdict, "verdict", equals="REFUTED",
                note="the refuting point is checked in exact fractions" if decision.point else "")  # fmt: skip
    ctx.figure(
        witness, KEY, "tiny",
        figures.spans(
            exact_curve, ("exact maximum (solvers)", "interval bound"), "box, in the order of its exact maximum",
            "largest e over the box", "Interval bounds against exact maxima", [(-1 / 40, "-1/40")],
        ),
        "On a tiny network: the exact maximum of the detector over each box around a natural image, and the interval "
        "bound above it. Below -1/40 the fooled network is the original on the whole box.",
    )  # fmt: skip


def _with_intervals(shares: list[float], count: int) -> tuple[list[float], Any]:
    """Values and error bars of a curve of shares."""
    reach = [figures.binomial_interval(share, count) for share in shares]
    return shares, ([low for low, _ in reach], [high for _, high in reach])


def _shares(series: dict[str, tuple[list[float], Any]]) -> tuple[float, float]:
    """Limits of the vertical axis that keep every error bar in."""
    lowest = min(
        v - low
        for values, (lows, _) in series.values()
        for v, low in zip(values, lows, strict=True)
    )
    return lowest - 0.02, 1.02
