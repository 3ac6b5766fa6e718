"""Streams: the same images as the arrays, and never more than a batch or two of them at a time."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

import gzip
import struct
import weakref

import numpy as np

from trompe.empirical import audit_paths, audit_silent, load_data, open_images
from trompe.empirical.inputs.streams import ImageStream, as_stream
from trompe.theory import InvalidInput

PIL = pytest.importorskip("PIL.Image", reason="Pillow reads pictures")
nn = torch.nn


def pictures(folder, n=7, mode="RGB", size=(9, 6)):
    rng = np.random.default_rng(0)
    for label, name in enumerate(("dim", "lit")):
        (folder / name).mkdir(parents=True)
        for k in range(n):
            shape = (size[1], size[0], 3) if mode == "RGB" else (size[1], size[0])
            pixels = rng.integers(100 * label, 100 * label + 156, shape, dtype=np.uint8)
            PIL.fromarray(pixels).save(folder / name / f"{k}.png")


def idx(folder, zipped):
    rng = np.random.default_rng(1)
    for stem, n in (("train", 7), ("t10k", 4)):
        images = (
            struct.pack(">4I", 2051, n, 6, 5) + rng.integers(0, 256, n * 30, np.uint8).tobytes()
        )
        labels = struct.pack(">2I", 2049, n) + bytes(k % 2 for k in range(n))
        for part, raw in (("images-idx3-ubyte", images), ("labels-idx1-ubyte", labels)):
            path = folder / f"{stem}-{part}{'.gz' if zipped else ''}"
            path.write_bytes(gzip.compress(raw) if zipped else raw)


def same_as_arrays(stream, data, sort=False):
    """All batches together against the whole arrays, for several batch sizes."""
    x = torch.cat([data.train.tensor(), data.test.tensor()])
    y = np.concatenate([data.train.labels, data.test.labels])
    assert stream.shape == data.shape
    assert len(stream) == len(x)
    for size in (1, 3, 100):
        batches = list(stream.batches(size))
        assert max(map(len, batches)) <= size
        got, labels = torch.cat(batches), stream.labels
        if sort:  # a folder without train and test is split only by load_data
            rows = [(tuple(a.flatten().tolist()), b) for a, b in zip(got, labels, strict=True)]
            assert sorted(rows) == sorted(
                (tuple(a.flatten().tolist()), b) for a, b in zip(x, y, strict=True)
            )
        else:
            assert torch.equal(got, x)
            assert (labels == y).all()


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_folder_streams_what_it_holds(tmp_path, mode):
    pictures(tmp_path / "flat", mode=mode)
    same_as_arrays(open_images(tmp_path / "flat"), load_data(tmp_path / "flat"), sort=True)
    for split in ("train", "test"):
        pictures(tmp_path / "split" / split, n=3, mode=mode)
    same_as_arrays(open_images(tmp_path / "split"), load_data(tmp_path / "split"))


@pytest.mark.parametrize("zipped", [False, True])
def test_idx_files_and_digits_stream(tmp_path, zipped):
    idx(tmp_path, zipped)
    same_as_arrays(open_images(tmp_path), load_data(tmp_path))
    same_as_arrays(open_images("digits"), load_data("digits"))


def test_damage_is_found_when_its_batch_comes(tmp_path):
    pictures(tmp_path / "a")
    victim = tmp_path / "a" / "lit" / "6.png"
    victim.write_bytes(victim.read_bytes()[:-60])
    stream = open_images(tmp_path / "a")
    assert len(stream.first(5)) == 5
    with pytest.raises(InvalidInput, match=r"lit/6\.png: not a readable picture"):
        list(stream.batches(4))
    (tmp_path / "b").mkdir()
    idx(tmp_path / "b", zipped=True)
    path = tmp_path / "b" / "t10k-images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())[:-1]))
    with pytest.raises(InvalidInput, match=r"t10k-images.*another number of bytes; its header"):
        list(open_images(tmp_path / "b").batches(4))


class Counting(ImageStream):
    """Makes images as they are asked for and counts how many of them somebody still holds."""

    def __init__(self, n, shape=(1, 8, 8)):
        self.labels = np.arange(n) % 2
        self.shape, self.device = shape, torch.device("cpu")
        self.alive = self.most = 0

    def batches(self, size):
        for start in range(0, len(self), size):
            generator = torch.Generator().manual_seed(start)
            labels = torch.from_numpy(self.labels[start : start + size])
            part = 0.5 * torch.rand(len(labels), *self.shape, generator=generator)
            part[labels == 1, :, :4] += 0.4
            self.alive += len(part)
            self.most = max(self.most, self.alive)
            weakref.finalize(part, self.gone, len(part))
            yield part
            del part

    def gone(self, count):
        self.alive -= count


@pytest.fixture(scope="module")
def net():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(144, 2)
    ).eval()


def test_audits_hold_a_few_batches_whatever_the_number_of_images(net):
    for n in (200, 2000):
        stream = Counting(n)
        audit_silent(net, stream, batch=20, steps=2, show=False)
        assert 20 <= stream.most <= 2 * 20 + 2
        stream = Counting(n)
        audit_paths(net, ["0", "3"], stream, batch=20, steps=2, seeds=(0,), show=False)
        assert 20 <= stream.most <= 2 * 20 + 2


def test_the_count_sees_an_audit_that_collects_its_images():
    stream = Counting(200)
    everything = list(stream.batches(20))  # the planted fault
    assert stream.most == 200
    del everything
    assert stream.alive == 0


def test_streamed_audits_are_those_of_the_whole_tensor(net):
    stream = Counting(60)
    x, y = torch.cat(list(stream.batches(20))), torch.from_numpy(stream.labels)
    options = {"batch": 20, "steps": 3, "show": False}
    assert audit_silent(net, stream, **options) == audit_silent(net, x, **options)
    streamed = audit_paths(net, ["0", "1", "3"], stream, **options)
    assert streamed == audit_paths(net, ["0", "1", "3"], x, y, **options)
    with pytest.raises(InvalidInput, match="has its own; leave them out"):
        as_stream(stream, y)
    with pytest.raises(InvalidInput, match="images: the stream holds none"):
        audit_silent(net, Counting(0), **options)
    with pytest.raises(InvalidInput, match="60 images but 59 labels"):
        as_stream(x, y[:-1])


def test_large_layers_are_ranked_a_few_images_at_a_time(net, monkeypatch):
    from trompe.empirical.audits import paths

    sizes = []
    real = paths.unit_rows

    def recorded(rows, measure):
        sizes.append(rows.numel())
        return real(rows, measure)

    stream = Counting(40)
    whole = audit_paths(net, ["0"], stream, batch=20, steps=2, show=False)
    monkeypatch.setattr(paths, "unit_rows", recorded)
    monkeypatch.setattr(paths, "ROWS_TIMES_UNITS", 500)
    found = audit_paths(net, ["0"], stream, batch=20, steps=2, show=False)
    for one, other in zip(found.visualizations, whole.visualizations, strict=True):
        assert one.per_class == pytest.approx(
            other.per_class, abs=1e-5
        )  # sums of fewer numbers may round otherwise
        assert one.same == pytest.approx(other.same, abs=1e-5)
    assert max(sizes) <= 500


def test_layers_that_cannot_be_compared(net):
    class Unused(nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.spare = net, nn.Linear(2, 2)

        def forward(self, x):
            return self.body(x)

    options = {"steps": 2, "seeds": (0,), "show": False}
    with pytest.raises(InvalidInput, match="'spare': the forward pass does not call it"):
        audit_paths(Unused().eval(), ["spare"], Counting(20), **options)
    flat = nn.Sequential(nn.Flatten(), nn.Linear(64, 2)).eval()
    nn.init.zeros_(flat[1].weight)
    found = audit_paths(flat, ["0", "1"], Counting(20), **options)
    assert [v.comparable for v in found.visualizations] == [True, False]
    assert found.visualizations[1].mean == 0


# -- sizes and ranges --------------------------------------------------------------------------------


def photograph(folder, name, size, seed=0, mode="RGB"):
    """A smooth picture, so that a shift by one pixel is larger than the rounding of resampling."""
    width, height = size
    rng = np.random.default_rng(seed)
    waves = rng.uniform(0.02, 0.1, (3, 2))
    y, x = np.mgrid[:height, :width]
    channels = [127 + 120 * np.sin(a * x + b * y) for a, b in waves]
    pixels = np.rint(np.stack(channels, 2)).astype(np.uint8)
    folder.mkdir(parents=True, exist_ok=True)
    PIL.fromarray(pixels).convert(mode).save(folder / name)
    return pixels


def resampled(pixels, height, width):
    """PyTorch's own antialiased bilinear resampling: another implementation than the one that is used."""
    x = torch.from_numpy(pixels).permute(2, 0, 1)[None].double()
    return nn.functional.interpolate(x, (height, width), mode="bilinear", antialias=True)[0] / 255


