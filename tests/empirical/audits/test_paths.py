"""Path similarity against the slow definition, and the audit of a user's network."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

import hashlib
import itertools

import numpy as np
import zoo

from trompe.empirical import audit_paths, correlations, path_similarity
from trompe.empirical.audits.paths import phase_scrambled, share_below
from trompe.empirical.networks.inspection import capture
from trompe.theory import InvalidInput, UnknownKey


def slow(model, layer, natural, labels, probe, c):
    """Straight from the definition: loops over pairs of images."""
    with torch.no_grad(), capture(model, [layer]) as out:
        model(natural)
        acts = out[layer].flatten(1)
        model(probe)
        mine = out[layer].flatten(1)
    matrix = correlations(acts, acts)
    of = {k: [i for i, y in enumerate(labels.tolist()) if y == k] for k in set(labels.tolist())}
    same, different = [], []
    for k, members in of.items():
        same.append(np.mean([matrix[i, j] for i, j in itertools.permutations(members, 2)]))
        others = [j for q, rest in of.items() if q != k for j in rest]
        different.append(np.mean([matrix[i, j] for i in members for j in others]))
    raw = float(correlations(mine, acts)[0, of[c]].mean())
    return (raw - np.mean(different)) / (np.mean(same) - np.mean(different))


def test_streamed_similarity_is_the_definition(cnn, digits):
    pick = torch.cat(
        [torch.nonzero(digits.train.targets() == c).view(-1)[: 4 + c] for c in (0, 1, 2)]
    )
    natural, labels = digits.train.tensor()[pick], digits.train.targets()[pick]
    probe = torch.rand(1, 1, 8, 8)
    layers = ["features.relu1", "features.relu3", "linear"]
    found = path_similarity(
        cnn, layers, natural, labels, {"p": (probe, torch.tensor([2]))}, batch=5
    )["p"]
    for value in found:
        assert abs(value.mean - slow(cnn, value.layer, natural, labels, probe, 2)) < 1e-6


def test_natural_images_come_out_near_one_and_of_other_classes_near_zero(cnn, digits):
    x, y = digits.train.tensor(), digits.train.targets()
    held, of = digits.test.tensor(), digits.test.targets()
    found = path_similarity(
        cnn, ["linear"], x, y, {"right": (held, of), "wrong": (held, (of + 1) % 10)}
    )
    assert found["right"][0].mean > 0.8
    assert abs(found["wrong"][0].mean) < 0.3
    assert share_below(found["wrong"]) == 1
    assert found["right"][0].error < 0.2


def test_too_few_images(cnn):
    with pytest.raises(InvalidInput, match="at least two classes of two images each"):
        path_similarity(cnn, ["linear"], torch.rand(3, 1, 8, 8), torch.tensor([0, 0, 1]), {})


def test_paths_of_a_users_model(cnn, digits):
    x, y = digits.test.tensor(), digits.test.targets()
    found = audit_paths(cnn, ["features.relu1", "linear"], x, y, steps=48, seeds=(0,))
    assert found.visualizations[1].mean > found.noise[1].mean
    assert found.read_as_class > 0.5
    with pytest.raises(UnknownKey, match="unknown layer 'linea'; did you mean linear"):
        audit_paths(cnn, ["linea"], x, y)
    with pytest.raises(InvalidInput, match="none given; choose some of normalise"):
        audit_paths(cnn, [], x, y)
    with pytest.raises(InvalidInput, match="has outputs 0 to 9"):
        audit_paths(cnn, ["linear"], x, y, units=list(range(1, 11)))


@pytest.mark.parametrize("measure", ["spearman", "cosine"])
def test_errors_are_those_of_leaving_each_image_out(cnn, digits, measure):
    """The stratified jackknife, by as many calls as there are images."""
    y = digits.train.targets()
    pick = torch.cat([torch.nonzero(y == c).view(-1)[: 3 + c] for c in (0, 1, 2)])
    natural, labels = digits.train.tensor()[pick], y[pick]
    generator = torch.Generator().manual_seed(0)
    probes = {"p": (torch.rand(5, 1, 8, 8, generator=generator), torch.tensor([2, 0, 2, 0, 0]))}
    layers = ["features.relu1", "linear"]
    found = path_similarity(cnn, layers, natural, labels, probes, measure, batch=4, errors=True)[
        "p"
    ]
    for place, value in enumerate(found):
        left = []
        for i in range(len(labels)):
            kept = torch.arange(len(labels)) != i
            rest = path_similarity(cnn, layers, natural[kept], labels[kept], probes, measure)["p"]
            left.append(rest[place].mean)
        variance = 0.0
        for c in (0, 1, 2):
            of = [t for t, y in zip(left, labels.tolist(), strict=True) if y == c]
            centre = sum(of) / len(of)
            variance += (len(of) - 1) / len(of) * sum((t - centre) ** 2 for t in of)
        assert value.image_error == pytest.approx(variance**0.5, rel=1e-6)
        low, high = value.interval()
        assert (low + high) / 2 == pytest.approx(value.mean)
        assert (high - low) / 2 == pytest.approx(1.959964 * variance**0.5, rel=1e-5)
        wide = value.interval(looks=10)
        assert wide[0] < low and wide[1] > high


def test_the_intervals_hold_the_value_of_all_images_as_often_as_they_say(cnn, digits):
    """Random thirds of the training images against all of them; 60 draws, so that chance is small."""
    x, y = digits.train.tensor(), digits.train.targets()
    probes = {"p": (digits.test.tensor()[:40], digits.test.targets()[:40])}
    truth = path_similarity(cnn, ["linear"], x, y, probes)["p"][0].mean
    generator, hits = torch.Generator().manual_seed(1), 0
    for _ in range(60):
        pick = torch.cat(
            [
                of[torch.randperm(len(of), generator=generator)[:12]]
                for of in (torch.nonzero(y == c).view(-1) for c in range(10))
            ]
        )
        value = path_similarity(cnn, ["linear"], x[pick], y[pick], probes, errors=True)["p"][0]
        low, high = value.interval()
        hits += low <= truth <= high
    assert hits >= 50  # 57 expected; fewer than 50 of 60 at 95 % has probability 1e-4


def test_two_images_of_a_class_give_no_error(cnn, digits):
    x, y = digits.train.tensor()[:40], torch.arange(20).repeat_interleave(2)
    found = path_similarity(cnn, ["linear"], x, y, {"p": (x[:4], y[:4])}, errors=True)["p"][0]
    assert found.image_error is None and found.interval() is None


@pytest.mark.parametrize("size", [(8, 8), (7, 5)])
def test_scrambled_images_keep_amplitudes_and_colours_and_nothing_else(size):
    generator = torch.Generator().manual_seed(0)
    images = 0.45 + 0.1 * torch.rand((6, 3, *size), generator=generator)  # so that nothing is cut
    found = phase_scrambled(images, generator)
    assert torch.allclose(torch.fft.fft2(found).abs(), torch.fft.fft2(images).abs(), atol=1e-5)
    assert torch.allclose(found.mean((-2, -1)), images.mean((-2, -1)), atol=1e-6)
    rows = correlations(found.flatten(1), images.flatten(1), "pearson").diagonal()
    assert rows.abs().max() < 0.7 and not torch.equal(found[0], found[1])
    assert phase_scrambled(10 * images, generator).max() <= 1


def test_the_audit_says_what_repeats_it_and_has_both_controls(cnn, digits):
    x, y = digits.test.tensor(), digits.test.targets()
    found = audit_paths(cnn, ["features.relu1", "linear"], x, y, steps=8, seeds=(3, 4), show=False)
    assert (found.units, found.seeds, found.steps) == (tuple(range(10)), (3, 4), 8)
    assert len(found.scrambled) == 2 and found.scrambled[1].mean < 0.5
    assert all(v.image_error > 0 for v in (*found.visualizations, *found.noise, *found.scrambled))


def test_a_picture_that_gives_nan_is_named():
    images, labels = zoo.pictures(8), torch.tensor([0, 1] * 4)
    images[5] = 0.5
    for batch in (2, 100):
        with pytest.raises(
            InvalidInput, match=r"^picture 5 \(counted from 0\): gives NaN.* in 'relu' of"
        ):
            path_similarity(zoo.build(zoo.PerImage), ["relu"], images, labels, {}, batch=batch)
    probes = {"noise": (images[4:6], labels[4:6])}
    with pytest.raises(InvalidInput, match=r"^noise: picture 1: gives NaN"):
        path_similarity(zoo.build(zoo.PerImage), ["relu"], zoo.pictures(8), labels, probes)


def test_the_calls_of_one_layer_are_told_apart():
    model, images, labels = zoo.build(zoo.Residual), zoo.pictures(8), torch.tensor([0, 1] * 4)
    found = path_similarity(model, ["relu#1", "relu#2"], images, labels, {"p": (images, labels)})[
        "p"
    ]
    assert [value.layer for value in found] == ["relu#1", "relu#2"]
    assert found[0].same != found[1].same
    with pytest.raises(InvalidInput, match="name the call: relu#1"):
        path_similarity(model, ["relu"], images, labels, {})
    assert (
        audit_paths(model, ["relu#2"], images, labels, steps=1, seeds=(0,), show=False).images == 8
    )
    with pytest.raises(UnknownKey, match="unknown layer 'rely'"):
        audit_paths(model, ["rely#2"], images, labels)


# -- images that belong together -----------------------------------------------------------------------------------


def crops(digits, interleaved):
    """Three classes of four photographs with one to three noisy copies each; where `interleaved` they lie apart."""
    generator = torch.Generator().manual_seed(0)
    x, y = digits.train.tensor(), digits.train.targets()
    images, labels, groups = [], [], []
    for c in (0, 1, 2):
        for k, photo in enumerate(x[y == c][:4]):
            for _ in range(1 + (k + c) % 3):
                images.append(
                    (photo + 0.1 * torch.rand(photo.shape, generator=generator)).clamp(0, 1)
                )
                labels.append(c)
                groups.append(f"{c}-{k}")
    order = (
        torch.randperm(len(images), generator=generator)
        if interleaved
        else torch.arange(len(images))
    )
    return (
        torch.stack(images)[order],
        torch.tensor(labels)[order],
        [groups[i] for i in order.tolist()],
    )


def slow_grouped(model, layer, natural, labels, groups, probes, of_class, aside=frozenset()):
    """Straight from the definition, with pairs of one group left out, and the groups `aside` from the probes' pairs."""
    with torch.no_grad(), capture(model, [layer]) as out:
        model(natural)
        acts = out[layer].flatten(1)
        model(probes)
        mine = correlations(out[layer].flatten(1), acts)
    matrix, n, y = correlations(acts, acts), range(len(groups)), labels.tolist()
    same, different, values = [], [], []
    for c in sorted(set(y)):
        here = [i for i in n if y[i] == c]
        same.append(np.mean([matrix[i, j] for i in here for j in here if groups[i] != groups[j]]))
        different.append(np.mean([matrix[i, j] for i in here for j in n if y[j] != c]))
        held = [j for j in here if groups[j] not in aside]
        values.append(
            np.mean([mine[p, j] for p, of in enumerate(of_class.tolist()) if of == c for j in held])
        )
    low = np.mean(different)
    return np.mean([(v - low) / (np.mean(same) - low) for v in values])


