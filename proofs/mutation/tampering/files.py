"""Tamperings with the files of a certificate set: their bytes, what they ask, where they lie."""

from __future__ import annotations

import os
import shutil
import zipfile
from pathlib import Path

from trompe.proofs.handover.certificates.folder import UNFINISHED
from trompe.proofs.handover.certificates.manifest import MANIFEST
from trompe.proofs.handover.certificates.script import MAX_SCRIPT_BYTES
from trompe.proofs.mutation.tampering.tools import (
    MAIN,
    MUTANT,
    VACUITY,
    Damage,
    Registry,
    before_check,
    copy,
    entry_of,
    in_file,
    lines_where,
    load,
    rehash,
    save,
)

__all__ = ["WITH_FILES"]

WITH_FILES = Registry()

# -- files -------------------------------------------------------------------------------------

WITH_FILES.add(
    "flipped byte", "changed", in_file(lambda c: c[:40] + bytes([c[40] ^ 1]) + c[41:], forge=False)
)
WITH_FILES.add("truncated file", "changed", in_file(lambda c: c[:-12], forge=False))
WITH_FILES.add("empty file", "changed", in_file(lambda c: b"", forge=False))
WITH_FILES.add(
    "zip for a file", "changed", in_file(lambda c: b"PK\x05\x06" + bytes(18), forge=False)
)
WITH_FILES.add("huge file", "larger", in_file(lambda c: c + b"\n" * MAX_SCRIPT_BYTES, forge=False))
WITH_FILES.add("huge file, forged", "larger", in_file(lambda c: b";" * (MAX_SCRIPT_BYTES + 1)))
WITH_FILES.add(
    "truncated file, forged", "cut off", in_file(lambda c: c[: c.rindex(b"(assert") + 9])
)
WITH_FILES.add("empty file, forged", "no command", in_file(lambda c: b""))
WITH_FILES.add(
    "comments only", "no command", in_file(lines_where(lambda line: line.startswith(";")))
)
WITH_FILES.add(
    "no check-sat", "check-sat is missing", in_file(lambda c: c.replace(b"(check-sat)\n", b""))
)
WITH_FILES.add("zip for a file, forged", "byte 0x", in_file(lambda c: b"PK\x05\x06" + bytes(18)))
WITH_FILES.add("carriage returns", "byte 0x0d", in_file(lambda c: c.replace(b"\n", b"\r\n")))
WITH_FILES.add(
    "a letter beyond ASCII", "byte 0xc3", in_file(lambda c: c.replace(b"; ", b"; \xc3\xa9 ", 1))
)
WITH_FILES.add("a word outside a command", "outside a command", in_file(lambda c: b"unsat\n" + c))

# -- what a file asks --------------------------------------------------------------------------

WITH_FILES.add(
    "hypothesis deleted",
    "does not assert",
    in_file(lambda c: _drop_assertion(c, 0)),
)
WITH_FILES.add("goal deleted", "does not assert", in_file(lambda c: _drop_assertion(c, -1)))
WITH_FILES.add(
    "false added", "weaker statement", in_file(before_check("(assert false)")), seen_alone=False
)
WITH_FILES.add(
    "contradiction added",
    "weaker statement",
    in_file(before_check("(assert (< m m))")),
    seen_alone=False,
)
WITH_FILES.add(
    "hypothesis added",
    "weaker statement",
    in_file(before_check("(assert (= m 0.0))")),
    seen_alone=False,
)
WITH_FILES.add(
    "logic changed",
    "the logic is",
    in_file(lambda c: c.replace(b"QF_L", b"QF_N")),
    seen_alone=False,
)
WITH_FILES.add(
    "comparison changed", "does not assert", in_file(lambda c: c.replace(b"(<", b"(>", 1))
)
WITH_FILES.add(
    "declaration added",
    "declared symbols differ",
    in_file(lambda c: c.replace(b"(declare", b"(declare-const extra Real)\n(declare", 1)),
    seen_alone=False,
)
WITH_FILES.add(
    "sentence in words changed",
    "comments",
    in_file(lambda c: c.replace(b"; side/", b"; every d: side/", 1)),
    seen_alone=False,
)
WITH_FILES.add(
    "twins swapped",
    "different statement",
    lambda folder, other: _swap(folder, VACUITY, MUTANT),
    seen_alone=False,
)
WITH_FILES.add(
    "sentence and twin swapped", "not proved", lambda folder, other: _swap(folder, MAIN, MUTANT)
)
WITH_FILES.add(
    "files of another key",
    "different statement",
    lambda folder, other: _of_other(folder, other),
    seen_alone=False,
)


def _drop_assertion(content: bytes, which: int) -> bytes:
    """Leave out one assertion with the comment before it (they may run over several lines)."""
    head, *parts = content.decode().replace("(check-sat)", "; end\n(check-sat)").split("\n; ")
    places = [n for n, part in enumerate(parts) if "\n(assert" in part]
    del parts[places[which]]
    return "\n; ".join([head, *parts]).replace("; end\n", "").encode()


def _swap(folder: Path, one: str, two: str) -> None:
    first, second = (folder / one).read_bytes(), (folder / two).read_bytes()
    (folder / one).write_bytes(second)
    (folder / two).write_bytes(first)
    rehash(folder)


def _of_other(folder: Path, other: Path) -> None:
    """The files of an obligation of the other set, under the name of one of ours."""
    theirs = load(other)["obligations"][0]
    for question, file in theirs["files"].items():
        shutil.copyfile(
            other / file["path"], folder / entry_of(load(folder))["files"][question]["path"]
        )
    rehash(folder)


