"""Citations: the paper for the claim, trompe for the statement, its construction and the evidence."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import trompe
from trompe.ground.text import wrapped
from trompe.theory import Theorem
from trompe.theory.levels import EXTREMES

if TYPE_CHECKING:
    from trompe.proofs.handover.certificates.plan import Plan


TITLE = "trompe: the impossibility table of feature visualization, machine-checked"
AUTHOR = "The trompe developers"
"""As in CITATION.cff; a test compares them."""

PAPER: dict[str, Any] = {
    "id": "geirhos2024dont",
    "title": "Don't trust your eyes: on the (un)reliability of feature visualizations",
    "author": (
        ("Geirhos", "Robert"),
        ("Zimmermann", "Roland S."),
        ("Bilodeau", "Blair"),
        ("Brendel", "Wieland"),
        ("Kim", "Been"),
    ),
    "booktitle": "Proceedings of the 41st International Conference on Machine Learning",
    "series": "Proceedings of Machine Learning Research",
    "volume": "235",
    "pages": ("15294", "15330"),
    "publisher": "PMLR",
    "year": 2024,
    "url": "https://proceedings.mlr.press/v235/geirhos24a.html",
}


_LACKS = {True: "has no such row", False: "is about both extremes with their values"}


def _label(item: Theorem) -> str:
    """The key of the bibliography entry."""
    return f"trompe-{item.key.replace('/', '-')}"


def _at(contents: Plan) -> str:
    """The dimensions of the certificate set, in words."""
    return f"d = {', '.join(map(str, contents.dims))}"


_ESCAPES = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{char: f"\\{char}" for char in "&%$#_{}"},
}


def _latex(text: str) -> str:
    return "".join(_ESCAPES.get(char, char) for char in text)


def _hash(digest: str) -> str:
    """A hash that LaTeX may break over lines."""
    broken = r"\allowbreak ".join(wrapped(digest, 8, cuts_words=True))
    return rf"\texttt{{{broken}}}"


def as_bibtex(item: Theorem, contents: Plan) -> str:
    """Entries for BibTeX: the paper's, where the paper has the claim, and ours."""
    names = " and ".join(f"{family}, {given}" for family, given in PAPER["author"])
    paper = {
        "author": names,
        "title": _latex(PAPER["title"]),
        "booktitle": _latex(PAPER["booktitle"]),
        "series": _latex(PAPER["series"]),
        "volume": PAPER["volume"],
        "pages": "--".join(PAPER["pages"]),
        "publisher": PAPER["publisher"],
        "year": str(PAPER["year"]),
        "url": PAPER["url"],
    }
    ours = {
        "author": f"{{{_latex(AUTHOR)}}}",
        "title": _latex(TITLE),
        "howpublished": f"Software, version {_latex(trompe.__version__)}",
        "version": _latex(trompe.__version__),
        "note": rf"Theorem \texttt{{{_latex(item.key)}}}. SHA-256 of the statement: "
        f"{_hash(item.sha256)}; of the certificate set (${_at(contents)}$): {_hash(contents.sha256)}",
        "abstract": item.latex,
    }
    entries = [_entry("misc", _label(item), ours)]
    if item.paper is not None:
        entries.insert(0, _entry("inproceedings", PAPER["id"], paper))
    return "\n".join(entries)


def _entry(kind: str, label: str, fields: dict[str, str]) -> str:
    lines = [f"  {name:<12} = {{{value}}}," for name, value in fields.items()]
    return "\n".join([f"@{kind}{{{label},", *lines, "}", ""])


def as_text(item: Theorem, contents: Plan) -> str:
    """The same for a reader."""
    authors = ", ".join(f"{given} {family}" for family, given in PAPER["author"])
    paper = (
        f"{authors}: {PAPER['title']}. {PAPER['booktitle']}, PMLR {PAPER['volume']}:"
        f"{'-'.join(PAPER['pages'])}, {PAPER['year']}. {PAPER['url']}"
    )
    ours = f"{AUTHOR}: {TITLE}. Version {trompe.__version__}, theorem {item.key}."
    claim = (
        (f"The paper's table {_LACKS[item.level == EXTREMES]}; the claim is ours.",)
        if item.paper is None
        else (f'The claim, "{item.paper}" in the paper\'s table:', *_wrapped(paper))
    )
    lines = [
        *claim,
        "",
        "The statement with its quantifiers, the construction and the evidence:",
        *_wrapped(ours),
        *_wrapped(item.statement),
        "",
        "SHA-256 of the statement (key, line feed, statement):",
        f"    {item.sha256}",
        f"SHA-256 of the certificate set (trompe certify {item.key}, {_at(contents)}):",
        f"    {contents.sha256}",
        "",
    ]
    return "\n".join(lines)


def _wrapped(text: str) -> list[str]:
    indent = "    "
    return wrapped(text, 96, indent, indent, cuts_words=True)


def as_csl_json(item: Theorem, contents: Plan) -> str:
    """The same as CSL-JSON."""
    paper = {
        "id": PAPER["id"],
        "type": "paper-conference",
        "title": PAPER["title"],
        "author": [{"family": family, "given": given} for family, given in PAPER["author"]],
        "container-title": PAPER["booktitle"],
        "collection-title": PAPER["series"],
        "volume": PAPER["volume"],
        "page": "-".join(PAPER["pages"]),
        "publisher": PAPER["publisher"],
        "issued": {"date-parts": [[PAPER["year"]]]},
        "URL": PAPER["url"],
    }
    ours = {
        "id": _label(item),
        "type": "software",
        "title": TITLE,
        "author": [{"literal": AUTHOR}],
        "version": trompe.__version__,
        "section": item.key,
        "abstract": item.statement,
        "note": f"Theorem {item.key}. SHA-256 of the statement: {item.sha256}; of the certificate "
        f"set ({_at(contents)}): {contents.sha256}",
    }
    entries = [ours] if item.paper is None else [paper, ours]
    return json.dumps(entries, indent=2, ensure_ascii=False) + "\n"


FORMATS: dict[str, Callable[[Theorem, Plan], str]] = {
    "text": as_text,
    "bibtex": as_bibtex,
    "csl-json": as_csl_json,
}
"""A theorem, and the set of files that `trompe certify KEY` writes (nothing is solved for its hash), as a citation."""
