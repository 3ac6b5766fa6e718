"""Photographs: found, told apart, cut, split and kept; on pictures made here, and on the packages where they are."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)
PIL = pytest.importorskip("PIL.Image", reason="Pillow reads pictures")

import io
import json
import os
from collections import Counter
from itertools import pairwise

import numpy as np
from qres_files import qres

import trompe.empirical as te
from trompe.empirical.imagenet import photographs as module
from trompe.empirical.imagenet import sources
from trompe.empirical.imagenet.notices import Notice
from trompe.theory import InvalidInput

DESCRIPTION = (
    "[Desktop Entry]\nX-KDE-PluginInfo-Author=Derek\nX-KDE-PluginInfo-License=Public Domain\n"
)


def picture(seed, size=(260, 220)):
    """Coloured clouds, each seed its own."""
    coarse = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    return PIL.fromarray(coarse).resize(size, resample=3)


def encoded(image, kind="PNG"):
    out = io.BytesIO()
    image.save(out, format=kind, **({"lossless": True} if kind == "WEBP" else {}))
    return out.getvalue()


def unpacked(root):
    """Packages as they unpack: one .rcc with three pictures, two wallpapers by one author, a puzzle."""
    erase = "/gcompris/src/activities/erase/resource"
    details = "/gcompris/src/activities/details/resource/image"
    readme = (
        b"Copyright: Ann\nLicense: CC0-1.0\nSource: https://example.org/bee\nFiles: bee.webp\n\n"
        b"Copyright: Bob\nLicense: CC-BY-SA-4.0\nFiles: crab.webp\n"
    )
    rcc = root / "usr/share/gcompris-qt/rcc"
    rcc.mkdir(parents=True)
    animals = {
        f"{erase}/{name}.webp": encoded(picture(k), "WEBP")
        for k, name in enumerate(("bee", "crab"))
    }
    (rcc / "erase.rcc").write_bytes(
        qres(animals | {f"{erase}/README": readme, f"{erase}/eraser.svg": b"<svg/>"})
    )
    (rcc / "details.rcc").write_bytes(
        qres(
            {
                f"{details}/Castle_background.webp": encoded(picture(2), "WEBP"),
                f"{details}/VincentVanGogh1_background.webp": encoded(picture(3), "WEBP"),
                f"{details}/Castle_0.webp": encoded(picture(4), "WEBP"),
            },
            flags=1,
        )
    )
    (rcc / "other.rcc").write_bytes(b"none that is read")
    wallpapers = root / "usr/share/backgrounds"
    wallpapers.mkdir(parents=True)
    for k in (5, 6):
        picture(k).save(wallpapers / f"{k}_by_Eva.jpg")
    notes = root / "usr/share/doc/lomiri-wallpapers-16.04"
    notes.mkdir(parents=True)
    (notes / "copyright").write_text(
        "Files: 16.04/5_by_Eva.jpg\n 16.04/6_by_Eva.jpg\nCopyright: 2018 Eva\nLicense: CC-BY-4.0\n"
    )
    puzzles = root / "usr/share/palapeli/collection"
    puzzles.mkdir(parents=True)
    picture(7).save(puzzles / "bridge.jpg")
    (puzzles / "bridge.desktop").write_text(DESCRIPTION)
    return root


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return unpacked(tmp_path_factory.mktemp("root"))


@pytest.fixture
def load(tmp_path, monkeypatch):
    """`load_photographs` with a cache of its own, and nothing in the environment."""
    monkeypatch.delenv("TROMPE_PHOTOS", raising=False)
    monkeypatch.delenv("TROMPE_CACHE", raising=False)

    def call(folder=None, **settings):
        given = {"crops": 2, "cache": tmp_path / "cache", "show": False} | settings
        return te.load_photographs(folder, **given)

    return call


def folder_of(place, pictures):
    place.mkdir(exist_ok=True)
    for name, image in pictures.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        image.save(place / name)
    return place


def test_packages_are_found_below_a_folder_with_what_is_stated_of_each_picture(root, load):
    found = load(root)
    assert found.images.shape == (12, 3, 224, 224)
    assert found.images.dtype == np.uint8
    assert found.groups.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    stated = {p.name.rpartition("/")[2]: (p.author, p.licence) for p in found.photographs}
    assert stated == {
        "bee.webp": ("Ann", "CC0-1.0"),
        "crab.webp": ("Bob", "CC-BY-SA-4.0"),
        "Castle_background.webp": ("", "see /usr/share/doc/gcompris-qt-data/copyright"),
        "5_by_Eva.jpg": ("Eva", "CC-BY-4.0"),
        "6_by_Eva.jpg": ("Eva", "CC-BY-4.0"),
        "bridge.jpg": ("Derek", "Public Domain"),
    }
    assert [p.may_be_shown for p in found.photographs] == [True, False, False, True, True, True]
    assert found.photographs[0].source == "https://example.org/bee"
    only = load(root, packages=["gcompris-qt-data"])
    assert [p.name for p in only.photographs] == [p.name for p in found.photographs[:3]]


def test_photographs_of_one_author_lie_in_one_part_and_no_part_is_empty(root, load):
    for seed in range(5):
        found = load(root, seed=seed)
        parts = {p.name.rpartition("/")[2]: p.part for p in found.photographs}
        assert parts["5_by_Eva.jpg"] == parts["6_by_Eva.jpg"]
        assert set(parts.values()) == {"train", "calibration", "test"}
        for part in ("train", "calibration", "test"):
            groups = {found.photographs[g].part for g in found.groups[found.indices(part)]}
            assert groups == {part}
    pieces = [found.indices(part) for part in ("train", "calibration", "test")]
    assert sorted(np.concatenate(pieces)) == list(range(12))
    assert found.indices(each=1).tolist() == [0, 2, 4, 6, 8, 10]


def test_without_authors_a_series_is_torn_apart(root, load, monkeypatch):
    monkeypatch.setattr(Notice, "series", "")
    torn = False
    for seed in range(5):
        parts = {p.name.rpartition("/")[2]: p.part for p in load(root, seed=seed).photographs}
        torn |= parts["5_by_Eva.jpg"] != parts["6_by_Eva.jpg"]
    assert torn


def test_parts_have_their_shares_and_split_no_series():
    series = [f"author {k % 60}" if k < 120 else "one of many pictures" for k in range(150)]
    for seed in range(3):
        parts = module._parts(series, seed)
        count = Counter(parts)
        assert abs(count["test"] - 38) <= 2
        assert abs(count["calibration"] - 22) <= 2
        assert all(
            len({p for p, s in zip(parts, series, strict=True) if s == name}) == 1
            for name in series
        )
    assert module._parts(series, 0) != module._parts(series, 1)


def test_equal_alike_small_and_plain_pictures_are_left_out(load, tmp_path):
    clouds = picture(0)
    noisy = np.asarray(clouds, dtype=np.int64) + np.random.default_rng(0).integers(
        -6, 7, (220, 260, 3)
    )
    plain = PIL.new("RGB", (260, 220), "white")
    plain.paste(clouds.resize((100, 220)))
    folder = folder_of(
        tmp_path / "photos",
        {
            "a.png": clouds,
            "b.png": picture(1),
            "c/c.png": picture(2),
            "copy.png": clouds,
            "larger.png": clouds.resize((390, 330)),
            "near.png": PIL.fromarray(noisy.clip(0, 255).astype(np.uint8)),
            "plain.png": plain,
            "small.png": picture(3, (400, 199)),
            ".hidden/d.png": picture(4),
        },
    )
    (folder / "notes.txt").write_text("no picture")
    found = load(folder)
    assert [p.name for p in found.photographs] == ["a.png", "b.png", "c/c.png"]
    why = found.left_out
    assert why.pop("copy.png") == "the same pixels as a.png"
    assert why.pop("small.png") == "400 x 199 pixels, a side below 200"
    assert why.pop("larger.png").startswith("like a.png (correlation 1.0")
    assert why.pop("near.png").startswith("like a.png (correlation ")
    assert why.pop("plain.png").endswith("% of it is one colour")
    assert why == {}


def test_crops_hang_on_the_seed_and_the_photograph_alone(load, tmp_path):
    three = {f"{k}.png": picture(k) for k in range(3)}
    few = load(folder_of(tmp_path / "few", three), crops=6)
    again = load(folder_of(tmp_path / "more", {"0 first.png": picture(9), **three}), crops=6)
    assert np.array_equal(again.images[6:], few.images)
    assert not np.array_equal(load(tmp_path / "few", crops=6, seed=1).images, few.images)
    assert np.array_equal(load(tmp_path / "few", crops=6, most=3).images, few.images)
    for one, other in pairwise(few.images):
        assert not np.array_equal(one, other)


def test_a_crop_is_a_square_of_the_photograph_or_its_mirror_image(monkeypatch):
    ramp = np.zeros((300, 400, 3), dtype=np.uint8)
    ramp[..., 0] = np.linspace(0, 255, 400)
    ramp[..., 1] = np.linspace(0, 255, 300)[:, None]
    crops = module._crops(PIL.fromarray(ramp), 60, 0, "0" * 64).astype(np.float64)
    widths = np.abs(crops[:, 0, 112, 223] - crops[:, 0, 112, 0]) / 255 * 400
    heights = (crops[:, 1, 223, 112] - crops[:, 1, 0, 112]) / 255 * 300
    assert np.abs(widths - heights).max() < 5  # square
    assert widths.min() > 195
    assert widths.max() < 305
    mirrored = (crops[:, 0, 112, 0] > crops[:, 0, 112, 223]).mean()
    assert 0.3 < mirrored < 0.7
    assert np.median(widths) < 255  # log-uniform; uniform it would be 250 of 200 to 300


def test_kept_crops_are_read_again_and_rebuilt_where_they_are_damaged(
    root, load, tmp_path, monkeypatch
):
    first = load(root)
    assert not first.images.flags.writeable
    with monkeypatch.context() as patch:
        patch.setattr(module, "_make", None)  # not called
        again = load(root)
    assert again.sha256 == first.sha256
    assert again.photographs == first.photographs
    assert again.manifest() == first.manifest()
    (kept,) = (tmp_path / "cache").glob("*.crops")
    content = bytearray(kept.read_bytes())
    content[1000] ^= 1
    beside = kept.with_suffix(".json")
    stated = beside.read_text()
    for crops, manifest in (
        (bytes(content), stated),
        (bytes(content[:-1]), stated),
        (None, "{}"),
        (None, "["),
    ):
        if crops is not None:
            kept.write_bytes(crops)
        beside.write_text(manifest)
        with pytest.warns(UserWarning, match="is damaged .*; it is being rebuilt"):
            assert load(root).sha256 == first.sha256


def test_the_manifest_says_what_was_used_and_holds_no_path(root, load, tmp_path):
    found = load(root)
    found.save_manifest(tmp_path / "manifest.json")
    text = (tmp_path / "manifest.json").read_text(encoding="utf-8")
    stated = json.loads(text)
    assert str(tmp_path.parent) not in text
    assert stated["sha256"] == found.sha256
    assert stated["crops"] == [2] * 6
    names = {"name", "sha256", "height", "width", "author", "licence", "source", "part"}
    assert all(set(entry) == names for entry in stated["photographs"])
    assert (stated["photographs"][0]["height"], stated["photographs"][0]["width"]) == (220, 260)


def test_the_hash_sees_a_pixel_and_a_part(root, load):
    found = load(root)
    images = np.array(found.images)
    assert module._sha256(images, found.groups, found.photographs) == found.sha256
    images[3, 1, 7, 7] ^= 1
    assert module._sha256(images, found.groups, found.photographs) != found.sha256
    other = load(
        root, seed=next(s for s in range(1, 9) if load(root, seed=s).sha256 != found.sha256)
    )
    moved = module._sha256(np.array(found.images), found.groups, other.photographs)
    parts = [[p.part for p in one.photographs] for one in (found, other)]
    assert (moved == found.sha256) == (parts[0] == parts[1])


def test_tensors_are_floats_in_the_unit_box(root, load):
    found = load(root)
    crops = found.tensor(range(3))
    assert crops.shape == (3, 3, 224, 224)
    assert crops.dtype == torch.float32
    assert torch.equal((255 * crops).round().byte(), torch.from_numpy(np.array(found.images[:3])))
    assert torch.equal(found.tensor([2, 0]), crops[[2, 0]])
    for wrong in ([12], [0, -1], [], [0.5], "x", 0):
        with pytest.raises(InvalidInput, match=r"indices.*; expected"):
            found.tensor(wrong)


def test_nothing_found_is_one_line_that_says_what_to_install(load, tmp_path, monkeypatch):
    (tmp_path / "usr" / "share").mkdir(parents=True)
    with pytest.raises(InvalidInput, match=r"`apt install gcompris-qt-data lomiri-.*TROMPE_PHOTOS"):
        load(tmp_path)
    with pytest.raises(
        InvalidInput, match=r"nothing of palapeli-data below .*`apt install palapeli-data`"
    ):
        load(tmp_path, packages=["palapeli-data"])
    with pytest.raises(InvalidInput, match="packages: 'cats'; expected gcompris-qt-data, "):
        load(tmp_path, packages=["cats"])
    with pytest.raises(InvalidInput, match="packages: none is given"):
        load(tmp_path, packages=[])
    empty = folder_of(tmp_path / "empty", {})
    with pytest.raises(InvalidInput, match=r"empty: no pictures in it; expected \.png"):
        load(empty)
    with pytest.raises(InvalidInput, match=r"no usr/share in .*empty; leave them out"):
        load(empty, packages=["palapeli-data"])
    with pytest.raises(InvalidInput, match=r"folder = .* is no folder"):
        load(tmp_path / "absent")
    monkeypatch.setenv("TROMPE_PHOTOS", str(tmp_path / "absent"))
    with pytest.raises(InvalidInput, match=r"TROMPE_PHOTOS = .* is no folder"):
        load()


def test_pictures_of_python_packages_are_found_without_importing_them(load, tmp_path, monkeypatch):
    images = tmp_path / "sklearn/datasets/images"
    images.mkdir(parents=True)
    (tmp_path / "sklearn/__init__.py").write_text("raise SystemExit")
    folder_of(images, {f"{k}.jpg": picture(k) for k in range(3)})
    monkeypatch.syspath_prepend(tmp_path)
    found = load(packages=["scikit-learn"])
    assert [p.name for p in found.photographs] == [
        f"scikit-learn: datasets/images/{k}.jpg" for k in range(3)
    ]
    assert {p.licence for p in found.photographs} == {"see sklearn/datasets/images/README.txt"}


def test_the_environment_names_a_folder(root, load, monkeypatch):
    monkeypatch.setenv("TROMPE_PHOTOS", str(root))
    assert len(load().photographs) == 6


def test_too_few_and_too_many_are_one_line(load, tmp_path, monkeypatch):
    two = folder_of(tmp_path / "two", {f"{k}.png": picture(k) for k in range(2)})
    with pytest.raises(
        InvalidInput, match="2 are left, of 2 series; expected at least 3 by different"
    ):
        load(two)
    small = folder_of(tmp_path / "small", {"a.png": picture(0, (100, 100))})
    with pytest.raises(InvalidInput, match="0 are left, of 0 series"):
        load(small)
    three = folder_of(tmp_path / "three", {f"{k}.png": picture(k) for k in range(3)})
    monkeypatch.setattr(module, "MAX_BYTES", 2**20)
    with pytest.raises(
        InvalidInput, match="more than 2 with 3 crops each fill more than 1048576 bytes"
    ):
        load(three, crops=3)
    with pytest.raises(InvalidInput, match="more than 0 with 9999 crops"):
        load(three, crops=9999)


def test_damaged_pictures_and_resources_are_one_line(load, tmp_path):
    folder = folder_of(tmp_path / "photos", {f"{k}.png": picture(k) for k in range(3)})
    whole = (folder / "1.png").read_bytes()
    (folder / "1.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InvalidInput, match=r"1\.png: not a readable picture"):
        load(folder)
    (folder / "1.png").rename(folder / "1.heic")
    with pytest.raises(InvalidInput, match=r"1\.heic: \.heic files are not read; expected \.png"):
        load(folder)
    root = unpacked(tmp_path)
    resource = root / "usr/share/gcompris-qt/rcc/erase.rcc"
    content = resource.read_bytes()
    resource.write_bytes(content[:-30])
    with pytest.raises(
        InvalidInput, match=r"erase\.rcc: it is cut short; install gcompris-qt-data"
    ):
        load(root)
    at = content.index(b"VP8L") + 60
    resource.write_bytes(content[:at] + bytes(200) + content[at + 200 :])
    with pytest.raises(
        InvalidInput, match=r"erase\.rcc/erase/resource/\w+\.webp: not a readable picture"
    ):
        load(root)


def packages_here():
    """The folder in which the packages of Debian are, or why there is none."""
    place = os.environ.get("TROMPE_PHOTOS")
    try:
        return place, sources.candidates(place, ["gcompris-qt-data"]) and ""
    except InvalidInput as error:
        return place, str(error)


PLACE, WHY_NOT = packages_here()


@pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)
def test_eight_crops_of_the_package_of_debian(tmp_path):
    found = te.load_photographs(
        PLACE, packages=["gcompris-qt-data"], crops=2, most=4, cache=tmp_path, show=False
    )
    assert found.images.shape == (8, 3, 224, 224)
    assert {p.part for p in found.photographs} == {"train", "calibration", "test"}
    assert all(p.author and p.licence for p in found.photographs)
    assert found.images.std(axis=(1, 2, 3)).min() > 3