# -- commands that a file must not have --------------------------------------------------------

for _command, _word in (
    ("(exit)", "'exit'"),
    ('(include "/etc/passwd")', "'include'"),
    ('(set-option :regular-output-channel "stolen.txt")', "'set-option'"),
    ("(set-info :status unsat)", "'set-info'"),
    ('(echo "unsat")', "'echo'"),
    ("(push 1)", "'push'"),
    ("(pop 1)", "'pop'"),
    ("(reset)", "'reset'"),
    ("(reset-assertions)", "'reset-assertions'"),
    ("(check-sat-assuming (false))", "'check-sat-assuming'"),
    ("(get-value (m))", "'get-value'"),
    ("(declare-fun + (Real Real) Real)", "'declare-fun'"),
    ("(define-fun <= ((a Real) (b Real)) Bool true)", "'define-fun'"),
    ("(declare-sort Real 0)", "'declare-sort'"),
    ("(declare-const - Real)", "cannot be declared"),
    ("(declare-const extra Bool)", "'declare-const'"),
    ("(declare-const |extra| Real)", "cannot be declared"),
    ("(assert (let ((m 0.0)) (< m m)))", "let hides"),
    ("(assert (let ((or m)) (< or m)))", "let hides"),
    ("(assert (= (/ m 0.0) m))", "division"),
    ("(assert (forall ((t Real)) (< t m)))", "'forall'"),
    ("(assert (! (< m m) :named n))", "no operator"),
    ("(assert (< m unknown))", "not declared"),
    ("(assert (not))", "arguments"),
    ("(check-sat)", "follows check-sat"),
):
    WITH_FILES.add(f"command {_command}", _word, in_file(before_check(_command)))
WITH_FILES.add(
    "deep nesting",
    "nest deeper",
    in_file(before_check("(assert " + "(not " * 50_000 + "true" + ")" * 50_001)),
)

# -- places ------------------------------------------------------------------------------------


def _link(folder: Path, other: Path, path: str = MAIN) -> None:
    """Put the file elsewhere and a symbolic link in its place."""
    away = folder.parent / "away"
    shutil.move(folder / path, away)
    (folder / path).symlink_to(away)


def _link_folder(folder: Path, other: Path) -> None:
    away = folder.parent / "away"
    shutil.move(folder / "side", away)
    (folder / "side").symlink_to(away)


def _path(path: str) -> Damage:
    """Let the manifest name another place for a file, and put the file there if that is possible."""

    def damage(folder: Path, other: Path) -> None:
        manifest = load(folder)
        target = folder / path
        if path.startswith(".."):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(folder / MAIN, target)
        entry_of(manifest)["files"]["main"]["path"] = path
        save(folder, manifest)
        rehash(folder)

    return damage


def _pipe(folder: Path, other: Path) -> None:
    (folder / MAIN).unlink()
    os.mkfifo(folder / MAIN)


def _folder_for_file(folder: Path, other: Path) -> None:
    (folder / MAIN).unlink()
    (folder / MAIN).mkdir()


def _unfinished(folder: Path, other: Path) -> None:
    (folder / UNFINISHED).mkdir()
    (folder / UNFINISHED / "journal").write_text("{}\n")


def _zip(folder: Path, other: Path) -> Path:
    """The other set, packed, instead of a folder."""
    packed = folder.parent / "set.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in other.rglob("*"):
            archive.write(path, path.relative_to(other))
    return packed


WITH_FILES.add("missing file", "missing", lambda folder, other: (folder / MAIN).unlink())
WITH_FILES.add("missing twin", "missing", lambda folder, other: (folder / MUTANT).unlink())
WITH_FILES.add(
    "extra file", "extra", lambda folder, other: copy(folder / MAIN, folder / "side" / "x.smt2")
)
WITH_FILES.add(
    "extra hidden file", "extra", lambda folder, other: copy(folder / MAIN, folder / ".x")
)
WITH_FILES.add("symbolic link", "symbolic link", _link)
WITH_FILES.add(
    "symbolic link to nothing", "symbolic link", lambda f, o: (f / "x.smt2").symlink_to("nowhere")
)
WITH_FILES.add("symbolic link for a folder", "symbolic link", _link_folder)
WITH_FILES.add(
    "symbolic link for the manifest", "symbolic link", lambda f, o: _link(f, o, MANIFEST), status=2
)
WITH_FILES.add("path out of the folder", "leaves the folder", _path("../away.smt2"))
WITH_FILES.add(
    "path with a detour", "leaves the folder", _path("side/../side/exact-is-enough.smt2")
)
WITH_FILES.add("absolute path", "leaves the folder", _path("/etc/passwd"))
WITH_FILES.add("path with backslashes", "must be", _path("side\\exact-is-enough.smt2"))
WITH_FILES.add("path of the manifest", "must be", _path(MANIFEST))
WITH_FILES.add("pipe for a file", "regular file", _pipe)
WITH_FILES.add("folder for a file", "regular file", _folder_for_file)
WITH_FILES.add("interrupted run", "interrupted", _unfinished)
WITH_FILES.add("manifest missing", "not there", lambda f, o: (f / MANIFEST).unlink(), status=2)
WITH_FILES.add("zip of another key", "unpack", _zip, status=2)
WITH_FILES.add("no folder", "nothing", lambda folder, other: folder / "none", status=2)
