"""Image files that are damaged, boast or are not what they seem: one line each, and no memory for what is not there."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

import gzip
import struct
import tracemalloc
import warnings

from trompe.empirical import open_images
from trompe.empirical.inputs import idx
from trompe.empirical.inputs.data import load_data, load_idx
from trompe.empirical.inputs.pictures import load_picture, read_picture
from trompe.empirical.record import read_witness
from trompe.theory import InvalidInput

PIL = pytest.importorskip("PIL.Image", reason="Pillow reads pictures")


def head(*shape, kind=8):
    return struct.pack(f">4B{len(shape)}I", 0, 0, kind, len(shape), *shape)


IMAGES, LABELS = head(4, 3, 2) + bytes(24), head(4) + bytes([0, 1, 0, 1])
HUGE = head(2**32 - 1, 2**32 - 1, 2**32 - 1) + bytes(24)


def refused(folder, images, labels=LABELS, zipped=True):
    for stem in ("train", "t10k"):
        for part, raw in (("images-idx3", images), ("labels-idx1", labels)):
            name = f"{stem}-{part}-ubyte" + ".gz" * zipped
            (folder / name).write_bytes(
                gzip.compress(raw) if zipped and raw[:1] != b"\x1f" else raw
            )
    with pytest.raises(InvalidInput) as error:
        load_idx(folder)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize(
    ("images", "labels", "words"),
    [
        (HUGE, LABELS, "4294967295"),
        (head(4, 2**32 - 1, 2**32 - 1) + bytes(24), LABELS, "its header (4, 4294967295, 4294967295)"),
        (head(4, 30_000, 30_000) + bytes(24), LABELS, "its header (4, 30000, 30000) needs"),
        (head(4, 0, 2), LABELS, "has a side of 0"),
        (IMAGES[:-1], LABELS, "its header (4, 3, 2) needs 40"),
        (IMAGES + b"x", LABELS, "its header (4, 3, 2) needs 40"),
        (IMAGES[:9], LABELS, "the header alone has 16"),
        (b"", LABELS, "magic number missing"),
        (head(4, 3, 2, kind=13) + bytes(96), LABELS, "magic number 00000d03"),
        (head(4, 6) + bytes(24), LABELS, "with 3 axes"),
        (IMAGES, head(3) + bytes(3), "4 train images but 3 labels"),
        (IMAGES, head(2**32 - 1) + bytes(4), "needs 4294967303"),
        (head(0, 3, 2), head(0), "no train images"),
        (b"hello", LABELS, "magic number 68656c6c"),
    ],
)  # fmt: skip
def test_an_idx_file_that_is_damaged_or_boasts_is_one_line(tmp_path, zipped, images, labels, words):
    tracemalloc.start()
    try:
        assert words in refused(tmp_path, images, labels, zipped)
        assert tracemalloc.get_traced_memory()[1] < 2**26
    finally:
        tracemalloc.stop()


def test_a_gzipped_file_that_unpacks_to_too_much_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(idx, "MAX_BYTES_AT_ONCE", 2**20)
    bomb = head(4, 1024, 1024) + bytes(2**22)
    assert "4194304 bytes at once, at most 1048576" in refused(tmp_path, bomb)


def test_gzip_of_several_members_is_one_file_and_of_none_is_refused(tmp_path):
    joined = gzip.compress(IMAGES[:20]) + gzip.compress(IMAGES[20:])
    for stem in ("train", "t10k"):
        (tmp_path / f"{stem}-images-idx3-ubyte.gz").write_bytes(joined)
        (tmp_path / f"{stem}-labels-idx1-ubyte").write_bytes(LABELS)
    assert len(load_idx(tmp_path).train) == 4
    assert "unreadable" in refused(tmp_path, b"\x1fnot gzip")


# -- pictures ----------------------------------------------------------------------------------------


def chunk(kind, data):
    import zlib

    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height):
    shape = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", shape) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (png(10_000, 10_000), "10000 x 10000 pixels; expected at most 89478485"),
        (png(100_000, 100_000), "not a readable picture"),
        (png(0, 3), "not a readable picture"),
        (png(3, 3), "not a readable picture"),
        (b"", "not a readable picture"),
        (b"GIF89a", "not a readable picture"),
        (b"%PDF-1.4\n", "not a readable picture"),
    ],
    ids=["bomb", "huge bomb", "no width", "cut", "empty", "only a magic number", "no picture"],
)
def test_a_picture_that_is_none_is_one_line_without_warnings(tmp_path, content, words):
    (tmp_path / "x.png").write_bytes(content)
    with warnings.catch_warnings(action="error"), pytest.raises(InvalidInput) as error:
        read_picture(tmp_path / "x.png")
    assert words in str(error.value) and "\n" not in str(error.value)
    for reads in (open_images, load_data):
        with pytest.raises(InvalidInput, match=r"x\.png"):
            list(getattr(reads(tmp_path), "batches", list)(1))


def test_a_folder_is_no_picture(tmp_path):
    with pytest.raises(InvalidInput, match="no regular file but a folder"):
        load_picture(tmp_path, (1, 8, 8))


@pytest.mark.parametrize(
    "content",
    [
        "[]", "{", "[" * 10**5, '{"schema": 1}', '{"schema": 1.0}', '{"schema": ' + "9" * 5000 + "}", '{"schema": NaN}',
        '{"schema": 1, "key": "x", "identity": "", "missed": 3, "measurements": [], "figures": []}',
        '{"schema": 1, "key": "x", "identity": "", "missed": [], "measurements": [], "figures": [1]}',
        '{"schema": 1, "key": "x", "identity": "", "missed": [], "measurements": [{"name": "a", "acceptance": 1}], "figures": []}',
    ],
)  # fmt: skip
def test_a_damaged_witness_of_a_run_is_as_none(tmp_path, content):
    (tmp_path / "witness.json").write_text(content)
    assert read_witness(tmp_path) is None