@pytest.mark.parametrize("interleaved", [False, True])
def test_images_of_one_group_are_not_compared_and_errors_are_over_groups(cnn, digits, interleaved):
    natural, labels, groups = crops(digits, interleaved)
    probes = (
        torch.rand((5, 1, 8, 8), generator=torch.Generator().manual_seed(1)),
        torch.tensor([2, 0, 1, 0, 2]),
    )
    layers = ["features.relu1", "linear"]
    found = path_similarity(
        cnn, layers, natural, labels, {"p": probes}, batch=4, errors=True, groups=groups
    )["p"]
    for value in found:

        def slow(kept, layer=value.layer):
            return slow_grouped(
                cnn, layer, natural[kept], labels[kept], [groups[i] for i in kept], *probes
            )

        every = range(len(groups))
        assert value.mean == pytest.approx(slow([*every]), abs=1e-6)
        variance = 0.0
        for c in (0, 1, 2):
            of = sorted({g for g in groups if g.startswith(str(c))})
            left = [slow([i for i in every if groups[i] != g]) for g in of]
            variance += (len(of) - 1) / len(of) * sum((v - np.mean(left)) ** 2 for v in left)
        assert value.image_error == pytest.approx(variance**0.5, rel=1e-5)
    alone = path_similarity(cnn, layers, natural, labels, {"p": probes}, errors=True)["p"]
    assert alone[0].same > found[0].same + 0.02  # copies of one photograph are alike
    assert alone[1].image_error < found[1].image_error  # and say less than as many photographs


