"""Citations: complete, the same hashes as the certificates, and LaTeX that compiles."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import trompe
from trompe.cli import run
from trompe.proofs.handover.certificates import plan as planning
from trompe.proofs.handover.certificates.plan import plan
from trompe.theory import EXTENDED_THEOREMS, THEOREMS, theorem
from trompe.views import citation
from trompe.views.citation import FORMATS

ROOT = Path(__file__).resolve().parents[3]
PAPER = "Don't trust your eyes: on the (un)reliability of feature visualizations"


@pytest.fixture(scope="module")
def everything():
    return plan()


@pytest.fixture(autouse=True, scope="module")
def quick(everything):
    """The set of everything has each theorem's files (see test_certificates); printing them once is enough."""

    class Of:
        def __init__(self, key):
            self.dims, self.sha256 = everything.dims, everything.theorem_sha256(key)
            self.strays = {}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(planning, "plan", lambda keys: Of(keys[0]))
        yield


def cited(key: str, form: str) -> str:
    return FORMATS[form](theorem(key), planning.plan([key]))


def test_every_theorem_is_cited_with_version_key_and_both_hashes(everything):
    hashes = set()
    for key, item in THEOREMS.items():
        for name in FORMATS:
            text = cited(key, name)
            flat = text.replace(r"\allowbreak ", "")
            for part in (key, trompe.__version__, item.sha256, everything.theorem_sha256(key)):
                assert part in flat, (key, name, part)
            assert PAPER in " ".join(text.split()) and "15294" in text and "235" in text
        hashes.add(item.sha256)
    assert len(hashes) == 30


@pytest.mark.parametrize("key", list(EXTENDED_THEOREMS)[:1])
def test_a_row_that_the_paper_does_not_have_is_not_ascribed_to_it(key):
    assert "the claim is ours" in cited(key, "text")
    assert PAPER not in cited(key, "bibtex") and PAPER not in cited(key, "csl-json")


def test_the_hash_is_that_of_the_set_that_certify_writes(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(planning, "plan", plan)
    run(["certify", "constant/side", "--output", str(tmp_path / "set"), "--jobs", "1"])
    manifest = json.loads((tmp_path / "set" / "manifest.json").read_text())
    capsys.readouterr()
    assert run(["cite", "constant/side"]) == 0
    out = capsys.readouterr().out
    assert manifest["sha256"] in out and manifest["theorems"][0]["statement_sha256"] in out
    assert THEOREMS["constant/side"].statement in " ".join(out.split())
    assert max(map(len, out.splitlines())) <= 100


def test_csl_json_has_what_a_processor_needs():
    paper, ours = json.loads(cited("convex/approx", "csl-json"))
    assert paper["type"] == "paper-conference" and paper["page"] == "15294-15330"
    assert [a["family"] for a in paper["author"]] == [
        "Geirhos",
        "Zimmermann",
        "Bilodeau",
        "Brendel",
        "Kim",
    ]
    assert paper["issued"] == {"date-parts": [[2024]]} and paper["volume"] == "235"
    assert ours["type"] == "software" and ours["version"] == trompe.__version__
    assert paper["id"] != ours["id"]


def test_names_are_those_of_the_citation_file():
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f'title: "{citation.TITLE}"' in text and f'name: "{citation.AUTHOR}"' in text
    assert f'title: "{citation.PAPER["title"]}"' in text
    names = re.findall(r"family-names: (.*)\n +given-names: (.*)\n", text)
    assert tuple(names) == citation.PAPER["author"]
    assert f"version: {trompe.__version__}\n" in text


def test_latex_special_characters_are_escaped():
    assert citation._latex(r"50% of R&D_x #1 {a} $5 ~ ^ \ ok") == (
        r"50\% of R\&D\_x \#1 \{a\} \$5 \textasciitilde{} \textasciicircum{} \textbackslash{} ok"
    )


def _latex(folder: Path, entries: str, body: str) -> tuple[str, str]:
    """The bibliography and both logs of a small paper that cites everything."""
    (folder / "refs.bib").write_text(entries, encoding="utf-8")
    (folder / "paper.tex").write_text(
        "\\documentclass{article}\n\\usepackage{amsmath,amssymb}\n\\begin{document}\n\\nocite{*}\n"
        f"{body}\n\\bibliographystyle{{plain}}\n\\bibliography{{refs}}\n\\end{{document}}\n",
        encoding="utf-8",
    )
    logs = ""
    for command in (("pdflatex", "-halt-on-error"), ("bibtex",), ("pdflatex", "-halt-on-error")):
        end = "paper" if command[0] == "bibtex" else "-interaction=nonstopmode"
        rest = [] if command[0] == "bibtex" else ["paper.tex"]
        done = subprocess.run(
            [*command, end, *rest], cwd=folder, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stdout[-2000:]
        logs += done.stdout
    return (folder / "paper.bbl").read_text(), logs


@pytest.mark.skipif(
    shutil.which("pdflatex") is None or shutil.which("bibtex") is None, reason="no LaTeX here"
)
def test_bibtex_and_latex_take_every_entry_without_a_warning(tmp_path):
    entries = [cited(key, "bibtex") for key in (*THEOREMS, *EXTENDED_THEOREMS)]
    paper = entries[0].partition("@misc")[0]
    ours = [entry[entry.index("@misc") :] for entry in entries]
    statements = "\n\n".join(re.search(r"abstract +=\s*\{(.*)\},", e).group(1) for e in ours)
    bibliography, logs = _latex(tmp_path, paper + "\n".join(ours), statements)
    assert "Warning--" not in logs and "Missing character" not in logs
    assert bibliography.count("\\bibitem") == 1 + len(ours)
    assert "15294--15330" in bibliography and "visualizations" in bibliography
    flat = re.sub(r"\\allowbreak\s*", "", " ".join(bibliography.split()))
    assert all(item.sha256 in flat for item in THEOREMS.values())


@pytest.mark.skipif(
    shutil.which("pdflatex") is None or shutil.which("bibtex") is None, reason="no LaTeX here"
)
def test_what_is_not_escaped_does_not_compile(tmp_path):
    entry = cited("convex/side", "bibtex").replace("machine-checked", "checked & more")
    with pytest.raises(AssertionError):
        _latex(tmp_path, entry, "x")


def test_bad_input_is_one_line(capsys, tmp_path):
    for arguments, words in (
        (["cite", "monotone/sides"], "monotone/side"),
        (["cite", "mix/gap"], "theorem"),
        (["cite", "monotone/side", "--format", "bib"], "bibtex"),
        (["cite", "monotone/side", "--output", "/no/such/folder/x.bib"], "no folder"),
    ):
        assert run(arguments) == 2
        err = capsys.readouterr().err
        assert err.count("\n") == 1 and words in err
    target = tmp_path / "x.bib"
    assert run(["cite", "monotone/side", "--format", "bibtex", "--output", str(target)]) == 0
    assert target.read_text().count("@") == 2