@pytest.mark.parametrize(
    ("options", "scaled", "box"),
    [
        ({"resize": (24,)}, (24, 38), (0, 0, 24, 38)),
        ({"resize": (24,), "crop": (16,)}, (24, 38), (4, 11, 16, 16)),
        ({"resize": (90,), "crop": (80, 70)}, (90, 145), (5, 38, 80, 70)),
        ({"resize": (20, 30)}, (20, 30), (0, 0, 20, 30)),
        ({"crop": (31, 21)}, (50, 81), (10, 30, 31, 21)),
    ],
)
def test_pictures_are_scaled_and_cut_as_their_batch_comes(tmp_path, options, scaled, box):
    pixels = photograph(tmp_path, "a.png", (81, 50))
    top, left, height, width = box
    wanted = resampled(pixels, *scaled)[:, top : top + height, left : left + width]
    stream = open_images(tmp_path, **options)
    assert stream.shape == (3, height, width)
    (got,) = stream.first(1)
    assert float((got - wanted).abs().max()) < 1.01 / 255
    if (
        len(options.get("crop", ())) and "resize" in options
    ):  # the planted fault: one pixel off is seen
        off = resampled(pixels, *scaled)[:, top : top + height, left + 1 : left + 1 + width]
        assert float((got - off).abs().max()) > 2 / 255


