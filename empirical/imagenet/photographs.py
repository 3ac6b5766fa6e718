"""Crops of photographs, 224 x 224, split by photograph.

Two crops of one photograph are nearly one picture, and so are photographs of one series. Hence a photograph lies in one part
alone, with all others by its author; equal and nearly equal ones are left out.
"""

from __future__ import annotations

import hashlib
import math
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from trompe.empirical._torch import Steps, pick_device, torch
from trompe.empirical.cache import TensorCache, json_text
from trompe.empirical.imagenet.notices import Notice
from trompe.empirical.imagenet.sources import Candidate, candidates, sources_sha256
from trompe.empirical.inputs.data import as_floats
from trompe.empirical.inputs.pictures import Bytes, read_picture
from trompe.empirical.progress import progress_bar
from trompe.ground.arguments import Count, Integer, checked
from trompe.ground.files import write_file
from trompe.ground.reading import Unreadable, check_file, json_data, read_file
from trompe.theory import InvalidInput

Part = Literal["train", "calibration", "test"]
SHARES: dict[Part, float] = {"test": 0.25, "calibration": 0.15, "train": 0.6}
"""Of the photographs, by part."""
SIDE = 224
"""Pixels of a crop's side."""
SMALLEST = 200
"""Pixels of a photograph's shorter side, and of the smallest crop, at least."""
LONGEST = 1400
"""To so many pixels the longer side of larger photographs is scaled, so that every crop shows something."""
PLAIN = 0.5
"""A photograph of which a larger share is one colour is left out: most of its crops would show nothing."""
NEAR = 0.97
"""Two photographs whose grey thumbnails correlate more than this are taken to be one."""
MAX_BYTES = 2**30
"""So many bytes of crops, at most."""
_CROP = 3 * SIDE * SIDE
_REVISION = 1
"""Part of the key of kept crops: raise it when a change of code changes crops or parts."""
_MAX_MANIFEST = 2**26


@dataclass(frozen=True)
class Photograph:
    """One photograph: what it is called, the hash of its pixels, its size as it was found, and what is stated of it.

    Author and source are empty where nothing is stated of this very picture, and the licence then says where to look.
    """

    name: str
    sha256: str
    height: int
    width: int
    author: str
    licence: str
    source: str
    part: Part

    @property
    def may_be_shown(self) -> bool:
        """May a figure show a part of it, with its author named (CC0, CC-BY, public domain)? Where nothing is stated, no."""
        return Notice(self.author, self.licence).may_be_shown


@dataclass(frozen=True, eq=False)
class Photographs:
    """Crops of photographs, and which photograph each is of.

    images : integers 0 .. 255 of shape (n, 3, 224, 224), RGB; may lie in a file, and cannot be written to.
    groups : index in `photographs` of each crop, shape (n,). left_out : name -> why, of pictures that were found too.
    sha256 : hash of all crops, their photographs and parts.
    """

    images: Bytes
    groups: NDArray[np.int64]
    photographs: tuple[Photograph, ...]
    left_out: dict[str, str]
    seed: int
    sha256: str

    def __len__(self) -> int:
        return len(self.images)

    @checked
    def indices(self, part: Part | None = None, each: Count | None = None) -> NDArray[np.int64]:
        """Which crops lie in a part, or in any; with `each` only so many of each photograph."""
        parts = np.array([photograph.part for photograph in self.photographs])
        chosen = np.ones(len(self), dtype=bool) if part is None else parts[self.groups] == part
        if each is not None:
            starts = np.searchsorted(self.groups, self.groups)
            chosen &= np.arange(len(self)) - starts < each
        return np.flatnonzero(chosen)

    @checked
    def tensor(self, indices: Sequence[int], device: torch.device | str = "cpu") -> torch.Tensor:
        """float32 crops in [0, 1] of these indices, 600 kB each.

        Raises
        ------
        InvalidInput : there is no such crop.
        """
        beyond = [i for i in indices if not 0 <= i < len(self)]
        if not indices or beyond:
            given = f"{beyond[0]} among them" if beyond else "none is given"
            raise InvalidInput(f"indices: {given}; expected integers from 0 to {len(self) - 1}")
        pixels = np.array(self.images[list(indices)])
        return as_floats(pixels, 255, pick_device(device))

    def manifest(self) -> dict[str, Any]:
        """What is needed to say which photographs were used, as JSON data: hash, size, author, licence, source and part of each."""
        return {
            "schema": 1,
            "sha256": self.sha256,
            "seed": self.seed,
            "side": SIDE,
            "crops": np.bincount(self.groups).tolist(),
            "photographs": [asdict(photograph) for photograph in self.photographs],
            "left_out": self.left_out,
        }

    @checked
    def save_manifest(self, path: str | Path) -> None:
        """Write the manifest as JSON. It holds no pixels."""
        write_file(path, json_text(self.manifest()), parents=True)


