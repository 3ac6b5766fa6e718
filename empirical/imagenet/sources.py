"""Where photographs are found: in packages of Debian and of Python, or in a folder of the user's own."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from trompe.empirical.imagenet.notices import Notice, kde_notice, notices, read_notices
from trompe.empirical.imagenet.qres import MAX_BYTES, Resources, open_resources
from trompe.empirical.inputs.folders import SUFFIXES, UNREAD
from trompe.empirical.inputs.pictures import MAX_PICTURE_BYTES
from trompe.ground.errors import spelled
from trompe.ground.reading import Unreadable, read_file, text_of
from trompe.theory import InvalidInput

VARIABLE = "TROMPE_PHOTOS"


@dataclass(frozen=True)
class PackageSource:
    """Photographs of one package.

    files : patterns below the root, or below the folder of the Python module; in the order in which pictures are
        taken, so that of two alike the larger comes first. inside : patterns of names in `.rcc` files.
        without : what is no photograph.
    """

    package: str
    files: tuple[str, ...]
    inside: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    module: str = ""
    notice: str = ""
    """Where a package of Python names authors and licences."""

    @property
    def install(self) -> str:
        """The command that brings it."""
        return f"{'pip' if self.module else 'apt'} install {self.package}"


_RCC = "usr/share/gcompris-qt/rcc"
_KDE = (
    "BytheWater", "ColdRipple", "ColorfulCups", "DarkestHour", "EveningGlow", "FallenLeaf", "Kite", "OneStandsOut",
    "Path", "summer_1am",
)  # fmt: skip
_KINDS = ("fishes", "monuments", "others", "renewable", "tools")
SOURCES = (
    PackageSource(
        "gcompris-qt-data",
        tuple(
            f"{_RCC}/{name}.rcc"
            for name in (
                "erase", "explore_farm_animals", "explore_monuments", "explore_world_animals", "details", "categorization"
            )
        ),
        inside=(
            "*/erase/resource/*", "*/explore_farm_animals/resource/animals/*", "*/explore_monuments/resource/*/*",
            "*/explore_world_animals/resource/animals/*", "*/details/resource/image/*_background.*",
            *(f"*/categorization/resource/images/{kind}/*" for kind in _KINDS),
        ),
        without=("*Gogh*", "*PereTanguy*", "*Eglise_dAuvers*"),  # paintings
    ),
    PackageSource("lomiri-wallpapers-16.04", ("usr/share/backgrounds/*_by_*.jpg",)),
    PackageSource("mate-backgrounds", ("usr/share/backgrounds/mate/nature/*.jpg",)),
    PackageSource(
        "plasma-workspace-wallpapers",
        tuple(f"usr/share/wallpapers/{name}/contents/images/2560x1600.jpg" for name in _KDE),
    ),
    PackageSource("palapeli-data", ("usr/share/palapeli/collection/*.jpg",)),
    PackageSource(
        "scikit-image",
        tuple(
            f"data/{name}"
            for name in ("astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png", "rocket.jpg")
        ),
        module="skimage",
        notice="the documentation of skimage.data",
    ),
    PackageSource(
        "scikit-learn", ("datasets/images/*.jpg",), module="sklearn",
        notice="sklearn/datasets/images/README.txt",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Candidate:
    """A picture that may become a photograph: its name, what is stated of it, its file, and how its bytes are read."""

    name: str
    notice: Notice
    path: Path
    read: Callable[[], bytes]

    @property
    def place(self) -> Path:
        """Its file, with the name that it has in there."""
        return self.path / self.name.partition(".rcc/")[2]

    def content(self) -> bytes:
        """The bytes of the picture.

        Raises
        ------
        InvalidInput : they cannot be read.
        """
        try:
            return self.read()
        except Unreadable as error:
            raise InvalidInput(f"photographs: {self.path}: {error}") from None


def candidates(folder: str | Path | None, packages: Sequence[str] | None) -> list[Candidate]:
    """The pictures of a folder; or of packages, those of these names or all that are found.

    Packages are looked for where they are installed, or below a folder that holds `usr/share` as they unpack. By
    default the folder is the one in `TROMPE_PHOTOS`.

    Raises
    ------
    InvalidInput : nothing is found, with what to install; a package that is named is not there; a resource file is
        damaged.
    """
    known = [source.package for source in SOURCES]
    if packages is not None and not packages:
        raise InvalidInput(f"packages: none is given; expected some of {', '.join(known)}, or None")
    for name in packages or ():
        if name not in known:
            raise InvalidInput(f"packages: {spelled(name)}; expected {', '.join(known)}")
    given = (os.environ.get(VARIABLE) or None) if folder is None else folder
    root = Path("/" if given is None else given).expanduser()
    if given is not None and not _is_folder(root):
        what = VARIABLE if folder is None else "folder"
        raise InvalidInput(
            f"{what} = {spelled(str(given))} is no folder; expected one of photographs, or with packages below usr/share"
        )
    if given is not None and not _is_folder(root / "usr" / "share"):
        if packages is not None:
            raise InvalidInput(f"packages: there is no usr/share in {root}; leave them out")
        found = list(_in_folder(root))
        if not found:
            raise InvalidInput(f"{root}: no pictures in it; expected {', '.join(SUFFIXES)}")
        return found
    wanted = [s for s in SOURCES if packages is None or s.package in packages]
    by_package = {s: list(_in_package(s, root, given is not None)) for s in wanted}
    missing = [source for source, found in by_package.items() if not found]
    if missing and (packages is not None or len(missing) == len(wanted)):
        where = f"below {root}" if given is not None else "on this machine"
        names = ", ".join(source.package for source in missing)
        commands = "apt install " + " ".join(s.package for s in SOURCES if not s.module)
        if packages is not None:
            commands = "; ".join(source.install for source in missing)
        raise InvalidInput(
            f"photographs: nothing of {names} {where}; on Debian and Ubuntu `{commands}`, elsewhere set {VARIABLE} to a "
            "folder of photographs"
        )
    return [candidate for found in by_package.values() for candidate in found]


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # a name that is too long, or has a character of none
        return False


def _in_folder(root: Path) -> Iterator[Candidate]:
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root)
        if any(part.startswith(".") for part in name.parts) or not path.is_file():
            continue
        if path.suffix.lower() in UNREAD:
            raise InvalidInput(
                f"{path}: {path.suffix} files are not read; expected {', '.join(SUFFIXES)}; convert it or take it away"
            )
        if path.suffix.lower() in SUFFIXES:
            yield Candidate(name.as_posix(), Notice(), path, partial(_file, path))


def _file(path: Path) -> bytes:
    return read_file(path, MAX_PICTURE_BYTES)


def _in_package(source: PackageSource, root: Path, is_given: bool) -> Iterator[Candidate]:
    """The pictures of a package, those of one pattern by name."""
    base, see = root, f"see /usr/share/doc/{source.package}/copyright"
    if source.module:
        spec = None if is_given else find_spec(source.module)
        folders = spec and spec.submodule_search_locations
        if not folders:
            return
        base, see = Path(folders[0]), f"see {source.notice}"
    stated = read_notices(root / f"usr/share/doc/{source.package}/copyright")
    for pattern in source.files:
        for path in sorted(base.glob(pattern)):
            if path.suffix == ".rcc":
                yield from _in_resources(source, path, see)
                continue
            name = path.relative_to(base).as_posix()
            notice = _beside(path) or stated.of(name) or Notice(licence=see)
            yield Candidate(f"{source.package}: {name}", notice, path, partial(_file, path))


def _beside(path: Path) -> Notice | None:
    """What KDE's packages say of a picture."""
    folder = path.parents[2]
    places = (path.with_suffix(".desktop"), folder / "metadata.json", folder / "metadata.desktop")
    return next((notice for place in places if (notice := kde_notice(place))), None)