def test_scrambled_images_are_not_held_against_what_they_are_made_from(cnn, digits, monkeypatch):
    natural, labels, groups = crops(digits, True)
    kept = []

    def watched(images, generator):
        kept.append(phase_scrambled(images, generator))
        return kept[-1]

    monkeypatch.setattr("trompe.empirical.audits.paths.phase_scrambled", watched)
    found = audit_paths(
        cnn, ["features.relu1"], natural, labels, steps=1, batch=3, show=False, groups=groups
    )
    firsts = {g: groups.index(g) for g in dict.fromkeys(groups)}
    sources = {
        g: i for c in "012" for g, i in [*((g, i) for g, i in firsts.items() if g[0] == c)][:2]
    }
    probes, of_class = torch.cat(kept), labels[sorted(sources.values())]
    assert len(probes) == 6  # half of the four photographs of each class
    slow = slow_grouped(
        cnn, "features.relu1", natural, labels, groups, probes, of_class, frozenset(sources)
    )
    assert found.scrambled[0].mean == pytest.approx(slow, abs=1e-6)
    assert (
        abs(slow - slow_grouped(cnn, "features.relu1", natural, labels, groups, probes, of_class))
        > 1e-3
    )
    assert (found.images, found.groups) == (len(groups), 12)


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        ([0, 0, 1, 1, 2, 2, 3, 3, 0], "9 groups"),
        ([0] * 8, "groups: '0' has images of classes 0 and 1; expected one class a group"),
        ([0, 0, 0, 0, 1, 2, 3, 4], "classes with .1, 4. groups of images; expected at least two classes of two groups"),
        ([0.5] * 8, "expected integers or texts, one an image"),
        ("crops", "expected integers or texts, one an image"),
    ],
)  # fmt: skip
def test_groups_that_do_not_fit_are_one_line(groups, words):
    labels = torch.tensor([0] * 4 + [1] * 4)
    for _ in range(2):
        with pytest.raises(InvalidInput, match=words):
            path_similarity(
                zoo.build(zoo.Plain), ["conv"], zoo.pictures(8), labels, {}, groups=groups
            )
        groups = np.array(groups) if isinstance(groups, list) else groups


