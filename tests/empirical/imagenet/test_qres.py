"""Qt's resource files: read, cut short, damaged, and made to hang or to fill memory."""

from __future__ import annotations

import pytest

pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

import struct
import time
import zlib
from contextlib import suppress

from qres_files import qres

from trompe.empirical.imagenet.qres import MAX_UNPACKED, open_resources
from trompe.ground.reading import Unreadable

FILES = {
    "/a/README": b"words",
    "/a/b/picture.webp": bytes(range(256)) * 8,
    "/a/b/ä.png": b"",
    "/other": b"x",
}


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize("flags", [None, 1])
def test_files_are_found_and_unpacked(version, flags):
    found = open_resources(qres(FILES, version, flags))
    assert {name: found.read(name) for name in found.places} == FILES
    assert list(found.places) == sorted(FILES)


def test_cut_short_or_changed_anywhere_it_is_files_or_one_line():
    content = qres(FILES, 3, 1)
    for changed in (
        *(content[:end] for end in range(len(content))),
        *(content[:k] + bytes([content[k] ^ 0xFF]) + content[k + 1 :] for k in range(len(content))),
    ):
        with suppress(Unreadable):
            found = open_resources(changed)
            for name in found.places:
                assert isinstance(found.read(name), bytes)


def itself(raw):
    raw[1][2:] = [1, 0]  # a folder that holds the root


def twice(raw):
    raw[2][2:] = raw[1][2:]
    raw[2][1] = 2


def many(raw):
    raw[0][2] = 2**32 - 1


def far(raw):
    raw[-1][3] = 2**32 - 1


@pytest.mark.parametrize(
    ("tree", "why"),
    [
        (itself, "a node lies in two places"),
        (twice, "a node lies in two places"),
        (many, "a folder has more files than fit"),
    ],
)
def test_a_tree_that_is_none_is_refused(tree, why):
    begin = time.process_time()
    with pytest.raises(Unreadable, match=why):
        open_resources(qres({"/a/b": b"1", "/c/d": b"2"}, tree=tree))
    assert time.process_time() - begin < 2


def test_data_beyond_the_end_is_refused():
    found = open_resources(qres(FILES, tree=far))
    with pytest.raises(Unreadable, match="cut short"):
        [found.read(name) for name in found.places]


def test_what_unpacks_to_more_than_it_says_is_refused():
    for said, why in ((10, "another number of bytes"), (MAX_UNPACKED + 1, "at most 67108864")):
        packed = struct.pack(">I", said) + zlib.compress(bytes(10**6))
        content = qres({"/a": packed}, tree=lambda raw: raw[1].__setitem__(1, 1))
        with pytest.raises(Unreadable, match=why):
            open_resources(content).read("/a")


def test_other_packing_other_versions_and_other_files_are_named():
    with pytest.raises(Unreadable, match="packed by zstd"):
        open_resources(qres(FILES, flags=4)).read("/other")
    with pytest.raises(Unreadable, match="version 9 of Qt's resources"):
        open_resources(b"qres" + struct.pack(">4I", 9, 0, 0, 0))
    for content in (b"", b"RIFF", bytes(100)):
        with pytest.raises(Unreadable, match="does not begin with 'qres'"):
            open_resources(content)
