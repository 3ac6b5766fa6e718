"""Pictures of every kind and folders of every layout: read as they look, or refused in one line that names the file."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

import re
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np

from trompe.empirical import open_images
from trompe.empirical.inputs.data import load_folder
from trompe.empirical.inputs.folders import HELD_OUT, SUFFIXES, UNREAD, list_folder
from trompe.empirical.inputs.pictures import read_picture
from trompe.theory import InvalidInput

PIL = pytest.importorskip("PIL.Image", reason="Pillow reads pictures")

CORNERS = np.zeros((16, 24, 3), np.uint8)
"""Four colours in blocks of 8: no turn or flip leaves it as it is, and JPEG keeps it."""
for (i, j), colour in {
    (0, 0): (255, 0, 0), (0, 2): (0, 255, 0), (1, 0): (0, 0, 255), (1, 2): (255, 255, 255), (1, 1): (90, 90, 90)
}.items():  # fmt: skip
    CORNERS[8 * i : 8 * i + 8, 8 * j : 8 * j + 8] = colour


def read(path, **options):
    with warnings.catch_warnings(action="error"):
        return read_picture(path, **options)


def refused(call, *words):
    with warnings.catch_warnings(action="error"), pytest.raises(InvalidInput) as error:
        call()
    for word in words:
        assert word in str(error.value)
    assert "\n" not in str(error.value)


# -- which way up ------------------------------------------------------------------------------------

UPRIGHT = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: a[::-1].transpose(1, 0, 2),
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
    8: lambda a: a[:, ::-1].transpose(1, 0, 2),
}
"""What the EXIF standard says of the rows and columns that are stored: 6 is a quarter turn clockwise, and so on."""


@pytest.mark.parametrize("suffix", ["png", "jpg", "tiff", "webp"])
@pytest.mark.parametrize("orientation", UPRIGHT)
def test_a_picture_is_turned_as_its_camera_says(tmp_path, suffix, orientation):
    exif = PIL.Exif()
    exif[0x0112] = orientation
    options = {"quality": 100, "subsampling": 0} if suffix == "jpg" else {}
    options |= {"lossless": True} if suffix == "webp" else {}
    PIL.fromarray(CORNERS).save(tmp_path / f"x.{suffix}", exif=exif, **options)
    wanted = UPRIGHT[orientation](CORNERS)
    got = read(tmp_path / f"x.{suffix}")
    assert got.shape == wanted.shape
    assert np.abs(got.astype(int) - wanted).max() <= (4 if suffix == "jpg" else 0)
    stream = open_images(tmp_path)
    assert stream.shape == (3, *wanted.shape[:2])
    assert (stream.first(1)[0].numpy() == got.transpose(2, 0, 1) / np.float32(255)).all()


def test_a_turn_that_follows_the_pixels_is_seen_when_they_are_read(tmp_path):
    exif = PIL.Exif()
    exif[0x0112] = 6
    PIL.fromarray(CORNERS).save(tmp_path / "x.png", exif=exif)
    raw = (tmp_path / "x.png").read_bytes()
    at = raw.index(b"eXIf") - 4
    length = 12 + struct.unpack(">I", raw[at : at + 4])[0]
    late = raw[:at] + raw[at + length :]
    end = late.index(b"IEND") - 4
    (tmp_path / "x.png").write_bytes(late[:end] + raw[at : at + length] + late[end:])
    stream = open_images(tmp_path)
    refused(lambda: stream.first(1), "x.png: 16 x 24 pixels, by its header 24 x 16; save it anew")


def test_an_orientation_that_is_none_turns_nothing(tmp_path):
    for wrong in (0, 9, 77):
        exif = PIL.Exif()
        exif[0x0112] = wrong
        PIL.fromarray(CORNERS).save(tmp_path / "x.png", exif=exif)
        assert (read(tmp_path / "x.png") == CORNERS).all()
        assert open_images(tmp_path).shape == (3, 16, 24)


# -- transparency, palettes, depth -------------------------------------------------------------------


def one_pixel(path):
    pixels = read(path)
    assert (pixels == pixels[0, 0]).all()
    return pixels[0, 0].tolist()


@pytest.mark.parametrize(
    ("mode", "colour", "wanted"),
    [
        ("RGBA", (200, 100, 0, 0), [255, 255, 255]),
        ("RGBA", (200, 100, 0, 255), [200, 100, 0]),
        ("RGBA", (200, 100, 0, 51), [244, 224, 204]),  # a fifth of the colour, four fifths of white
        ("LA", (100, 0), 255),
        ("LA", (100, 255), 100),
        ("LA", (100, 51), 224),
        ("L", 77, 77),
        ("1", 1, 255),
    ],
)
def test_what_is_transparent_lies_on_white(tmp_path, mode, colour, wanted):
    PIL.new(mode, (4, 3), colour).save(tmp_path / "x.png")
    assert one_pixel(tmp_path / "x.png") == wanted
    channels = 3 if isinstance(wanted, list) else 1
    assert open_images(tmp_path).shape == (channels, 3, 4)


def test_a_transparent_colour_or_palette_entry_is_white(tmp_path):
    PIL.new("L", (4, 3), 7).save(tmp_path / "grey.png", transparency=7)
    PIL.new("L", (4, 3), 7).save(tmp_path / "opaque.png", transparency=8)
    PIL.new("RGB", (4, 3), (1, 2, 3)).save(tmp_path / "colour.png", transparency=(1, 2, 3))
    palette = PIL.new("RGB", (4, 3), "red").quantize(2)
    palette.save(tmp_path / "palette.png")
    palette.save(tmp_path / "clear.gif", transparency=palette.getpixel((0, 0)))
    palette.info["transparency"] = bytes([51] * 2)
    palette.save(tmp_path / "fifth.png")
    for name, wanted in (
        ("grey.png", 255), ("opaque.png", 7), ("colour.png", [255] * 3), ("palette.png", [255, 0, 0]),
        ("clear.gif", [255] * 3), ("fifth.png", [255, 204, 204]),
    ):  # fmt: skip
        assert one_pixel(tmp_path / name) == wanted, name


def test_of_an_animation_the_first_frame_is_read(tmp_path):
    red, blue = PIL.new("RGB", (4, 3), "red"), PIL.new("RGB", (4, 3), "blue")
    for suffix, options in (("gif", {}), ("webp", {"lossless": True}), ("png", {}), ("tiff", {})):
        path = tmp_path / f"x.{suffix}"
        red.save(path, save_all=True, append_images=[blue], **options)
        with PIL.open(path) as picture:
            assert picture.n_frames == 2
        assert one_pixel(path) == [255, 0, 0], suffix


def test_cmyk_and_lab_are_read_without_their_profiles(tmp_path):
    PIL.new("CMYK", (8, 8), (0, 255, 255, 0)).save(tmp_path / "x.tiff")
    assert one_pixel(tmp_path / "x.tiff") == [255, 0, 0]
    PIL.new("CMYK", (8, 8), (51, 0, 255, 0)).save(tmp_path / "x.jpg", quality=100)
    assert np.abs(np.array(one_pixel(tmp_path / "x.jpg")) - [204, 255, 0]).max() <= 2
    PIL.new("LAB", (4, 3), (50, 128, 128)).save(tmp_path / "lab.tiff")
    # L* = 50 / 2.55 is a luminance of ((L* + 16) / 116)^3, of which sRGB makes a grey of .186
    assert np.abs(np.array(one_pixel(tmp_path / "lab.tiff")) - 47).max() <= 1


def deep_png(kind, channels):
    """16 bits a channel; Pillow writes none but grey."""

    def chunk(name, data):
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    rows = b"".join(b"\0" + bytes(range(8 * channels)) for _ in range(3))
    head = struct.pack(">IIBBBBB", 4, 3, 16, kind, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def deep_tiff():
    data, start = bytes(range(72)), 8 + 72
    entries = [(256, 3, 1, 4), (257, 3, 1, 3), (258, 3, 3, start + 2 + 120 + 4), (259, 3, 1, 1), (262, 3, 1, 2),
               (273, 4, 1, 8), (277, 3, 1, 3), (278, 3, 1, 3), (279, 4, 1, 72), (284, 3, 1, 1)]  # fmt: skip
    table = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return (
        struct.pack("<2sHI", b"II", 42, start)
        + data
        + struct.pack("<H", 10)
        + table
        + bytes(4)
        + struct.pack("<3H", 16, 16, 16)
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("grey.png", deep_png(0, 1)), ("colour.png", deep_png(2, 3)), ("grey alpha.png", deep_png(4, 2)),
        ("colour alpha.png", deep_png(6, 4)), ("colour.tif", deep_tiff()),
        ("grey.pgm", b"P5 4 3 65535\n" + bytes(24)), ("colour.ppm", b"P6 4 3 1023\n" + bytes(72)),
        ("text.ppm", b"P3 1 1 65535\n1 2 3\n"),
    ],
)  # fmt: skip
def test_more_than_eight_bits_a_channel_are_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with PIL.open(tmp_path / name) as picture:
        picture.load()  # it is whole, and Pillow would read it
    refused(lambda: read(tmp_path / name), f"{name}: more than 8 bits a channel", "convert it")
    refused(lambda: open_images(tmp_path), name)


def test_fewer_bits_are_scaled_to_eight(tmp_path):
    (tmp_path / "x.pgm").write_bytes(b"P5 2 1 15\n" + bytes([15, 5]))
    assert read(tmp_path / "x.pgm").tolist() == [[255, 85]]
    PIL.new("1", (2, 1), 1).save(tmp_path / "x.png")
    assert read(tmp_path / "x.png").tolist() == [[255, 255]]
    (
        tmp_path / "x.bmp"
    ).write_bytes(  # 5, 6 and 5 bits a pixel of 16, which is not 16 bits a channel
        struct.pack("<2sIHHI", b"BM", 70, 0, 0, 66)
        + struct.pack("<IiiHHIIiiII", 40, 2, 1, 1, 16, 3, 4, 0, 0, 0, 0)
        + struct.pack("<3I", 0xF800, 0x7E0, 0x1F)
        + struct.pack("<2H", 0xF800, 0x1F)
    )
    assert read(tmp_path / "x.bmp").tolist() == [[[255, 0, 0], [0, 0, 255]]]


# -- layouts -----------------------------------------------------------------------------------------


def fill(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        PIL.new("L", (4, 3), 9).save(folder / name)
    return folder


def seen(folder):
    """Class name of each file, and how many are training ones."""
    found = list_folder(folder)
    return [
        (str(path.relative_to(folder)), found.classes[label])
        for path, label in zip(found.files, found.labels, strict=True)
    ], found.train


@pytest.mark.parametrize(
    ("names", "classes", "train"),
    [
        (["1.png", "0.PNG"], ["F", "F"], None),
        (["b/0.png", "a/1.png"], ["a", "b"], None),
        (["train/b/0.png", "train/a/0.jpg", "val/a/0.png"], ["a", "b", "a"], 2),
        (["train/a/0.png", "valid/a/0.png", "test/a/0.png"], ["a", "a", "a"], 1),
        (["train/a/0.png", "test/b/0.png"], ["a", "b"], 1),
        (["train/0.png", "val/0.png"], ["F", "F"], 1),
        (["train/b/0.png", "train/a/0.png"], ["a", "b"], None),
        (["val/b/0.png", "val/a/0.png"], ["a", "b"], None),
        (["train/0.png", "car/0.png"], ["car", "train"], None),
        (["train/0.png"], ["train"], None),
    ],
)
def test_layouts_that_are_read(tmp_path, names, classes, train):
    found, count = seen(fill(tmp_path / "F", *names, ".hidden/x/0.png"))
    assert [name for _, name in found] == classes
    assert count == train
    assert sorted(file for file, _ in found) == sorted(names)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["a/sub/0.png", "b/0.png"], "a/sub: a folder inside of the class 'a'; expected"),
        (["a/0.png", "a/sub/0.png"], "a/sub: a folder inside of the class 'a'"),
        (["train/a/0.png", "car/0.png"], "train/a: a folder inside of the class 'train'"),
        (["train/a/sub/0.png", "val/a/0.png"], "train/a/sub: a folder inside of the class 'a'"),
        (["a/0.png", "loose.png"], "loose.png: a picture beside folders"),
        (["train/a/0.png", "train/loose.png", "val/a/0.png"], "train/loose.png: a picture beside folders"),
        (["train/a/0.png", "val/a/0.png", "loose.png"], "loose.png: a picture beside folders"),
        (["a/0.png", "b/"], "the folder 'b' holds no pictures"),
        (["b/"], "F: no pictures; expected"),
    ],
)  # fmt: skip
def test_other_layouts_are_refused_with_those_that_are_read(tmp_path, names, words):
    folder = fill(tmp_path / "F", *(n for n in names if not n.endswith("/")))
    for name in names:
        if name.endswith("/"):
            (folder / name).mkdir(parents=True)
    layouts = [] if "holds no" in words else ["FOLDER/train/CLASS/*.png with val/ or test/ beside"]
    for opens in (open_images, load_folder):
        refused(lambda opens=opens: opens(folder), words, *layouts)


def test_a_picture_that_is_not_read_is_named_and_other_files_are_passed_over(tmp_path):
    folder = fill(tmp_path / "F", "a/0.png", "a/1.png", "b/0.png")
    for name in ("notes.txt", "Thumbs.db", "a/labels.csv", "a/.DS_Store", "b/x.json"):
        (folder / name).write_text("")
    assert len(list_folder(folder).files) == 3
    for name in ("a/x.HEIC", "b/x.avif", "x.svg"):
        (folder / name).write_text("")
        refused(lambda: list_folder(folder), name)
        (folder / name).unlink()


def test_a_folder_that_cannot_be_listed_is_one_line(tmp_path, monkeypatch):
    folder = fill(tmp_path / "F", "a/0.png")

    def refuse(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(folder), "iterdir", refuse)
    refused(lambda: list_folder(folder), "F: it cannot be read: Permission denied")


PAGE = Path(__file__).parents[3] / "docs" / "your-network.md"


def test_the_page_lists_what_is_read_and_what_is_refused():
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| `.")]
    assert [tuple(re.findall(r"`(\.\w+)`", row)) for row in rows] == [SUFFIXES, UNREAD]
    assert f"with {', '.join(HELD_OUT[:-1])} or {HELD_OUT[-1]}," in PAGE.read_text()


def test_the_page_runs_as_printed():
    from trompe.empirical import audit_silent
    from trompe.views.compare import said

    circuit, comparison, audit = (
        part.partition("```")[0] for part in PAGE.read_text().split("```python\n")[1:]
    )
    named: dict = {}
    exec(circuit, named)
    assert named["natural"].all() and len(named["natural"]) == 155
    assert named["fooled"].permutation == [1, 2, 0]
    assert (named["own"].images == named["shown"].images).all()
    exec(comparison, named)
    compared, layer = named["compared"], named["layer"]
    found = (compared.identical, layer.identical, [unit.unit for unit in layer.others()])
    assert comparison.endswith(f"# {found}\n") and found == (155, 3, [0, 1, 2])
    printed = PAGE.read_text().split("```text\n")[1].partition("\n```")[0]
    assert re.sub(r"Control: .*", "", printed) == re.sub(
        r"Control: .*", "", "\n".join(said(compared)[1:3])
    )
    named = {}
    exec(audit, named)
    assert audit_silent(named["model"], named["loader"], steps=8, show=False).units == {"1": 4}
    assert named["found"].units == {"1": 4} and "# {'1': 4}" in audit
