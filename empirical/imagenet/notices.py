"""Who made a picture and under which licence: what a package says beside it, or in its copyright file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trompe.ground.reading import Unreadable, json_data, read_file, text_of

MAX_BYTES = 2**22
"""The largest file of notices that is read."""
_FIELD = re.compile(r"(Files|Copyright|License|Source|Comments?):[ \t]*(.*)")
_SHOWABLE = re.compile(r"(cc0|cc[- ]by[- ][\d.]|public[- ]domain)", re.IGNORECASE)
_NOBODY = {"", "none", "unknown", "no copyright"}


@dataclass(frozen=True)
class Notice:
    """Author, licence and source as they are stated; an author that is not stated is empty."""

    author: str = ""
    licence: str = ""
    source: str = ""

    @property
    def may_be_shown(self) -> bool:
        """May anybody show the picture, or a part of it, who names its author? So under CC0, CC-BY and in the public domain."""
        return bool(_SHOWABLE.match(self.licence))

    @property
    def series(self) -> str:
        """The author as one key, whatever is added to the name."""
        return re.split(r" [/(]|[,;]", self.author)[0].strip().casefold()


@dataclass(frozen=True)
class Notices:
    """Patterns of file names with what is stated of them, in the order of the file."""

    listed: tuple[tuple[str, Notice], ...]

    def of(self, name: str) -> Notice | None:
        """What is stated last of this file. A pattern may be the end of its path; one for everything (`*`) is of no file.

        Debian moves files: where no path fits, that one fits which alone has the file's own name.
        """
        found = [notice for pattern, notice in self.listed if _fits(pattern, name)]
        if not found:
            last = name.rpartition("/")[2]
            alike = [n for pattern, n in self.listed if pattern.rpartition("/")[2] == last]
            found = alike if len(alike) == 1 else []
        return found[-1] if found else None


def _fits(pattern: str, name: str) -> bool:
    if not set(pattern) & set("*?"):
        return f"/{name}".endswith(f"/{pattern}")
    if not set(pattern) - set("*?/."):
        return False
    written = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(rf"(.*/)?{written}", name) is not None


def notices(text: str) -> Notices:
    """The paragraphs of a machine-readable copyright file of Debian, or of a README of that form, that are about files.

    A paragraph's file names may follow its licence without a `Files:` before them.
    """
    listed = []
    for paragraph in re.split(r"\n[ \t]*\n", text):
        fields: dict[str, list[str]] = {}
        lines: list[str] = []
        for line in paragraph.splitlines():
            found = _FIELD.match(line)
            if found:
                lines = fields.setdefault(found[1].removesuffix("s"), [])
            lines.append((found[2] if found else line).strip())
        if "Copyright" not in fields:  # the text of a licence
            continue
        licence, *rest = fields.get("License", [""])
        source = fields.get("Source") or fields.get("Comment") or [""]
        notice = Notice(_author(fields["Copyright"]), licence, " ".join(source).strip())
        patterns = " ".join(fields.get("File", rest)).split()
        listed += [(pattern, notice) for pattern in patterns]
    return Notices(tuple(listed))


def _author(lines: Iterable[str]) -> str:
    """Names without years, addresses and signs."""
    names = []
    for line in lines:
        name = re.sub(r"<[^>]*>|\([^)]*@[^)]*\)|©|\([cC]\)|\b(19|20)\d\d\b", " ", line)
        name = " ".join(re.sub(r"[-–, ]{2,}", " ", f" {name} ").split()).strip(" .,;:-*´")
        if name.casefold() not in _NOBODY:
            names.append(name)
    return "; ".join(names)


def read_notices(path: Path) -> Notices:
    """Those of a file; none where it is not there or cannot be read."""
    try:
        return notices(text_of(read_file(path, MAX_BYTES)))
    except Unreadable:
        return Notices(())


def kde_notice(path: Path) -> Notice | None:
    """What KDE's own description of a picture says: `.desktop` lines or `metadata.json`; None where it says nothing."""
    try:
        content = read_file(path, MAX_BYTES)
        if path.suffix == ".json":
            plugin: Any = json_data(content, MAX_BYTES)["KPlugin"]
            return Notice(str(plugin["Authors"][0]["Name"]), str(plugin["License"]))
        stated = re.findall(r"(?m)^X-KDE-PluginInfo-(Author|License)=(.*)$", text_of(content))
    except (Unreadable, KeyError, TypeError, IndexError):
        return None
    fields = {key: value.strip() for key, value in stated}
    return Notice(fields.get("Author", ""), fields.get("License", "")) if fields else None
