"""Experiment: the ERM row of the table on a real data set, exactly."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from trompe.empirical._torch import torch
from trompe.empirical.attacks.erm import ErmPair, erm_pair
from trompe.empirical.experiments import figures
from trompe.empirical.experiments.context import Context, credited
from trompe.empirical.experiments.pictures import picture
from trompe.empirical.inputs.data import ImageData
from trompe.empirical.networks.inspection import predict
from trompe.empirical.record import RunRecord

KEY = "erm-witness"
STATEMENT = (
    "Two ReLU networks (two hidden layers, width growing with the data) fit every training image exactly, have the "
    "same unique minimiser, the same unique maximiser and the same extreme values, and disagree by (1 - eta) of the "
    "range on every held-out test image. Exact arithmetic throughout."
)
EXACT_POINTS = 1


def _distinct(ctx: Context) -> ImageData:
    """The data; of images in groups one a group. With a given network the labels are what it takes images for."""
    data = ctx.data
    if data.train.groups is not None:
        data = replace(
            data, train=data.train.one_of_each_group(), test=data.test.one_of_each_group()
        )
    if ctx.given is None:
        return data
    read = [
        predict(ctx.network, s.tensor(ctx.device)).argmax(1).cpu().numpy()
        for s in (data.train, data.test)
    ]
    found = np.unique(np.concatenate(read))
    train, test = (
        replace(split, labels=np.searchsorted(found, labels))
        for split, labels in zip((data.train, data.test), read, strict=True)
    )
    return replace(
        data, train=train, test=test, classes=tuple(ctx.name(unit) for unit in found.tolist())
    )


def run(ctx: Context) -> RunRecord:
    """The whole experiment; writes figures, returns the witness."""
    witness = ctx.witness(KEY, STATEMENT)
    data = _distinct(ctx)
    shown = [
        np.rint(picture(name, data.shape) * data.levels).astype(np.uint8)
        for name in ("rings", "eye")
    ]
    if ctx.target is not None:
        shown[1] = np.rint(np.asarray(ctx.target) * data.levels).astype(np.uint8)
    with ctx.timed("closest pair"):
        pair = erm_pair(data, shown[0], shown[1], device=ctx.device, show=ctx.show)
    n_train, n_test = pair.counts
    widths = pair.network_widths()
    witness.settings |= {
        "argmin": "rings (drawn)", "argmax": "eye (drawn)" if ctx.target is None else "the given picture",
        "minimum": "0", "maximum": "1", "eta": str(pair.eta), "labels": "(class + 1)/(classes + 1)",
        "delta": str(pair.delta), "widths of the two hidden layers": list(widths),
    }  # fmt: skip
    for name, count in pair.duplicates.items():
        witness.add(name, count, "count")
    witness.add("pairs of images compared", pair.closest.pairs, "count",
                equals=(n_train + n_test + 2) * (n_train + n_test + 1) // 2)  # fmt: skip
    witness.add("pairs whose full distance was needed", pair.closest.looked_at, "count",
                note="the others are excluded by a lower bound from block sums")  # fmt: skip
    witness.add(
        "smallest l1 distance of two images",
        str(Fraction(pair.closest.distance, pair.levels)),
        "l1",
    )
    witness.add("smallest distance in pixel levels (all images distinct if positive)", pair.closest.distance, "levels",
                at_least=1)  # fmt: skip
    with ctx.timed("evaluating f and g"):
        f, g = pair.evaluate(pair.sites, ctx.device, show=ctx.show)
    right = {sign: pair.values(sign) for sign in (1, -1)}
    tests, trains = slice(2 + n_train, None), slice(2, 2 + n_train)
    gaps = [a - b for a, b in zip(f[tests], g[tests], strict=True)]
    witness.add("held-out test images", n_test, "count")
    witness.add("test images where f - g is (1 - eta) R, exactly", sum(gap == pair.gap for gap in gaps), "count",
                equals=n_test)  # fmt: skip
    witness.add("f - g on every test image", str(min(gaps)), "range R = 1", equals=str(pair.gap))
    fits = [a == b == y for a, b, y in zip(f[trains], g[trains], right[1][trains], strict=True)]
    witness.add("training images that f and g both fit exactly", sum(fits), "count", equals=n_train)
    witness.add("f and g at the minimiser", [str(f[0]), str(g[0])], "exact", equals=["0", "0"])
    witness.add("f and g at the maximiser", [str(f[1]), str(g[1])], "exact", equals=["1", "1"])
    others = f[2:] + g[2:]
    inside = all(0 < value < 1 for value in others)
    witness.add("every other site is strictly between minimum and maximum", inside, "truth", equals=True,
                note="with disjoint hats this makes both extremes unique on all of [0, 1]^N")  # fmt: skip
    values = [f == right[1], g == right[-1]]
    witness.add(
        "f and g have their intended value at every site", all(values), "truth", equals=True
    )
    if max(data.shape[1:]) <= 16:  # a second route takes long for more pixels
        _second_routes(witness, pair, f, g)
    _figure(ctx, witness, pair, f, g, np.stack(shown))
    return witness


def _second_routes(witness: RunRecord, pair: ErmPair, f: list[Fraction], g: list[Fraction]) -> None:
    """The same functions by two other routes: trompe.constructions, and explicit ReLU networks."""
    n_train = pair.counts[0]
    agree, count = 0, 0
    for test in np.linspace(0, pair.counts[1] - 1, EXACT_POINTS).astype(int).tolist():
        by_f, by_g = pair.by_constructions(test)
        for site in (2 + n_train + test, 2 + test):
            point = tuple(Fraction(int(p), pair.levels) for p in pair.sites[site])
            agree += by_f(point) == f[site] and by_g(point) == g[site]
            count += 1
    witness.add(
        "sites where trompe.constructions gives the same exact values of f and g",
        agree,
        "count",
        equals=count,
    )
    sites = torch.from_numpy(pair.sites).double()
    with torch.no_grad():
        for name, sign, values in (("f", 1, f), ("g", -1, g)):
            outputs = pair.torch_network(sign)(sites).view(-1)
            wanted = torch.tensor([float(v) for v in values], dtype=torch.float64)
            witness.add(f"explicit ReLU network of {name}: largest error at all sites, float64",
                        (outputs - wanted).abs().max(), "range R = 1", at_most=1e-12)  # fmt: skip


def _figure(
    ctx: Context,
    witness: RunRecord,
    pair: ErmPair,
    f: list[Fraction],
    g: list[Fraction],
    shown: np.ndarray,
) -> None:
    """The shown pictures, some training and some test images, with f and g under each."""
    n_train, n_test = pair.counts
    by_whom = {
        image.tobytes(): split.whose[i]
        for split in (ctx.data.train, ctx.data.test) if split.whose
        for i, image in enumerate(split.images)
    }  # fmt: skip
    pixels = [site.astype(np.uint8).tobytes() for site in pair.sites] if by_whom else []
    may = np.array([not by_whom or bool(by_whom.get(pixels[s])) for s in range(len(pair.sites))])

    def some(start: int, count: int) -> np.ndarray:
        places = start + np.flatnonzero(may[start : start + count])
        return places[np.linspace(0, len(places) - 1, min(8, len(places))).astype(int)]

    chosen = {
        "shown": np.arange(2),
        "training": some(2, n_train),
        "held out": some(2 + n_train, n_test),
    }
    whose = credited(
        [by_whom[pixels[s]] for s in np.concatenate([chosen["training"], chosen["held out"]])]
        if by_whom
        else []
    )
    rows = {
        name: pair.sites[sites].reshape(len(sites), *ctx.data.shape) / pair.levels
        for name, sites in chosen.items()
    }
    notes = {
        name: [
            f"f = g = {f[s]}" if f[s] == g[s] else f"f = {f[s]}\ng = {g[s]}"
            for s in sites
        ]
        for name, sites in chosen.items()
    }  # fmt: skip
    notes["shown"] = ["minimum: 0", "maximum: 1"]
    test = 2 + n_train
    ctx.figure(
        witness, KEY, "pair",
        figures.image_grid(
            rows, (), f"Same extremes, same {n_train:,} training values, opposite values on {n_test:,} held-out images",
            notes,
        ),
        "Both networks have the same unique minimiser and maximiser (first row) and fit every training image (second "
        f"row, some of them); on every held-out image f is {f[test]} and g is {g[test]} (third row, "
        f"some of them).{whose}",
    )  # fmt: skip
