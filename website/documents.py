"""The documentation as it stands in the sources, with whatever it links to."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from trompe.ground.errors import InvalidInput

FOLDERS = ("docs",)
PAGES = ("CONTRIBUTING.md", "CHANGELOG.md", "proofs/rocq/README.md")
OWN = Path(__file__).resolve().parent / "pages"
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)")


def write(root: Path, source: Path) -> None:
    """Copy the pages under their names in the sources, and the files that they link to.

    Raises
    ------
    InvalidInput : a page links to a file that is not there.
    """
    shutil.copytree(OWN, source)
    found = [Path(name) for name in PAGES]
    found += [path.relative_to(root) for name in FOLDERS for path in (root / name).rglob("*.md")]
    for page in sorted(found):
        _copy(root, source, page)
        for target in _LINK.findall((root / page).read_text(encoding="utf-8")):
            if "://" in target:
                continue
            linked = (root / page).parent.joinpath(target).resolve()
            if not linked.exists() or root not in linked.parents:
                raise InvalidInput(f"{page} links to {target}, which is not there")
            if linked.is_file():
                _copy(root, source, linked.relative_to(root))


def _copy(root: Path, source: Path, name: Path) -> None:
    place = source / name
    place.parent.mkdir(parents=True, exist_ok=True)
    if not place.exists():
        shutil.copyfile(root / name, place)
