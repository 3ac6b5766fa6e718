"""The arena of a network that was not trained here: one case, in whose figures only photographs that may be shown appear."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest

torch = pytest.importorskip("torch")

import trompe.empirical
from trompe.empirical import run_arena
from trompe.empirical.arena.attacks import ATTACKS
from trompe.empirical.arena.methods import starts, to_credit
from trompe.empirical.arena.single import single_case
from trompe.empirical.arena.subject import Subject
from trompe.empirical.attacks.features import FeatureDetector
from trompe.empirical.cache import TensorCache
from trompe.empirical.inputs.data import ImageData, Split
from trompe.empirical.networks.training import classifier
from trompe.theory import InvalidInput

SCHEMA = json.loads(
    (Path(trompe.empirical.__file__).parent / "schemas" / "arena.schema.json").read_text()
)
ASKED = {
    "attacks": ["silent"], "methods": ["pixel", "accent-own"], "checks": ["paths", "nearest", "bits"], "show": False,
}  # fmt: skip


@pytest.fixture(scope="module")
def unlabelled(digits):
    """Crops of photographs, two of each; every third photograph may be shown by no figure. All labels are 0."""
    parts = []
    for split, most in ((digits.train, 200), (digits.test, 100)):
        groups = np.arange(most) // 2
        whose = tuple("" if g % 3 == 0 else f"photograph {g}" for g in groups)
        parts.append(
            Split(split.images[:most], np.zeros(most, np.int64), split.levels, groups, whose=whose)
        )
    return ImageData("crops", *parts, ("photograph",))


@pytest.fixture(scope="module")
def network(digits, tmp_path_factory):
    store = TensorCache(tmp_path_factory.mktemp("weights"))
    return classifier("cnn", digits, 0, "cpu", store, show=False)


@pytest.fixture(scope="module")
def subject(unlabelled, network, tmp_path_factory):
    data, case = single_case(unlabelled, network, [7, 2, 3])
    return Subject(
        data, 0, case.network, TensorCache(tmp_path_factory.mktemp("cache")), (700, 701), 8, case.units
    )  # fmt: skip


def test_a_run_is_one_case_with_raw_values(unlabelled, network, tmp_path):
    witness = run_arena(
        unlabelled, tmp_path / "out", model=network, units=[7, 2, 3], cache=tmp_path / "c", **ASKED
    )
    jsonschema.validate(witness, SCHEMA)
    assert witness["settings"]["units"] == [7, 2, 3] and witness["settings"]["references"] == []
    assert [(c["attack"], c["role"]) for c in witness["cells"]] == [("none", "tested"), ("silent", "tested")]  # fmt: skip
    by = {(a["attack"], a["check"], a["method"]): a for a in witness["alarms"]}
    assert by["silent", "bits", ""]["networks"] == 1
    assert not any(check in ("nearest", "paths-calibrated") for _, check, _ in by)
    assert any(m["check"] == "nearest" for m in witness["means"])
    assert {c["status"] for c in witness["claims"]} == {"not judged"}
    caption = next(f["caption"] for f in witness["figures"] if "examples" in f["file"])
    assert "Photographs: photograph " in caption
    again: dict[str, bool] = {}
    run_arena(
        unlabelled, tmp_path / "out", model=network, units=[7, 2, 3], cache=tmp_path / "c",
        done=again.__setitem__, **ASKED,
    )  # fmt: skip
    assert all(again.values())


def test_the_networks_own_classes_are_the_labels(subject, unlabelled, network):
    read = network(unlabelled.train.tensor()).argmax(1)
    assert subject.units == [7, 2, 3] and torch.equal(subject.train_labels, read)
    assert [int(read[row]) for row in subject.own] == [7, 2, 3]
    assert len(subject.data.classes) == 10


def test_figures_show_what_may_be_shown_and_targets_stay_apart(subject):
    split = subject.data.train
    assert all(split.whose[row] for row in subject.own)
    apart = set(split.groups[subject.own])
    natural = split.groups[subject.is_natural.numpy()]
    assert not apart & set(natural.tolist())  # no other crop of a target's photograph either
    shown = {image.numpy().tobytes() for image in starts(subject, True)}
    allowed = {image.numpy().tobytes() for image in subject.train[split.showable()]}
    assert shown <= allowed
    credit = to_credit(subject, 1)
    assert split.whose[subject.own[1]] in credit and "" not in credit
    bare = replace(subject, data=replace(subject.data, train=replace(split, whose=None)))
    assert to_credit(bare, 1) == ()


def test_a_photograph_that_is_read_as_two_units_counts_for_one(unlabelled, network):
    """Path similarity compares one crop of each photograph."""
    read = network(unlabelled.test.tensor()).argmax(1).numpy()
    rows = [int((read == unit).nonzero()[0][k]) for unit in (2, 3) for k in range(2)]
    test = unlabelled.test
    for groups, fits in (([0, 1, 2, 3], True), ([0, 1, 0, 2], False)):
        crops = Split(test.images[rows], test.labels[rows], test.levels, np.array(groups))
        data = replace(unlabelled, test=crops)
        if fits:
            assert single_case(data, network, [2, 3])[1].units == (2, 3)
        else:
            with pytest.raises(InvalidInput, match="output 3 has fewer"):
                single_case(data, network, [2, 3])


def test_a_cycle_leaves_the_other_outputs(subject):
    made = ATTACKS["circuit-next"].make(subject).network
    shown = {unit: made.permutation[unit] for unit in subject.units}
    assert shown == {7: 2, 2: 3, 3: 7}
    others = [k for k in range(10) if k not in shown]
    assert [made.permutation[k] for k in others] == others


def test_large_pictures_have_a_detector_of_the_networks_features():
    torch.manual_seed(0)
    net = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 5, 4), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(4), torch.nn.Flatten(),
        torch.nn.Linear(128, 3),
    ).eval()  # fmt: skip
    images = np.random.default_rng(0).integers(0, 256, (24, 3, 72, 72)).astype(np.uint8)
    data = ImageData("large", *[Split(images, np.arange(24) % 3, 255)] * 2, ("a", "b", "c"))
    from trompe.empirical.cache import Uncached

    subject = Subject(data, 0, net, Uncached(), (700,), 2, (0, 1, 2))
    assert isinstance(ATTACKS["circuit-next"].make(subject).network.detector, FeatureDetector)
    bent = ATTACKS["slingshot-own"].make(subject).network
    assert not torch.equal(bent[0].weight, net[0].weight)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"units": [1, 2]}, "units: are those of a network; give model too"),
        ({"photos": "somewhere"}, "photos: are for data = imagenet"),
        ({"model": True, "networks": 1}, "networks, references: a network that is not trained here is a single case"),
        ({"model": True, "references": 3}, "networks, references: a network"),
        ({"model": True, "jobs": 2}, "jobs: a network that is not trained here stays in this process"),
        ({"model": True, "data": "imagenet"}, "data = imagenet: has a network of its own"),
        ({"model": True, "units": [1, 10]}, "unit 10: the network has outputs 0 to 9"),
        ({"model": True, "few": 22}, "that are taken for each unit; "),
        ({"model": True, "few": 22, "units": [0, 1]}, "has fewer; give other units or more images"),
    ],
)  # fmt: skip
def test_bad_questions_are_one_line(unlabelled, network, tmp_path, given, says):
    given = dict(given)
    few = given.pop("few", None)
    data = given.pop("data", unlabelled)
    if few:
        train = unlabelled.train
        small = Split(train.images[:few], train.labels[:few], train.levels, train.groups[:few], whose=("",) * few)  # fmt: skip
        data = ImageData("few", small, small, ("photograph",))
    if given.pop("model", None):
        given["model"] = network
    with pytest.raises(InvalidInput) as error:
        run_arena(data, tmp_path / "out", cache=tmp_path / "cache", **ASKED, **given)
    assert says in str(error.value) and "\n" not in str(error.value)
    assert not (tmp_path / "out").exists()