# -- what repeats an audit, and what it holds ------------------------------------------------------------------------


def test_batches_change_rounding_alone_and_the_images_have_a_hash(cnn, digits):
    x, y = digits.test.tensor()[:60], digits.test.targets()[:60] % 3
    runs = [
        audit_paths(cnn, ["features.relu1"], x, y, steps=4, batch=batch, show=False, units=[4, 5, 6])
        for batch in (2, 7, 100)
    ]  # fmt: skip
    for kind in ("visualizations", "noise", "scrambled"):
        values = [getattr(run, kind)[0].mean for run in runs]
        errors = [getattr(run, kind)[0].image_error for run in runs]
        assert values == pytest.approx(values[:1] * 3, abs=1e-4), kind
        assert errors == pytest.approx(errors[:1] * 3, rel=1e-3), kind
    assert {run.images_sha256 for run in runs} == {hashlib.sha256(x.numpy().tobytes()).hexdigest()}
    right = (cnn(x).argmax(1) == y + 4).float().mean()
    assert runs[0].accuracy == runs[2].accuracy == pytest.approx(float(right))


class OtherClip(zoo.Plain):
    """Bright pictures have one ReLU less."""

    def forward(self, x):
        y = self.conv(x)
        return self.head((y if float(x.detach().max()) > 0.69 else torch.relu(y)).mean((2, 3)))


