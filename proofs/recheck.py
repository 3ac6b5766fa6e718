#!/usr/bin/env python3
"""A second checker for certificate sets: this one file, Python's standard library and a solver's program.

It shares no code with trompe and does not need it. Copy it anywhere and call

    python3 recheck.py FOLDER                   with z3 or cvc5, whichever is on the PATH
    python3 recheck.py FOLDER --solver cvc5     with a program that you name (repeat for several)

What it does, for a folder that `trompe certify` wrote, or that claims so:

(a) Hashes. Every file that manifest.json lists is there, is a regular file and has the SHA-256 that is
    written there; nothing else lies in the folder; the hash of the whole set and of each theorem's
    statement and files is right.
(b) Solving. Every file is given to the solver's program. KEY.smt2 must get the answer `unsat`: no real
    numbers satisfy the hypotheses and break the conclusion. Its twins KEY.vacuity.smt2 (the hypotheses
    alone) and KEY.mutant.smt2 (with a planted fault) must get `sat`, which shows that the first answer is
    not for want of a case and that the check can fail.

What it does not do is printed at the end. In short: it does not know what the files ought to say. Read
them (they are short and commented), or let `trompe check` compare them.

Nothing from the folder is executed. Before a solver sees a file, it is read here: only set-logic,
declare-const, assert and one last check-sat are let through, with plain arithmetic inside. The text is
handed to the solver on its standard input, so no name from the folder reaches a command line.

Exit status: 0 all of (a) and (b) holds; 1 something does not; 2 this is no certificate set, or there is no
solver.
"""

from __future__ import annotations

import argparse
import errno
import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

SUFFIXES = {"main": ".smt2", "vacuity": ".vacuity.smt2", "mutant": ".mutant.smt2"}
EXPECTED = {"main": "unsat", "vacuity": "sat", "mutant": "sat"}
KEY = re.compile(r"[a-z0-9][a-z0-9-]*(/[a-z0-9][a-z0-9-]*)*")
HASH = re.compile(r"[0-9a-f]{64}")

LARGEST_MANIFEST = 16 << 20
LARGEST_FILE = 1 << 20
MOST_ENTRIES = 100_000
DEEPEST_FOLDER = 16
DEEPEST_TERM = 200

OPERATORS = {
    "and",
    "or",
    "=>",
    "not",
    "ite",
    "=",
    "distinct",
    "<",
    "<=",
    ">",
    ">=",
    "+",
    "-",
    "*",
    "/",
}
WORDS = OPERATORS | {"let", "true", "false"}
TOKEN = re.compile(r";[^\n]*|[()]|[^ \n();]+")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_!]*")
NUMBER = re.compile(r"(0|[1-9][0-9]*)(\.[0-9]+)?")

NOT_CHECKED = """\
Not checked by this program:
- that a file says what its key and its comments say, or what the theorem needs: read it, or `trompe check`;
- that the obligations listed are all that a theorem's proof needs: `trompe check`;
- that they prove the theorem together, and what the manifest lists as not contained: docs/proved.md;
- that the solver is right;
- what the manifest says of the run that wrote it: versions, options, resource counts, earlier answers."""


class NoSet(Exception):
    """The folder is no certificate set."""


class Bad(Exception):
    """One file, or one entry of the manifest, is not as it must be."""


# -- reading files -----------------------------------------------------------------------------


def listing(folder: str) -> tuple[set[str], set[str]]:
    """All paths below the folder: regular files, and everything else. Links are not followed."""
    files: set[str] = set()
    others: set[str] = set()
    waiting, seen = [("", 0)], 0
    while waiting:
        prefix, depth = waiting.pop()
        with os.scandir(os.path.join(folder, prefix)) as entries:
            for entry in entries:
                seen += 1
                if seen > MOST_ENTRIES or depth > DEEPEST_FOLDER:
                    raise NoSet("more entries or levels than a certificate set has")
                path = prefix + entry.name
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((path + "/", depth + 1))
                elif entry.is_file(follow_symlinks=False):
                    files.add(path)
                else:
                    others.add(path)
    return files, others


