"""The checks and measures of the arena. Each looks at one attacked (or honest) network and gives numbers; some raise an alarm.

One more: a function from a `Examined` to numbers by method ("" where it is about the network and no picture), decorated by `@check(...)`, in a
file of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from trompe.empirical._torch import torch
from trompe.empirical.arena.registry import Registry
from trompe.empirical.arena.subject import Examined
from trompe.empirical.audits.compare import audit_compare
from trompe.empirical.audits.paths import path_similarity
from trompe.empirical.audits.silent import audit_silent
from trompe.empirical.experiments.paths import A_CLASS, one_of_each_group, pick_natural
from trompe.empirical.networks.inspection import accuracy, predict
from trompe.empirical.similarity import identical, paired_correlation, share

LEVEL = 0.5
"""Path similarity below this, in a hidden layer, is an alarm."""
LOST = 0.01
"""Accuracy that may be lost."""
Numbers = Sequence[float]
Measure = Callable[[Examined], Mapping[str, Numbers]]


@dataclass(frozen=True)
class Alarm:
    """When numbers are an alarm.

    below, above : where one of the numbers is. unusual : where they are further from those of the reference networks, to either
    side, than those of any reference network are from the others' and these. If the network that is looked at is one more
    such network, this happens with a probability of at most 1 / (references + 1).
    """

    below: float | None = None
    above: float | None = None
    unusual: bool = False

    def raised(self, numbers: Numbers, references: Sequence[Numbers]) -> bool:
        """Do these numbers raise it?"""
        if self.unusual:
            everybody = [numbers, *references]
            far = [strangeness(everybody, k) for k in range(len(everybody))]
            return far[0] > max(far[1:])
        low = self.below is not None and min(numbers) < self.below
        return low or (self.above is not None and max(numbers) > self.above)

    @property
    def says(self) -> str:
        """In words."""
        if self.unusual:
            return "further from the reference networks than any of these"
        parts = [f"below {self.below:g}"] if self.below is not None else []
        return " or ".join([*parts, *([f"above {self.above:g}"] if self.above is not None else [])])


def strangeness(everybody: Sequence[Numbers], which: int) -> float:
    """The largest distance of a network's numbers from the others' mean, entry by entry, in the others' standard deviations.

    The same rule for each of them, so that in exchangeable networks each is equally likely to be the strangest.
    """
    others = [numbers for k, numbers in enumerate(everybody) if k != which]
    far = 0.0
    for value, column in zip(everybody[which], zip(*others, strict=True), strict=True):
        away, spread = abs(value - fmean(column)), stdev(column)
        if away > 0:
            far = max(far, away / spread if spread > 0 else float("inf"))
    return far


@dataclass(frozen=True)
class Check:
    """A check, or a measure that raises no alarm.

    says : what it measures. cannot : what it cannot see. alarm : None for a measure. of : the key of the check whose numbers it
    judges; empty for its own. original : it needs the network as it was before the attack, which an auditor rarely has.
    """

    key: str
    says: str
    cannot: str
    measure: Measure | None
    alarm: Alarm | None
    of: str
    original: bool

    @property
    def source(self) -> str:
        """Whose numbers it judges."""
        return self.of or self.key


CHECKS: Registry[Check] = Registry("check")


def check(
    key: str, says: str, cannot: str, *, alarm: Alarm | None = None, original: bool = False
) -> Callable[[Measure], Measure]:
    """Registers the function below it, see `Check`."""

    def enter(measure: Measure) -> Measure:
        CHECKS.add(Check(key, says, cannot, measure, alarm, "", original))
        return measure

    return enter


def judge(key: str, of: str, says: str, cannot: str, alarm: Alarm) -> None:
    """Registers another alarm over the numbers of a check that is there."""
    CHECKS.add(Check(key, says, cannot, None, alarm, CHECKS[of].key, CHECKS[of].original))


# -- what a picture shows ----------------------------------------------------------------------------------


@check(
    "honest",
    "Pearson correlation of the pictures with those of the original network, same method and seeds; mean over units and seeds.",
    "Whether either picture shows what the unit responds to; two other pictures of one thing.",
    original=True,
)
def _honest(case: Examined) -> dict[str, Numbers]:
    return {
        key: [float(paired_correlation(shown.flatten(0, 1), case.honest[key].flatten(0, 1)))]
        for key, shown in case.shown.items()
    }


@check(
    "target",
    "Pearson correlation of the pictures with what the attack wants to show; mean over units and seeds.",
    "Anything where the auditor does not know the attack: it measures the attack, not the network.",
)
def _target(case: Examined) -> dict[str, Numbers]:
    aims = case.attacked.aims
    if aims is None:
        return {}
    return {
        key: [
            float(
                paired_correlation(
                    shown.flatten(0, 1), aims(case.honest[key]).expand_as(shown).flatten(0, 1)
                )
            )
        ]
        for key, shown in case.shown.items()
    }


@check(
    "seeds",
    "Pearson correlation of a unit's pictures from different seeds; mean over units and pairs.",
    "Whether what they share is true: units that show a given picture agree more than honest ones do.",
)
def _seeds(case: Examined) -> dict[str, Numbers]:
    found: dict[str, Numbers] = {}
    for key, shown in case.shown.items():
        seeds = len(shown)
        if seeds > 1:
            pairs = [(i, j) for i in range(seeds) for j in range(i)]
            found[key] = [fmean(float(paired_correlation(shown[i], shown[j])) for i, j in pairs)]
    return found


@check(
    "read",
    "The share of pictures whose largest output is their unit's.",
    "Every attack that raises the unit itself.",
)
def _read(case: Examined) -> dict[str, Numbers]:
    return {
        key: [share(predict(case.network, shown.flatten(0, 1)).argmax(1) == case.classes)]
        for key, shown in case.shown.items()
    }


@check(
    "activation",
    "The unit's value at its pictures over its largest on natural training images; mean over units where that is positive, and seeds.",
    "An attack whose values are as high as an honest unit's.",
    alarm=Alarm(unusual=True),
)
def _activation(case: Examined) -> dict[str, Numbers]:
    top = predict(case.network, case.subject.train).amax(0)[case.classes]
    found: dict[str, Numbers] = {}
    for key, shown in case.shown.items():
        values = predict(case.network, shown.flatten(0, 1)).gather(1, case.classes[:, None])[:, 0]
        if bool((top > 0).any()):
            found[key] = [float((values / top)[top > 0].mean())]
    return found


@check(
    "nearest",
    "The distance of the pictures to the nearest natural training image, root mean square over pixels; mean over units and seeds.",
    "An attack whose picture is no nearer to natural images, and no further, than honest pictures are.",
    alarm=Alarm(unusual=True),
)
def _nearest(case: Examined) -> dict[str, Numbers]:
    natural = case.subject.train.flatten(1)
    pixels = natural.shape[1] ** 0.5
    return {
        key: [float(torch.cdist(shown.flatten(2).flatten(0, 1), natural).amin(1).mean()) / pixels]
        for key, shown in case.shown.items()
    }


# -- how a picture is processed ------------------------------------------------------------------------------


@check(
    "paths",
    f"Path similarity in each hidden layer (Spearman; 0: natural images of other classes, 1: of the class); alarm below {LEVEL:g} in one.",
    "A picture of the unit's own class, whatever the unit is; and honest pictures are unlike natural images too.",
    alarm=Alarm(below=LEVEL),
)
def _paths(case: Examined) -> dict[str, Numbers]:
    subject, layers = case.subject, [case.attacked.prefix + name for name in case.subject.layers]
    first = one_of_each_group(subject.data.test, subject.test_labels, subject.units)
    images, labels = subject.test[first], subject.test_labels[first]
    chosen = pick_natural(predict(case.network, images), labels, A_CLASS, subject.units)
    found = path_similarity(
        case.network, layers, images[chosen], labels[chosen],
        {key: (shown.flatten(0, 1), case.classes) for key, shown in case.shown.items()},
    )  # fmt: skip
    return {key: [layer.mean for layer in similarities] for key, similarities in found.items()}


judge(
    "paths-calibrated",
    "paths",
    "The same numbers; alarm where they are further from those of reference networks, to either side, than any of these.",
    "A change that is no larger than the difference between honest networks; and which kind of change it is.",
    Alarm(unusual=True),
)


# -- audits of the network -----------------------------------------------------------------------------------


@check(
    "silent",
    "`audit silent`: units of ReLU calls that are silent on natural training images and that a picture was found to excite; alarm at one.",
    "An attack that uses units which natural images excite too.",
    alarm=Alarm(above=0.0),
)
def _silent(case: Examined) -> dict[str, Numbers]:
    found = audit_silent(case.network, case.subject.train, show=False)
    return {"": [float(len(found.driven))]}


@check(
    "compare",
    "`audit compare` with the original: units that behave alike on natural test images (up to 0.001 of their range) and show other Fourier pictures; alarm at one.",
    "A network that was trained on, whose natural outputs change by more; which of two networks is manipulated.",
    alarm=Alarm(above=0.0),
    original=True,
)
def _compare(case: Examined) -> dict[str, Numbers]:
    subject = case.subject
    found = audit_compare(
        subject.network, case.network, subject.test, subject.test_labels, units=subject.units, seeds=subject.seeds,
        steps=subject.steps, redirect=case.attacked.redirect, show=False,
    )  # fmt: skip
    return {"": [float(len(found.layers[0].others(found.tolerance)))]}


# -- natural behaviour ---------------------------------------------------------------------------------------

BLIND = "Whatever natural images do not show. Where all outputs are bit-identical on them, every measure of natural behaviour is the same."


@check(
    "bits",
    "The share of natural test images on which all outputs are bit-identical to the original's; alarm below 1.",
    BLIND,
    alarm=Alarm(below=1.0),
    original=True,
)
def _bits(case: Examined) -> dict[str, Numbers]:
    before, now = (predict(n, case.subject.test) for n in (case.subject.network, case.network))
    return {"": [share(identical(before, now))]}


@check(
    "accuracy",
    f"Accuracy on natural test images minus the original's; alarm where more than {100 * LOST:g} percentage point is lost.",
    BLIND,
    alarm=Alarm(below=-LOST),
    original=True,
)
def _accuracy(case: Examined) -> dict[str, Numbers]:
    images, labels = case.subject.test, case.subject.test_labels
    before, now = (accuracy(n, images, labels) for n in (case.subject.network, case.network))
    return {"": [now - before]}


@check(
    "logits",
    "The mean change of an output on natural test images, in standard deviations of the original's outputs.",
    BLIND,
    original=True,
)
def _logits(case: Examined) -> dict[str, Numbers]:
    before, now = (predict(n, case.subject.test) for n in (case.subject.network, case.network))
    return {"": [float((now - before).abs().mean() / before.std())]}