def _in_resources(source: PackageSource, path: Path, see: str) -> Iterator[Candidate]:
    """The pictures in a resource file. What is stated of them lies in a README in their folder, or one above it.

    The package's copyright file still lists pictures of the same names that earlier releases had.
    """
    try:
        inside = open_resources(read_file(path, MAX_BYTES))
        readmes = {
            name.removesuffix("README"): notices(text_of(inside.read(name)))
            for name in inside.places
            if name.endswith("/README")
        }
    except Unreadable as error:
        raise InvalidInput(
            f"photographs: {path}: {error}; install {source.package} again"
        ) from None
    for name in inside.places:
        is_picture = name.lower().endswith(SUFFIXES)
        if is_picture and _any(name, source.inside) and not _any(name, source.without):
            above = [
                listed.of(name) for folder, listed in readmes.items() if name.startswith(folder)
            ]
            notice = next(filter(None, above), None) or Notice(licence=see)
            short = name.removeprefix("/gcompris/src/activities")
            yield Candidate(
                f"{source.package}: {path.stem}.rcc{short}",
                notice,
                path,
                partial(Resources.read, inside, name),
            )


def _any(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def sources_sha256(found: Sequence[Candidate]) -> str:
    """Hash of the names, notices and bytes of pictures, in their order."""
    digest = hashlib.sha256()
    for candidate in found:
        raw = hashlib.sha256(candidate.content()).hexdigest()
        digest.update(f"{candidate.name}\n{candidate.notice}\n{raw}\n".encode())
    return digest.hexdigest()