def content_of(folder: str, path: str, files: set[str], largest: int) -> bytes:
    """The bytes of a file that `listing` found; a link put in its place meanwhile is not followed."""
    if path not in files:
        raise Bad("no regular file of that name is there")
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with os.fdopen(os.open(os.path.join(folder, *path.split("/")), flags), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise Bad("no regular file")
        content = file.read(largest + 1)
    if len(content) > largest:
        raise Bad(f"larger than {largest} bytes")
    return content


def sha256(content: bytes) -> str:
    """The hash as 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def sha256_of_files(hashes: dict[str, str]) -> str:
    """The hash of what `sha256sum` prints for the files, sorted by path byte by byte."""
    return sha256("".join(f"{hashes[path]}  {path}\n" for path in sorted(hashes)).encode())


# -- the manifest ------------------------------------------------------------------------------


def read_manifest(content: bytes) -> dict[str, Any]:
    """The parts that are needed, each of the right type."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _ in pairs}) != len(pairs):
            raise ValueError("an entry stands there twice")
        return dict(pairs)

    def no_constant(name: str) -> Any:
        raise ValueError(f"{name} is no number of JSON")

    try:
        manifest: dict[str, Any] = json.loads(
            content.decode("utf-8"), object_pairs_hook=once, parse_constant=no_constant
        )
    except (ValueError, RecursionError) as error:
        raise NoSet(f"manifest.json is no JSON: {error}") from None
    form: dict[str, type] = {
        "format": str,
        "format_version": int,
        "trompe": str,
        "dims": list,
        "verdict": str,
        "sha256": str,
        "theorems": list,
        "obligations": list,
        "not_contained": list,
    }
    typed(manifest, form, "manifest.json")
    if manifest["format"] != "trompe certificate set" or manifest["format_version"] != 1:
        raise NoSet("manifest.json is not of the format `trompe certificate set`, version 1")
    if not all(isinstance(d, int) and 0 < d < 100 for d in manifest["dims"]):
        raise NoSet("manifest.json: dims are not small numbers")
    for number, entry in enumerate(manifest["obligations"]):
        form = {"key": str, "says": str, "verdict": str, "files": dict}
        typed(entry, form, f"obligation {number}")
        typed(entry["files"], dict.fromkeys(SUFFIXES, dict), f"obligation {number}: files")
        for file in entry["files"].values():
            typed(file, {"path": str, "sha256": str}, f"obligation {number}: file")
    for number, entry in enumerate(manifest["theorems"]):
        form = {
            "key": str,
            "statement": str,
            "statement_sha256": str,
            "sha256": str,
            "verdict": str,
            "obligations": list,
        }
        typed(entry, form, f"theorem {number}")
        if not all(isinstance(key, str) for key in entry["obligations"]):
            raise NoSet(f"theorem {number}: a key that is no text")
    return manifest


def typed(value: Any, form: dict[str, type], where: str) -> None:
    """`value` is an object that has the entries of `form`, each of its type."""
    if not isinstance(value, dict):
        raise NoSet(f"{where}: not an object")
    for name, kind in form.items():
        if not isinstance(value.get(name), kind) or isinstance(value.get(name), bool):
            raise NoSet(f"{where}: {name} is missing or not of type {kind.__name__}")


# -- the files ---------------------------------------------------------------------------------


def refuse_unsafe(content: bytes) -> None:
    """Raise Bad unless the text is set-logic, declarations, assertions and one last check-sat."""
    if any(byte != 10 and not 32 <= byte < 127 for byte in content):
        raise Bad("forbidden: characters other than printable ASCII")
    known: set[str] = set()
    stack: list[list[Any]] = []
    phase = "start"
    for token in TOKEN.findall(content.decode("ascii")):
        if token.startswith(";"):
            continue
        if token == "(":
            stack.append([])
            if len(stack) > DEEPEST_TERM:
                raise Bad(f"forbidden: parentheses nest deeper than {DEEPEST_TERM}")
        elif token == ")":
            if not stack:
                raise Bad("forbidden: a parenthesis closes nothing")
            done = stack.pop()
            if stack:
                stack[-1].append(done)
            else:
                phase = command(done, known, phase)
        elif stack:
            stack[-1].append(token)
        else:
            raise Bad("forbidden: a word outside a command")
    if stack or phase != "checked":
        raise Bad("forbidden: cut off, empty, or without check-sat")


def command(words: list[Any], known: set[str], phase: str) -> str:
    """Check one command and return the phase after it."""
    name = words[0] if words and isinstance(words[0], str) else ""
    if phase == "checked":
        raise Bad("forbidden: something follows check-sat")
    if phase == "start":
        if words not in (["set-logic", "QF_LRA"], ["set-logic", "QF_NRA"]):
            raise Bad("forbidden: the first command must be set-logic with QF_LRA or QF_NRA")
        return "body"
    if words == ["check-sat"]:
        return "checked"
    if name == "declare-const" and len(words) == 3 and words[2] == "Real":
        if not isinstance(words[1], str) or not NAME.fullmatch(words[1]):
            raise Bad("forbidden: a declared name")
        if words[1] in known or words[1] in WORDS:
            raise Bad(f"forbidden: {words[1]} is declared twice or hides an operator")
        known.add(words[1])
        return "body"
    if name == "assert" and len(words) == 2:
        term(words[1], known)
        return "body"
    raise Bad(f"forbidden: the command {name[:40]!r}")


def term(value: Any, known: set[str]) -> None:
    """Check a term: known symbols, numbers, the operators, and let that hides nothing."""
    if isinstance(value, str):
        if value not in known and value not in ("true", "false") and not NUMBER.fullmatch(value):
            raise Bad(f"forbidden: {value[:40]!r} in a term")
        return
    head = value[0] if value and isinstance(value[0], str) else ""
    if head == "let":
        if len(value) != 3 or not isinstance(value[1], list):
            raise Bad("forbidden: a let without bindings or body")
        names: set[str] = set()
        for binding in value[1]:
            if not isinstance(binding, list) or len(binding) != 2 or isinstance(binding[0], list):
                raise Bad("forbidden: a let that binds no name")
            name = binding[0]
            if not NAME.fullmatch(name) or name in known | names | WORDS:
                raise Bad(f"forbidden: let hides {name[:40]!r}")
            term(binding[1], known)
            names.add(name)
        term(value[2], known | names)
        return
    if head not in OPERATORS or len(value) < 2:
        raise Bad(f"forbidden: {head[:40]!r} as an operator")
    if head == "/":
        divisor = value[-1]
        fine = len(value) == 3 and isinstance(divisor, str) and NUMBER.fullmatch(divisor)
        if not fine or not divisor.strip("0."):
            raise Bad("forbidden: division by anything but a number other than 0")
    for part in value[1:]:
        term(part, known)


# -- solvers -----------------------------------------------------------------------------------

COVERINGS = ["--nl-ext=none", "--nl-cov"]
"""cvc5's complete method for products of unknowns; a build without the library libpoly lacks it."""
TRIAL = b"""(set-logic QF_NRA)
(declare-const u Real)
(declare-const v Real)
(declare-const x Real)
(declare-const z Real)
(assert (= 0 (* u u u u u)))
(assert (= 0 (* v v v v v)))
(assert (= 0 (+ (- (/ 1 3) (* x x x x)) (* v z) (* u z z z))))
(check-sat)
"""
"""It holds where u = v = 0 and 3 x^4 = 1. Before cvc5 1.4 the coverings answer unsat (cvc5's issue 12926)."""


class Solver:
    """A solver's program on the PATH, called once for each file."""

    def __init__(self, name: str, seconds: float) -> None:
        path = shutil.which(name)
        if path is None:
            raise NoSet(f"no program {name} on the PATH (Debian: apt install z3, or cvc5)")
        self.path, self.name, self.seconds = path, os.path.basename(name), seconds
        self.is_cvc5 = "cvc5" in self.name
        self.coverings = False
        self.version = self.run(["--version"], b"").split("\n")[0].replace("This is ", "")
        if self.is_cvc5:
            said = self.run(self.command(True), TRIAL).strip()
            if said == "unsat":
                raise NoSet(
                    f"{self.version} answers unsat to a question that has a solution, as cvc5 did before 1.4; "
                    "use a later cvc5, or z3"
                )
            self.coverings = said == "sat"

    def command(self, coverings: bool) -> list[str]:
        """The options for one question on standard input."""
        if self.is_cvc5:
            limit = f"--tlimit={round(self.seconds * 1000)}"
            return ["--lang=smt2", limit, *(COVERINGS if coverings else [])]
        return ["-smt2", "-in", f"-T:{max(1, round(self.seconds))}"]

    def run(self, options: list[str], text: bytes) -> str:
        """What the program prints; "" if it does not end in time."""
        try:
            done = subprocess.run(
                [self.path, *options],
                input=text,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=self.seconds + 10,
            )
        except subprocess.TimeoutExpired:
            return ""
        except OSError as error:
            raise NoSet(f"{self.path} cannot be run ({error.strerror})") from None
        return done.stdout.decode("utf-8", errors="replace")

    def ask(self, text: bytes) -> str:
        """`unsat`, `sat`, or what was said instead."""
        said = " ".join(self.run(self.command(self.coverings), text).split())
        return said if said in ("unsat", "sat") else f"unknown ({said[:120] or 'no answer'})"


# -- the checks --------------------------------------------------------------------------------


Complain = Callable[[str, str, str], None]
"""Is told the kind of a failure, where it is, and why it is one."""


def check_hashes(
    folder: str, manifest: dict[str, Any], complain: Complain
) -> tuple[dict[str, bytes], dict[str, str]]:
    """(a). Returns the contents of the files that passed, by path, and the answer expected of each."""
    files, others = listing(folder)
    contents: dict[str, bytes] = {}
    expected: dict[str, str] = {}
    hashes: dict[str, str] = {}
    keys: dict[str, dict[str, str]] = {}
    for entry in manifest["obligations"]:
        key = entry["key"]
        if not KEY.fullmatch(key) or key in keys:
            complain("extra", repr(key), "not a key, or listed twice")
            continue
        keys[key] = {}
        for question, suffix in SUFFIXES.items():
            file = entry["files"][question]
            path = file["path"]
            if path != key + suffix or not HASH.fullmatch(file["sha256"]):
                complain("refused", repr(path), f"the path must be {key + suffix}, with a SHA-256")
                continue
            hashes[path] = keys[key][path] = file["sha256"]
            try:
                content = content_of(folder, path, files, LARGEST_FILE)
                if sha256(content) != file["sha256"]:
                    raise Bad("its SHA-256 is not the manifest's")
            except (Bad, OSError) as error:
                kind = "missing" if path not in files | others else "changed"
                complain(kind, path, str(error))
                continue
            contents[path], expected[path] = content, EXPECTED[question]
    for path in sorted((files | others) - hashes.keys() - {"manifest.json"}):
        complain("extra", repr(path), "the manifest does not list it")
    if sha256_of_files(hashes) != manifest["sha256"]:
        complain("changed", "manifest.json", "the hash of the whole set is wrong")
    for entry in manifest["theorems"]:
        key = entry["key"]
        statement = f"{key}\n{entry['statement']}".encode("utf-8", errors="surrogatepass")
        if sha256(statement) != entry["statement_sha256"]:
            complain("changed", repr(key), "the hash of its statement is wrong")
        lacking = [name for name in entry["obligations"] if name not in keys]
        if lacking or not entry["obligations"]:
            complain("missing", repr(key), f"no obligation {lacking[0] if lacking else ''!r}")
            continue
        own: dict[str, str] = {}
        for name in entry["obligations"]:
            own.update(keys[name])
        if sha256_of_files(own) != entry["sha256"]:
            complain("changed", repr(key), "the hash of its files is wrong")
    return contents, expected


def check_answers(
    contents: dict[str, bytes],
    expected: dict[str, str],
    solvers: list[Solver],
    complain: Complain,
) -> dict[Solver, int]:
    """(b). Returns for each solver how many files got the answer that is expected."""
    safe = {}
    for path, content in contents.items():
        try:
            refuse_unsafe(content)
            safe[path] = content
        except Bad as error:
            complain("refused", path, str(error))
    counts = {}
    for solver in solvers:
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            answers = dict(zip(safe, pool.map(solver.ask, safe.values()), strict=True))
        for path, answer in answers.items():
            if answer.startswith("unknown"):
                complain("unknown", path, f"{solver.name}: {answer}")
            elif answer != expected[path]:
                complain("not proved", path, f"{solver.name}: {answer}, not {expected[path]}")
        counts[solver] = sum(answers[path] == expected[path] for path in answers)
    return counts


def recheck(folder: str, names: list[str] | None, seconds: float) -> int:
    """Check a folder and print what was found; returns the exit status."""
    if not os.path.isdir(folder):
        raise NoSet("not a folder; unpack a certificate set first")
    files, _ = listing(folder)
    try:
        manifest = read_manifest(content_of(folder, "manifest.json", files, LARGEST_MANIFEST))
    except Bad as error:
        raise NoSet(f"manifest.json: {error}") from None
    if not names:
        names = [name for name in ("z3", "cvc5") if shutil.which(name)][:1]
        if not names:
            raise NoSet("neither z3 nor cvc5 is on the PATH (Debian: apt install z3)")
    solvers = [Solver(name, seconds) for name in names]
    complaints: list[str] = []

    def complain(kind: str, item: str, reason: str) -> None:
        complaints.append(f"{kind}: {item}: {reason}")

    contents, expected = check_hashes(folder, manifest, complain)
    total = 3 * len(manifest["obligations"])
    if not total:
        complain("missing", "manifest.json", "it lists no obligation")
    claimed = [(e["key"], e["verdict"]) for e in manifest["obligations"] + manifest["theorems"]]
    for key, verdict in [("manifest.json", manifest["verdict"]), *claimed]:
        if verdict != "PROVED":
            complain("not proved", repr(key), f"the manifest itself says {verdict[:20]!r}")
    theorems = [repr(entry["key"]) for entry in manifest["theorems"]]
    print(f"theorems  {', '.join(theorems[:6]) or 'none'}{', ...' * (len(theorems) > 6)}")
    dims = ", ".join(str(d) for d in manifest["dims"])
    print(f"d =       {dims} for sentences about coordinates; the others serve every d")
    print(f"(a)       {len(contents)} of {total} files are there and have their hash")
    for solver, good in check_answers(contents, expected, solvers, complain).items():
        how = ""
        if solver.is_cvc5:
            how = f", with {' '.join(COVERINGS)}" if solver.coverings else ", built without libpoly"
        print(
            f"(b)       {good} of {total} files get the expected answer from {solver.version}{how}"
        )
    for line in complaints:
        print(line)
    print(NOT_CHECKED)
    many = len(complaints)
    print(f"FAILED: {many} complaint{'s' * (many > 1)}" if many else "OK: (a) and (b) hold")
    return 1 if complaints else 0


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        description="Check a certificate set of trompe without trompe: hashes, and every file solved again."
    )
    parser.add_argument("folder", help="the folder that holds manifest.json")
    parser.add_argument("--solver", action="append", help="z3 or cvc5; repeat for both")
    parser.add_argument("--seconds", type=float, default=20, help="for one file (default 20)")
    asked = parser.parse_args(arguments)
    try:
        return recheck(asked.folder, asked.solver, asked.seconds)
    except (NoSet, OSError) as error:
        print(f"{asked.folder}: {error}", file=sys.stderr)
        return 2


