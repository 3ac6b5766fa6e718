"""Data sets and bad data: one clear line each."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

import gzip
import struct

import numpy as np

from trompe.empirical.inputs.data import as_floats, load_data, load_folder, load_idx
from trompe.empirical.inputs.pictures import load_picture
from trompe.theory import InvalidInput

PIL = pytest.importorskip("PIL.Image", reason="Pillow reads pictures")


def write_idx(folder, n=6, side=4, magic=2051, cut=0):
    rng = np.random.default_rng(0)
    for stem in ("train", "t10k"):
        pixels = rng.integers(0, 256, (n, side, side), dtype=np.uint8).tobytes()
        raw = struct.pack(">4I", magic, n, side, side) + pixels
        (folder / f"{stem}-images-idx3-ubyte").write_bytes(raw[: len(raw) - cut])
        labels = struct.pack(">2I", 2049, n) + bytes(k % 2 for k in range(n))
        (folder / f"{stem}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(labels))


def write_pictures(folder, sizes=((6, 5),), classes=("a", "b"), each=5, mode="L"):
    rng = np.random.default_rng(1)
    for name in classes:
        (folder / name).mkdir(parents=True)
        for k in range(each):
            w, h = sizes[k % len(sizes)]
            pixels = rng.integers(0, 256, (h, w) if mode == "L" else (h, w, 3), dtype=np.uint8)
            PIL.fromarray(pixels).save(folder / name / f"{k}.png")


def test_digits_are_the_uci_images():
    data = load_data("digits")
    assert data.shape == (1, 8, 8)
    assert data.levels == 16
    assert len(data.train) + len(data.test) == 1797
    assert data.train.images.max() == 16
    assert np.bincount(data.test.labels).min() >= 34
    tensor = data.train.tensor()
    assert float(tensor.min()) >= 0
    assert float(tensor.max()) == 1
    assert data.sha256 == load_data("digits").sha256


def test_floats_are_a_copy():
    pixels = np.array([[0, 51, 255]], np.uint8)
    assert as_floats(pixels, 255).tolist() == [[0.0, np.float32(0.2), 1.0]]
    floats = np.array([0.25, 0.5], np.float32)
    assert as_floats(floats, 2).tolist() == [0.125, 0.25]
    assert floats.tolist() == [0.25, 0.5]


def test_the_hash_sees_one_pixel():
    data = load_data("digits")
    before = data.sha256
    changed = load_data("digits")
    changed.train.images[5, 0, 3, 3] ^= 1
    assert changed.sha256 != before


def test_idx_plain_and_gzipped(tmp_path):
    write_idx(tmp_path)
    data = load_data(tmp_path)
    assert data.shape == (1, 4, 4)
    assert (len(data.train), len(data.test), data.levels) == (6, 6, 255)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"magic": 2052}, "magic number 00000804"),
        ({"cut": 3}, "its header .* needs 112"),
        ({"cut": 108}, "the header alone"),
    ],
)
def test_idx_faults(tmp_path, fault, words):
    write_idx(tmp_path, **fault)
    with pytest.raises(InvalidInput, match=words):
        load_idx(tmp_path)


def test_idx_missing_and_damaged_gzip(tmp_path):
    write_idx(tmp_path)
    labels = tmp_path / "t10k-labels-idx1-ubyte.gz"
    labels.write_bytes(labels.read_bytes()[:-6])
    with pytest.raises(InvalidInput, match="unreadable"):
        load_idx(tmp_path)
    labels.unlink()
    with pytest.raises(InvalidInput, match="no t10k-labels"):
        load_idx(tmp_path)


def test_folder_of_pictures_not_square_and_coloured(tmp_path):
    write_pictures(tmp_path, mode="RGB")
    data = load_data(tmp_path)
    assert data.shape == (3, 5, 6)
    assert data.classes == ("a", "b")
    assert (len(data.train), len(data.test)) == (8, 2)


def test_folder_with_train_and_test(tmp_path):
    write_pictures(tmp_path / "train")
    write_pictures(tmp_path / "test", each=2)
    data = load_folder(tmp_path)
    assert (len(data.train), len(data.test)) == (10, 4)


def test_folder_faults(tmp_path):
    with pytest.raises(InvalidInput, match="is no folder"):
        load_data(tmp_path / "absent")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidInput, match="no pictures"):
        load_data(tmp_path / "empty")
    write_pictures(tmp_path / "hole")
    (tmp_path / "hole" / "zzz").mkdir()
    with pytest.raises(InvalidInput, match="the folder 'zzz' holds no pictures"):
        load_data(tmp_path / "hole")
    write_pictures(tmp_path / "mixed", sizes=((6, 5), (5, 5)))
    with pytest.raises(InvalidInput, match="scale all pictures to one size"):
        load_data(tmp_path / "mixed")
    write_pictures(tmp_path / "cut")
    victim = tmp_path / "cut" / "a" / "0.png"
    victim.write_bytes(victim.read_bytes()[:40])
    with pytest.raises(InvalidInput, match="not a readable picture"):
        load_data(tmp_path / "cut")


def test_picture_is_scaled_and_quantised(tmp_path):
    PIL.fromarray(np.full((20, 30, 3), 255, np.uint8)).save(tmp_path / "white.png")
    picture = load_picture(tmp_path / "white.png", (1, 8, 8), 16)
    assert picture.shape == (1, 8, 8)
    assert (picture == 16).all()
    with pytest.raises(InvalidInput, match="it is not there"):
        load_picture(tmp_path / "none.png", (1, 8, 8))


def test_one_picture_is_not_trained_on_and_tested(tmp_path):
    write_pictures(tmp_path, classes=("a",), each=1)
    with pytest.raises(InvalidInput, match="1 pictures; expected at least 2, train and test"):
        load_folder(tmp_path)


def test_classes_named_by_numbers_are_in_their_order(tmp_path):
    for k, names in enumerate((["10", "2", "0", "011"], ["10", "2", "b"])):
        write_pictures(tmp_path / str(k), classes=names)
    assert load_folder(tmp_path / "0").classes == ("0", "2", "10", "011")
    assert load_folder(tmp_path / "1").classes == ("10", "2", "b")
    write_pictures(tmp_path / "split" / "train", classes=("10", "2"))
    write_pictures(tmp_path / "split" / "test", classes=("10", "2"))
    assert load_folder(tmp_path / "split").classes == ("2", "10")


def test_held_out_pictures_are_those_of_val_and_test(tmp_path):
    write_pictures(tmp_path / "train", each=5)
    for name, each in (("val", 2), ("test", 3)):
        write_pictures(tmp_path / name, each=each)
        data = load_folder(tmp_path)
        assert (len(data.train), len(data.test)) == (10, 4 if name == "val" else 10)
    write_pictures(tmp_path / "alone" / "train", each=5)
    data = load_folder(tmp_path / "alone")
    assert (len(data.train), len(data.test), data.classes) == (8, 2, ("a", "b"))


def test_crops_of_one_photograph_lie_on_one_side(tmp_path):
    from PIL import Image

    def write(folder, names):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        for k, name in enumerate(names):
            Image.fromarray(np.full((4, 4), k, np.uint8)).save(tmp_path / folder / f"{name}.png")

    names = [f"p{p}_crop{c}" for p in range(10) for c in range(3)]
    write("a", names)
    data = load_data(tmp_path, groups="_crop")
    assert not set(data.train.groups) & set(data.test.groups)
    assert sorted(np.bincount(data.test.groups).tolist())[-2:] == [3, 3]
    assert len(data.test) == 6
    assert len(load_data(tmp_path).test) == 6  # every fifth file, whatever it is cut from
    plain = load_data(tmp_path)
    of = [int(i[0, 0, 0]) // 3 for i in (*plain.train.images, *plain.test.images)]
    assert set(of[: len(plain.train)]) & set(of[len(plain.train) :])  # the planted fault
    with pytest.raises(InvalidInput, match="no file has it in its name"):
        load_data(tmp_path, groups="-part")
    with pytest.raises(InvalidInput, match="are for folders of pictures"):
        load_data("digits", groups="_crop")
    write("both/train/a", ["p_crop0", "q_crop0"])
    write("both/val/a", ["p_crop1"])
    with pytest.raises(InvalidInput, match="crops of 0/p are for training and for testing"):
        load_data(tmp_path / "both", groups="_crop")