def test_pictures_of_several_sizes_come_to_one(tmp_path):
    for k, size in enumerate(((30, 20), (20, 33), (25, 25))):
        photograph(tmp_path / "c", f"{k}.png", size, k, "L" if k == 1 else "RGB")
    with pytest.raises(InvalidInput, match=r"1\.png: 20 x 33 pixels, but .*--resize and --crop"):
        open_images(tmp_path)
    with pytest.raises(InvalidInput, match="10 x 16 pixels, but"):
        open_images(tmp_path, resize=(10,))
    assert open_images(tmp_path, resize=[10], crop=[10]).first(9).shape == (3, 3, 10, 10)
    assert open_images(tmp_path, resize=(8, 9)).shape == (3, 8, 9)
    with pytest.raises(
        InvalidInput, match=r"0\.png: 30 x 20 pixels, too few to cut 21 x 21 out of them; resize"
    ):
        open_images(tmp_path, crop=(21,))
    for wrong in ((1, 2, 3), (0,), (10_001,), "12", (2.5,)):
        with pytest.raises(InvalidInput, match="resize"):
            open_images(tmp_path, resize=wrong)
    with pytest.raises(InvalidInput, match="are for folders of pictures"):
        open_images("digits", crop=(4,))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (torch.tensor([0.0, 255.0]), r"values from 0 to 255; expected \[0, 1\]; if they are 0 to 255, divide them by 255"),
        (torch.tensor([0.0, 1.01]), "values from 0 to 1.01"),
        (torch.tensor([-2.1, 2.6]), "values from -2.1 to 2.6; .* normalisation into the network"),
        (torch.tensor([0.0, 1e4]), "values from 0 to 1e.04; .* scale them"),
        (torch.tensor([0.5, float("nan")]), "leave out the images with NaN"),
        (torch.tensor([0, 255], dtype=torch.uint8), "of type uint8; expected floats in .0, 1., so divide bytes by 255"),
        (torch.tensor([0, 1]), "of type int64"),
    ],
)  # fmt: skip
def test_images_of_another_range_are_refused(net, values, words):
    images = values.repeat(128).view(4, 1, 8, 8)
    for audit in (
        lambda: audit_silent(net, images),
        lambda: audit_paths(net, ["0"], images, torch.tensor([0, 0, 1, 1])),
    ):
        with pytest.raises(InvalidInput, match=words) as error:
            audit()
        assert "\n" not in str(error.value)
    assert as_stream(torch.tensor([0.0, 1.0]).repeat(128).view(4, 1, 8, 8)).shape == (1, 8, 8)


def test_images_in_double_or_half_are_looked_at_in_float32(net):
    x = torch.cat(list(Counting(12).batches(12)))
    whole = audit_silent(net, x, steps=2, show=False)
    assert audit_silent(net, x.double(), steps=2, show=False) == whole
    assert as_stream(x.half()).first(2).dtype == torch.float32


# -- what Python gives: arrays, tensors, loaders -----------------------------------------------------


class Pairs(torch.utils.data.Dataset):
    def __init__(self, images, labels, change=lambda x, y: (x, y)):
        self.images, self.labels, self.change = images, labels, change

    def __len__(self):
        return len(self.images)

    def __getitem__(self, k):
        return self.change(self.images[k], int(self.labels[k]))


def loader(images, labels, change=lambda x, y: (x, y), **more):
    return torch.utils.data.DataLoader(
        Pairs(images, labels, change), **{"batch_size": 7, "shuffle": False, **more}
    )


@pytest.fixture
def known():
    stream = Counting(24)
    return torch.cat(list(stream.batches(24))), torch.from_numpy(stream.labels)