# -- standard streams --------------------------------------------------------------------------


class Said:
    """A standard stream that raises nothing: the first error of a write is kept, and what follows is dropped."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.error: OSError | None = None

    def write(self, text: str) -> int:
        """Pass the text on at once."""
        if self.error is None:
            try:
                if self.stream is None:
                    raise OSError(errno.EBADF, os.strerror(errno.EBADF))
                code = self.stream.encoding or "utf-8"
                self.stream.write(text.encode(code, "backslashreplace").decode(code))
                self.stream.flush()
            except OSError as error:
                self.error = error
                if self.stream is not None:  # Python would try again when it ends, and complain
                    os.dup2(os.open(os.devnull, os.O_WRONLY), self.stream.fileno())
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""


def run() -> int:
    """`main`, and the exit status that it has: 141 where the reader has gone, 2 where output was lost."""
    out, sys.stderr = Said(sys.stdout), Said(sys.stderr)
    sys.stdout = out
    try:
        status = main()
    except SystemExit as stop:  # the option parser has said why, or has shown its help
        status = stop.code if isinstance(stop.code, int) else 0
    except KeyboardInterrupt:
        print("interrupted; nothing was changed or written", file=sys.stderr)
        return 130
    if out.error is None:
        return status
    if isinstance(out.error, BrokenPipeError):
        return 141
    print(f"standard output cannot be written ({out.error.strerror})", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(run())