@checked
def load_photographs(
    folder: str | Path | None = None,
    *,
    packages: Sequence[str] | None = None,
    seed: Annotated[int, Integer(0, 2**63 - 1)] = 0,
    crops: Steps = 24,
    most: Steps | None = None,
    cache: str | Path | None = None,
    show: bool = True,
) -> Photographs:
    """Crops of the photographs of a folder, or of installed packages.

    Of each photograph `crops` squares are cut: side log-uniform from 200 to the shorter side, anywhere, half of them
    mirrored, scaled to 224 x 224 (bicubic). They are determined by the seed and the photograph's pixels, and the parts
    (60 % train, 15 % calibration, 25 % test) by the seed and which photographs there are.

    Parameters
    ----------
    folder : of photographs, at any depth; or one that holds usr/share with unpacked packages. By default that in
        `TROMPE_PHOTOS`, else what is installed. packages : only these, which must be there.
    most : only so many photographs, the first ones. cache : where crops are kept, in place of the platform's folder.

    Raises
    ------
    InvalidInput : nothing is found, with what to install; a picture or resource file is damaged; fewer than three
        series of photographs are left; or the crops fill more than 1 GiB.
    """
    found = candidates(folder, packages)
    key = {
        "code": _REVISION,
        "sources": sources_sha256(found),
        "seed": seed,
        "crops": crops,
        "most": most,
        "pillow": _pillow_version(),
    }
    path = TensorCache(cache).path("photographs", key).with_suffix(".crops")
    kept = _load(path, path.with_suffix(".json"))
    if kept is not None:
        return kept
    made = _make(found, seed, crops, most, show)
    write_file(path, made.images.data.cast("B"), parents=True)
    made.save_manifest(path.with_suffix(".json"))
    del made  # the crops are in memory once
    again = _load(path, path.with_suffix(".json"))
    if again is None:
        raise InvalidInput(
            f"photographs: {path} was written and cannot be read; choose another cache"
        )
    return again


def _pillow_version() -> str:
    from importlib.metadata import version

    return version("pillow")


def _load(path: Path, beside: Path) -> Photographs | None:
    """Crops that were kept; None where they are missing or damaged."""
    try:
        check_file(path)
        check_file(beside)
    except Unreadable:
        return None
    try:
        data = json_data(read_file(beside, _MAX_MANIFEST), _MAX_MANIFEST)
        photographs = tuple(Photograph(**entry) for entry in data["photographs"])
        groups = np.repeat(np.arange(len(photographs)), data["crops"])
        if path.stat().st_size != len(groups) * _CROP:
            raise ValueError("another number of bytes")
        images: Bytes = np.memmap(path, np.uint8, "r", shape=(len(groups), 3, SIDE, SIDE))
        if _sha256(images, groups, photographs) != data["sha256"]:
            raise ValueError("its checksum is wrong")
        return Photographs(
            images, groups, photographs, data["left_out"], data["seed"], data["sha256"]
        )
    except (Unreadable, OSError, KeyError, TypeError, ValueError) as error:
        warnings.warn(f"{path} is damaged ({error}); it is being rebuilt", stacklevel=3)
        return None


def _sha256(images: Bytes, groups: NDArray[np.int64], photographs: Sequence[Photograph]) -> str:
    digest = hashlib.sha256(repr(images.shape).encode())
    digest.update(images.data.cast("B"))
    digest.update(groups.astype("<i8").tobytes())
    for photograph in photographs:
        digest.update(f"{photograph.sha256} {photograph.part}\n".encode())
    return digest.hexdigest()


# -- from pictures to crops ----------------------------------------------------------------------------


def _make(
    found: Sequence[Candidate], seed: int, crops: int, most: int | None, show: bool
) -> Photographs:
    room = MAX_BYTES // (crops * _CROP)
    images = np.empty((min(len(found), room), crops, 3, SIDE, SIDE), dtype=np.uint8)
    used: list[tuple[Candidate, str, tuple[int, int]]] = []
    left_out: dict[str, str] = {}
    look = _Likeness()
    with progress_bar("photographs", len(found), show) as advance:
        for candidate in found:
            if most is not None and len(used) == most:
                break
            picture = _picture(candidate)
            pixels = np.asarray(picture)
            sha256 = hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest()
            scaled = _scaled(picture)
            why = look.fault(candidate.name, sha256, scaled)
            if why:
                left_out[candidate.name] = why
            elif len(used) == room:
                raise InvalidInput(
                    f"photographs: more than {room} with {crops} crops each fill more than {MAX_BYTES} bytes; take "
                    "fewer crops, or `most` of the photographs"
                )
            else:
                images[len(used)] = _crops(scaled, crops, seed, sha256)
                used.append((candidate, sha256, pixels.shape[:2]))
            advance(1)
    parts = _parts([c.notice.series or c.name for c, _, _ in used], seed)
    photographs = tuple(
        Photograph(c.name, sha256, *size, c.notice.author, c.notice.licence, c.notice.source, part)
        for (c, sha256, size), part in zip(used, parts, strict=True)
    )
    flat = images[: len(used)].reshape(-1, 3, SIDE, SIDE)
    flat.flags.writeable = False
    groups = np.repeat(np.arange(len(used)), crops)
    return Photographs(
        flat, groups, photographs, left_out, seed, _sha256(flat, groups, photographs)
    )


