"""Files inside of a binary resource file of Qt (`.rcc`).

A header, a tree of nodes, names and data, all big-endian. Nothing is followed before it is known to lie inside of the file, no
node is visited twice, and nothing is unpacked to more than it says or than `MAX_UNPACKED`.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from trompe.ground.errors import brief
from trompe.ground.reading import Unreadable

MAX_BYTES = 2**28
"""The largest resource file that is read."""
MAX_UNPACKED = 2**26
"""The most bytes to which one file in it is unpacked."""
_ZLIB, _FOLDER, _ZSTD = 1, 2, 4
_NODE = {1: 14, 2: 22, 3: 22}
"""Bytes of a node, by the version of the format; from the second on it ends with a time."""


@dataclass(frozen=True)
class Resources:
    """What lies in a resource file: name -> (flags, where its data begins)."""

    content: bytes
    places: dict[str, tuple[int, int]]

    def read(self, name: str) -> bytes:
        """The file of this name, unpacked.

        Raises
        ------
        Unreadable : it is cut short, is larger than it says, or is packed by something else than zlib.
        """
        flags, at = self.places[name]
        (size,) = _numbers(self.content, at, ">I")
        if at + 4 + size > len(self.content):
            raise Unreadable(f"{brief(name)} is cut short")
        raw = self.content[at + 4 : at + 4 + size]
        if flags & _ZSTD:
            raise Unreadable(f"{brief(name)} is packed by zstd; expected zlib, or no packing")
        if not flags & _ZLIB:
            return raw
        (whole,) = _numbers(raw, 0, ">I")
        if whole > MAX_UNPACKED:
            raise Unreadable(
                f"{brief(name)} has {whole} bytes, at most {MAX_UNPACKED} are unpacked"
            )
        try:
            unpacked = zlib.decompressobj().decompress(raw[4:], whole + 1)
        except zlib.error as error:
            raise Unreadable(f"{brief(name)} is damaged ({error})") from None
        if len(unpacked) != whole:
            raise Unreadable(
                f"{brief(name)} is damaged: it has another number of bytes than it says"
            )
        return unpacked


def open_resources(content: bytes) -> Resources:
    """The tree of a resource file; no file in it is unpacked yet.

    Raises
    ------
    Unreadable : it is no resource file, of another version, or damaged.
    """
    if content[:4] != b"qres":
        raise Unreadable("it is no resource file of Qt: it does not begin with 'qres'")
    version, tree, data, names = _numbers(content, 4, ">4I")
    if version not in _NODE:
        raise Unreadable(f"version {version} of Qt's resources is not read; expected 1, 2 or 3")
    size = _NODE[version]
    places: dict[str, tuple[int, int]] = {}
    seen = {0}
    waiting = [(0, "")]
    while waiting:
        node, prefix = waiting.pop()
        at = tree + size * node
        name_at, flags, first, second = _numbers(content, at, ">IHII")
        path = f"{prefix}/{_name(content, names + name_at)}" if node else ""
        if not flags & _FOLDER:
            places[path] = (flags, data + second)
            continue
        if first > len(content) // size:
            raise Unreadable("its tree is damaged: a folder has more files than fit")
        for child in range(second, second + first):
            if child in seen:
                raise Unreadable("its tree is damaged: a node lies in two places")
            seen.add(child)
            waiting.append((child, path))
    return Resources(content, dict(sorted(places.items())))


def _name(content: bytes, at: int) -> str:
    (length,) = _numbers(content, at, ">H")
    raw = content[at + 6 : at + 6 + 2 * length]
    try:
        name = raw.decode("utf-16-be")
    except UnicodeDecodeError:
        name = ""
    if len(raw) < 2 * length or not name or "/" in name or not name.isprintable():
        raise Unreadable("its tree is damaged: a name is none")
    return name


def _numbers(content: bytes, at: int, layout: str) -> tuple[int, ...]:
    if at + struct.calcsize(layout) > len(content):
        raise Unreadable("it is cut short")
    return struct.unpack_from(layout, content, at)