def test_audits_take_arrays_tensors_and_loaders(net, known):
    x, y = known
    options = {"batch": 5, "steps": 2, "show": False}
    silent = audit_silent(net, x, **options)
    paths = audit_paths(net, ["0", "3"], x, y, **options)
    assert silent.images == paths.images == 24
    doubled = x.numpy().astype(np.float64)
    fixed = x.numpy().copy()
    fixed.flags.writeable = False
    for images in (
        x.numpy(),
        doubled,
        fixed,
        doubled.astype(">f8"),
        np.asfortranarray(x.numpy()),
        x.clone().requires_grad_(),
    ):
        assert audit_silent(net, images, **options) == silent
    for labels in (y.tolist(), y.numpy(), y.numpy().astype(np.uint8), tuple(y.tolist()), y.int()):
        assert audit_paths(net, ["0", "3"], x.numpy(), labels, **options) == paths
    for size in (7, 24, 3):
        given = loader(x, y, batch_size=size)
        assert audit_silent(net, given, **options) == silent
        assert [len(p) for p in as_stream(given).batches(5)] == [
            min(5, size - k) for _ in range(24 // size) for k in range(0, size, 5)
        ] + [n for n in [min(5, 24 % size)] if n]  # fmt: skip
    found = audit_paths(net, ["0", "3"], loader(x, y, batch_size=5), **options)
    assert found == paths
    alone = torch.utils.data.DataLoader(x, batch_size=5)
    assert audit_silent(net, alone, **options) == silent


def test_loaders_that_cannot_be_audited_are_one_line(net, known):
    x, y = known

    def fail(a, b):
        raise RuntimeError("broken\nfile")

    class Drawn(torch.utils.data.Sampler):
        """Another order at every pass, which no attribute of a loader says."""

        def __init__(self, *_):
            self.order = list(range(24))

        def __len__(self):
            return 24

        def __iter__(self):
            self.order = self.order[5:] + self.order[:5]
            return iter(self.order)

    class Running(torch.utils.data.IterableDataset):
        """Gives fewer images at each pass, by `less`."""

        def __init__(self, less):
            self.left, self.less = 24, less

        def __iter__(self):
            self.left, count = self.left - self.less, self.left
            return iter([(x[k], int(y[k])) for k in range(count)])

    def running(less):
        return torch.utils.data.DataLoader(Running(less), batch_size=5)

    assert audit_silent(net, running(0), steps=1, show=False).images == 24

    cases = [
        (running(4), r"gives \d+ images, and 24 at its first pass"),
        (loader(x, y, shuffle=True), "the DataLoader shuffles, .* make it with shuffle=False"),
        (loader(x, y, sampler=Drawn()), "gives other labels than at its first pass; make it with shuffle=False"),
        (loader(x, y, fail), "the DataLoader fails with RuntimeError: broken file"),
        (loader(x, y, lambda a, b: {"image": a}), r"the DataLoader gives .*; expected \(images, labels\) or images"),
        (loader(x * 255, y), r"values from .* to 2.*; expected \[0, 1\]"),
        (loader(x, y, lambda a, b: (a, torch.tensor([b, b]))), "labels = .*expected integers 0"),
        (loader(x, y, lambda a, b: (a, 0.5)), "labels = .*expected integers 0"),
        (loader(x, y, lambda a, b: (a[0], b)), r"images of shape \(7, 8, 8\)"),
        (loader(x, y, lambda a, b: (a[:, : 4 + b], b), batch_size=1), "gives shapes"),
        (loader(x[:0], y), "the stream holds none"),
    ]  # fmt: skip
    for given, words in cases:
        with pytest.raises(InvalidInput, match=words) as error:
            audit_silent(net, given, steps=1, show=False)
        assert "\n" not in str(error.value)
    with pytest.raises(InvalidInput, match="or a DataLoader has its own; leave them out"):
        audit_paths(net, ["0"], loader(x, y), y)


def test_other_things_are_no_images_or_labels(net, known):
    x, y = known
    for wrong in (
        3,
        "digits",
        None,
        [[1.0]],
        x.tolist(),
        np.ma.masked_equal(x.numpy(), 0),
        x.to("meta"),
        {1: x},
    ):
        with pytest.raises(InvalidInput, match=r"images = .*; expected an array or tensor"):
            audit_silent(net, wrong)
    for wrong in (x.numpy().astype(object), x.numpy().astype(str)):
        with pytest.raises(InvalidInput, match=r"images: of type .*; expected floats"):
            audit_silent(net, wrong)
    for wrong in (
        3,
        "a",
        y.float(),
        y.bool(),
        y[None],
        [[0, 1], [1]],
        ["a"] * 24,
        {0: 1},
        iter(()),
    ):
        with pytest.raises(InvalidInput, match="labels"):
            audit_paths(net, ["0"], x, wrong)