def _picture(candidate: Candidate) -> Any:
    """The picture, RGB, upright, as Pillow has it."""
    from PIL import Image

    pixels = read_picture(candidate.place, content=candidate.content())
    return Image.fromarray(pixels).convert("RGB")


def _scaled(picture: Any) -> Any:
    share = LONGEST / max(picture.size)
    if share >= 1:
        return picture
    width, height = (max(1, round(side * share)) for side in picture.size)
    return picture.resize((width, height), resample=1)  # Lanczos


class _Likeness:
    """The photographs so far, and what speaks against a further one."""

    def __init__(self) -> None:
        self.hashes: dict[str, str] = {}
        self.names: list[str] = []
        self.thumbnails: list[NDArray[np.float64]] = []

    def fault(self, name: str, sha256: str, picture: Any) -> str:
        """Why it is left out; empty if it is kept."""
        if sha256 in self.hashes:
            return f"the same pixels as {self.hashes[sha256]}"
        if min(picture.size) < SMALLEST:
            return f"{picture.width} x {picture.height} pixels, a side below {SMALLEST}"
        share = _plainness(picture)
        if share > PLAIN:
            return f"{share:.0%} of it is one colour"
        thumbnail = np.asarray(picture.convert("L").resize((16, 16), resample=4), dtype=np.float64)
        spread = thumbnail - thumbnail.mean()
        spread /= max(math.sqrt((spread * spread).sum()), 1e-9)
        if self.thumbnails:
            alike = np.array([(spread * other).sum() for other in self.thumbnails])
            if alike.max() > NEAR:
                return f"like {self.names[int(alike.argmax())]} (correlation {alike.max():.3f})"
        self.hashes[sha256] = name
        self.names.append(name)
        self.thumbnails.append(spread)
        return ""


def _plainness(picture: Any) -> float:
    """The share of a 64 x 64 thumbnail within 12 of 255 of the commonest colour, channel by channel."""
    pixels = np.asarray(picture.resize((64, 64), resample=4), dtype=np.int64).reshape(-1, 3)  # box
    colours, counts = np.unique(pixels // 8, axis=0, return_counts=True)
    commonest = colours[counts.argmax()] * 8 + 4
    return float((np.abs(pixels - commonest).max(axis=1) <= 12).mean())


def _crops(picture: Any, count: int, seed: int, sha256: str) -> Bytes:
    """Squares of a photograph, drawn from the seed and its hash alone."""
    random = np.random.default_rng([seed, int(sha256[:16], 16)])
    low, high = math.log(SMALLEST), math.log(min(picture.size))
    found = []
    for _ in range(count):
        side = round(math.exp(random.uniform(low, high)))
        left = int(random.integers(0, picture.width - side + 1))
        top = int(random.integers(0, picture.height - side + 1))
        box = (left, top, left + side, top + side)
        square = picture.resize((SIDE, SIDE), resample=3, box=box)  # bicubic
        pixels = np.asarray(square)
        if random.uniform() < 0.5:
            pixels = pixels[:, ::-1]
        found.append(pixels.transpose(2, 0, 1))
    return np.stack(found)


def _parts(series: Sequence[str], seed: int) -> list[Part]:
    """The part of each photograph: all of one series in one part, each part near its share.

    Series come in a drawn order, each to the part that has least of its share and room for it; one that fits nowhere
    is trained on.
    """
    members: dict[str, list[int]] = {}
    for i, name in enumerate(series):
        members.setdefault(name, []).append(i)
    if len(members) < len(SHARES):
        raise InvalidInput(
            f"photographs: {len(series)} are left, of {len(members)} series; expected at least {len(SHARES)} by different "
            "authors, for training, calibration and test"
        )
    room = {part: max(1, round(share * len(series))) for part, share in SHARES.items()}
    have: dict[Part, int] = dict.fromkeys(SHARES, 0)
    parts: list[Part] = ["train"] * len(series)
    names = sorted(members)
    for k in np.random.default_rng([seed, len(series)]).permutation(len(names)):
        chosen = members[names[k]]
        fits = [part for part in SHARES if have[part] + len(chosen) <= room[part]]
        part: Part = min(fits, key=lambda p: have[p] / room[p], default="train")
        have[part] += len(chosen)
        for i in chosen:
            parts[i] = part
    empty = [part for part, count in have.items() if not count]
    if empty:
        raise InvalidInput(
            f"photographs: {len(series)} are left, of {len(members)} series, too few for a part ({', '.join(empty)}); give "
            "more, by more authors"
        )
    return parts