class OtherModules(zoo.Plain):
    """Bright pictures go through `conv` twice; nothing clips."""

    def forward(self, x):
        y = torch.tanh(self.conv(x))
        y = y + torch.tanh(self.conv(x)) if float(x.detach().max()) > 0.69 else y
        return self.head(y.mean((2, 3)))


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (OtherClip, "its ReLU calls change with the pictures .call 1 was"),
        (
            OtherModules,
            "the layers that it calls change with the pictures .call 2 was head, now it is conv",
        ),
    ],
)
def test_calls_that_change_with_the_pictures_are_refused(kind, words):
    """In modules, or in what clips: either way a layer is another place of the network for some pictures."""
    images, labels = zoo.pictures(8).clamp(max=0.68), torch.tensor([0, 1] * 4)
    asked = {"steps": 1, "seeds": (0,), "show": False}
    assert path_similarity(zoo.build(kind), ["head"], images, labels, {}) == {}
    images[6, 0, 2, 2] = 0.7
    with pytest.raises(InvalidInput, match=words):
        path_similarity(zoo.build(kind), ["head"], images, labels, {}, batch=1)
    with pytest.raises(InvalidInput, match="says something else of an image when other images"):
        audit_paths(
            zoo.build(kind), ["head"], images, labels, batch=1, **asked
        )  # by the largest of all


class Places(torch.nn.Module):
    """Four windows a picture as rows of their own, and tokens before pictures, as PyTorch's transformers have them."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.windows, self.tokens, self.head = (
            torch.nn.Linear(16, 3),
            torch.nn.Linear(12, 4),
            torch.nn.Linear(4, 2),
        )
        self.rows = torch.nn.Identity()
        self.eval()

    def forward(self, x):
        windows = x.unfold(2, 4, 4).unfold(3, 4, 4).reshape(4 * len(x), 16)
        together = self.rows(self.windows(windows)).reshape(len(x), 12)
        return self.head(self.tokens(together[None].expand(5, -1, -1)).mean(0))


def test_layers_of_windows_are_taken_together_and_others_without_pictures_first_refused():
    model, images, labels = Places(), zoo.pictures(8), torch.tensor([0, 1] * 4)
    probes = {"p": (zoo.pictures(4, 3), labels[:4])}
    found = path_similarity(model, ["windows"], images, labels, probes, batch=3)["p"][0]
    model.rows = torch.nn.Unflatten(0, (-1, 4))  # the same numbers, one row a picture
    assert (
        found.mean == path_similarity(model, ["rows"], images, labels, probes, batch=3)["p"][0].mean
    )
    words = r"layer 'tokens': returns shape \(5, 1, 4\) for one picture and \(5, 2, 4\) for 2; expected the pictures on"
    with pytest.raises(InvalidInput, match=words):
        path_similarity(model, ["head", "tokens"], images, labels, probes)
