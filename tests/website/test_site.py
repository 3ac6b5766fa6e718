"""The built site: links and anchors hold, everything has its page, and nothing half-built takes its place."""

from __future__ import annotations

import ast
import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from datetime import date
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from trompe.proofs.handover.witnesses.checking import check_bytes
from trompe.proofs.obligations import families
from trompe.proofs.symbolic import IDENTITIES
from trompe.theory import ROWS, row_class, theorem
from trompe.theory.catalogue import EVERY_THEOREM
from trompe.theory.statements import Form

pytestmark = pytest.mark.once
ROOT = Path(__file__).resolve().parents[2]
LARGEST = 300 * 1024
"""Bytes of a theorem's page, without its downloads."""


class _Page(HTMLParser):
    """The links, the anchors, what is loaded, the texts of pictures and the words of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links, self.anchors, self.loads, self.silent = [], set(), [], []
        self.words: list[str] = []
        self.title = ""
        self.language = None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.anchors |= {given[name] for name in ("id", "name") if given.get(name)}
        if tag == "html":
            self.language = given.get("lang")
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if tag in ("script", "img", "source", "iframe") and given.get("src"):
            self.loads.append(given["src"])
        if tag == "link" and given.get("rel") in ("stylesheet", "icon", "preload", "modulepreload"):
            self.loads.append(given["href"])
        if tag == "img" and not given.get("alt"):
            self.silent.append(given.get("src"))

    def handle_data(self, data):
        self.words.append(data)
        if self.lasttag == "title" and not self.title:
            self.title = data.strip()

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def pages_of(site: Path) -> dict[Path, _Page]:
    return {path: _Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}


def broken(pages: dict[Path, _Page]) -> list[str]:
    """Links to what is not there, and what a page would load from a network."""
    found = []
    for path, page in pages.items():
        for link in (*page.links, *page.loads):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                if link in page.loads and parts.scheme != "data":
                    found.append(f"{path}: loads {link}")
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.is_file():
                found.append(f"{path}: {link}")
            elif target in pages and parts.fragment:
                has_anchor = unquote(parts.fragment) in pages[target].anchors
                found += [] if has_anchor else [f"{path}: {link}: no such anchor"]
    return found


def is_small(path: Path) -> bool:
    return path.stat().st_size <= LARGEST


@pytest.fixture(scope="module")
def pages(site):
    return pages_of(site)


def test_every_link_and_anchor_holds_and_nothing_comes_from_a_network(pages):
    assert broken(pages) == []
    assert len(pages) > len(EVERY_THEOREM) + len(ROWS)


def test_a_planted_link_is_noticed(tmp_path):
    one = tmp_path / "one.html"
    text = (
        '<a href="two.html">x</a><a href="#no">x</a><script src="https://a.example/x.js"></script>'
    )
    one.write_text(text)
    assert [line.partition(": ")[2] for line in broken(pages_of(tmp_path))] == [
        "two.html",
        "#no: no such anchor",
        "loads https://a.example/x.js",
    ]


def test_pictures_have_words_and_pages_a_language(pages):
    assert {path.name: page.silent for path, page in pages.items() if page.silent} == {}
    assert {page.language for page in pages.values()} == {"en"}


def test_no_two_pages_have_one_title(pages):
    of = {path: page.title for path, page in pages.items()}
    assert all(of.values())
    assert [path for path, title in of.items() if list(of.values()).count(title) > 1] == []


def test_every_theorem_has_its_page_and_its_files(site, pages, cells):
    listed = json.loads((site / "atlas.json").read_text())
    assert listed.keys() == EVERY_THEOREM.keys()
    for key, address in listed.items():
        assert address == f"atlas/{key}/"
        item, path = theorem(key), site / address / "index.html"
        page = pages[path]
        assert is_small(path), key
        assert " ".join(item.statement.split()) in page.text, key
        assert item.sha256 in page.text and cells[key]["verdict"] == "PROVED"
        assert f"{cells[key]['label']} " in page.text
        assert all(name in page.text for name in cells[key]["obligations"]), key
        assert {"cite.bib", "certificates.zip"} <= set(page.links)
        has_witness = item.form is not Form.POSSIBLE and item.row != "neuron"
        assert ("witness.json" in page.links) == has_witness, key


def test_every_obligation_is_listed_with_its_sentence(site, pages):
    text = pages[site / "atlas" / "obligations" / "index.html"].text
    for key in families():
        assert f"{key} " in text, key
    for item in IDENTITIES.values():
        assert " ".join(item.says.split())[:40] in text.replace("’", "'"), item.key


def test_a_row_has_its_page(site, pages):
    for row, kind in ROWS.items():
        page = pages[site / "atlas" / row / "index.html"]
        assert kind.name in page.text and row_class(row).definition in page.text
    assert all(f"{row}/index.html" in pages[site / "atlas" / "index.html"].links for row in ROWS)


@pytest.mark.parametrize(
    "key", ["convex/side", "erm/exact", "lipschitz/side/argmax", "affine/approx/images"]
)
def test_the_downloads_are_what_the_commands_make(site, pages, key):
    from trompe.proofs.handover.certificates.plan import plan

    folder, contents = site / "atlas" / key, plan([key])
    assert check_bytes((folder / "witness.json").read_bytes()).ok
    with zipfile.ZipFile(io.BytesIO((folder / "certificates.zip").read_bytes())) as archive:
        found = {
            name.removeprefix("certificates/"): archive.read(name).decode()
            for name in archive.namelist()
        }
    assert found == dict(contents.texts)
    assert contents.sha256 in pages[folder / "index.html"].text
    compile((folder / "witness.py").read_text(), "witness.py", "exec")


def test_every_experiment_has_its_page_with_every_number(site, pages):
    runs = sorted((ROOT / "data").glob("*/*/witness.json"))
    assert len(runs) >= 10
    for path in runs:
        run = path.parent
        folder = site / "experiments" / run.parent.name / run.name
        page, witness = pages[folder / "index.html"], json.loads(path.read_text())
        words = page.text.replace("’", "'").replace("“", '"').replace("”", '"')
        for measured in witness["measurements"]:
            assert " ".join(measured["name"].split())[:30] in words, (path, measured["name"])
        assert (
            f"trompe reproduce {run.name} --data {run.parent.name} --seed {witness['seed']}"
            in words
        )
        assert (folder / "witness.json").read_bytes() == path.read_bytes()


def test_the_interface_names_every_public_name(site, pages):
    import trompe

    page = pages[site / "interface" / "trompe.html"]
    assert all(f"trompe.{name}" in page.text for name in trompe.__all__)


def test_a_signature_is_python_and_short_lines():
    import interface

    said = [
        entry["signature"]
        for module in interface.MODULES
        for found in interface.entries(module)
        for entry in (found, *found["members"])
        if entry["signature"]
    ]
    for text in said:
        ast.parse(f"def name{text}: pass".replace("<factory>", "..."))
    assert interface._broken("(a: X[int, str], *, b: int = f(1, 2)) -> Y") == (
        "(\n    a: X[int, str],\n    *,\n    b: int = f(1, 2)\n) -> Y"
    )


# -- what is not built -----------------------------------------------------------------------------------------


LATER = """
import datetime, time

SHIFT = 400 * 86400 + 7 * 3600
now, local, utc, written = time.time, time.localtime, time.gmtime, time.strftime
time.time = lambda: now() + SHIFT
time.localtime = lambda seconds=None: local(time.time() if seconds is None else seconds)
time.gmtime = lambda seconds=None: utc(time.time() if seconds is None else seconds)
time.strftime = lambda form, at=None: written(form, at or time.localtime())


class date(datetime.date):
    @classmethod
    def today(cls):
        return cls.fromtimestamp(time.time())


class datetime_(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(time.time(), tz)

    today = now

    @classmethod
    def utcnow(cls):
        return cls.now(datetime.UTC).replace(tzinfo=None)


datetime.date, datetime.datetime = date, datetime_
"""
"""What Python loads first: another day and hour."""

AGAIN = """
import json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import building
raise SystemExit(building.build(Path(sys.argv[3]), json.loads(Path(sys.argv[2]).read_text())))
"""


def unlike(one: Path, other: Path) -> list[str]:
    """Files that only one of two folders has, or that are not the same bytes in both."""
    both = [
        {path.relative_to(root): path for path in root.rglob("*") if path.is_file()}
        for root in (one, other)
    ]
    return sorted(
        str(name)
        for name in both[0].keys() | both[1].keys()
        if not all(name in found for found in both)
        or both[0][name].read_bytes() != both[1][name].read_bytes()
    )


def test_two_builds_are_equal_to_the_byte(site, checked, tmp_path):
    """The second one on another day, in another time zone, folder and order of sets."""
    (tmp_path / "sitecustomize.py").write_text(LATER)
    (tmp_path / "table.json").write_text(json.dumps(checked))
    again, elsewhere = tmp_path / "a" / "longer name", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "proofs").symlink_to(ROOT / "proofs")  # Coq's sources, looked for where one stands
    changed = {"PYTHONPATH": str(tmp_path), "PYTHONHASHSEED": "17", "TZ": "Asia/Tokyo"}
    code = [sys.executable, "-P", "-c", AGAIN, str(ROOT / "website"), str(tmp_path / "table.json")]
    done = subprocess.run([*code, str(again)], env=os.environ | changed, cwd=elsewhere, check=False)
    assert done.returncode == 0
    assert len([path for path in site.rglob("*") if path.is_file()]) > 4 * len(EVERY_THEOREM)
    assert unlike(site, again) == []


def test_builds_that_are_not_equal_are_noticed(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name / "docs").mkdir(parents=True)
        (tmp_path / name / "docs" / "a.html").write_text("a")
    assert unlike(tmp_path / "one", tmp_path / "two") == []
    (tmp_path / "one" / "more").write_text("")
    (tmp_path / "two" / "docs" / "a.html").write_text("b")
    assert unlike(tmp_path / "one", tmp_path / "two") == ["docs/a.html", "more"]


def test_the_other_day_is_another_day(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(LATER)
    code = "import time, datetime; print(time.strftime('%Y-%m-%d'), datetime.date.today(), datetime.datetime.now().date())"
    changed = {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], env=os.environ | changed, capture_output=True, text=True
    )
    days = {date.fromisoformat(word) for word in done.stdout.split()}
    assert len(days) == 1 and (days.pop() - date.today()).days >= 400, done


def small_tree(root: Path) -> Path:
    """What a build reads first: one experiment; and the site that stands there."""
    shutil.copytree(ROOT / "data" / "digits" / "silent-units", root / "data/digits/silent-units")
    output = root / "build" / "site"
    output.mkdir(parents=True)
    (output / "atlas.json").write_text("as it was")
    return output


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda run: (run / "witness.json").unlink(), r"silent-units/witness\.json is missing"),
        (lambda run: (run / "witness.json").write_text("{"), r"silent-units/witness\.json is"),
        (lambda run: (run / "conv2.png").unlink(), r"silent-units/conv2\.png is missing"),
        (lambda run: shutil.rmtree(run), r"data holds no experiment"),
    ],
)
def test_incomplete_data_stops_the_build_and_the_site_stays(tmp_path, damage, says):
    """The command itself, in a tree whose data are not whole."""
    output = small_tree(tmp_path)
    shutil.copytree(ROOT / "website", tmp_path / "website")
    damage(tmp_path / "data" / "digits" / "silent-units")
    done = subprocess.run(
        [sys.executable, str(tmp_path / "website" / "building.py")], capture_output=True, text=True
    )
    assert done.returncode == 2 and done.stdout == "" and done.stderr.count("\n") == 1, done
    assert re.match(rf"website/building\.py: .*{says}", done.stderr)
    assert (output / "atlas.json").read_text() == "as it was"
    assert [path.name for path in output.parent.iterdir()] == ["site"]


def test_a_folder_of_somebody_elses_is_not_replaced(site, checked, tmp_path):
    import building

    from trompe.theory import InvalidInput

    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(InvalidInput, match="is no site of trompe's"):
        building.build(tmp_path, checked)
    assert (tmp_path / "letter.txt").read_text() == "dear"


def test_a_theorem_that_is_not_proved_has_no_page(site, small):
    import atlas

    from trompe.theory import InvalidInput

    table = small()
    table["rows"][0]["cells"]["side"]["verdict"] = "UNKNOWN"
    with pytest.raises(InvalidInput, match="black-box/side: UNKNOWN"):
        atlas.pages(table)
    del table["rows"][0]["cells"]["side"]
    with pytest.raises(InvalidInput, match="black-box/side: the checked table has no such cell"):
        atlas.pages(table)


@pytest.mark.parametrize("length", [0, LARGEST, LARGEST + 1])
def test_a_page_that_is_too_large_is_noticed(tmp_path, length):
    (tmp_path / "index.html").write_bytes(b"x" * length)
    assert is_small(tmp_path / "index.html") == (length <= LARGEST)


def test_a_figure_that_starts_between_the_steps_stops_the_build(monkeypatch, checked, tmp_path):
    import building
    import figures

    from trompe.theory import InvalidInput

    row = "convex"
    found = figures.example(row, 2)
    odd = found._replace(x=(Fraction(1, 3), Fraction(1, 2)))
    monkeypatch.setattr(figures, "example", lambda *_: odd)
    figures._figure.cache_clear()
    with pytest.raises(InvalidInput, match=r"\(1/3, 1/2\) is no multiple of 1/16"):
        figures.write(tmp_path / "figures", row)
    assert list((tmp_path / "figures").iterdir()) == []
    output = small_tree(tmp_path)
    with pytest.raises(InvalidInput, match=r"is no multiple of 1/16; the figure cannot start"):
        building.build(output, checked)
    assert (output / "atlas.json").read_text() == "as it was"
    assert [path.name for path in output.parent.iterdir()] == ["site"]


@pytest.mark.parametrize(
    ("page", "says"),
    [
        ("# A page\n\n$\\frac$\n", "mathematics: "),
        ("# A page\n\n$\\nosuch$\n", "unknown command \\nosuch"),
        ("# A page\n\n[x](no-such-page.md)\n", "no-such-page"),
        ("# A page\n\n```{toctree}\nno-such-page\n```\n", "no-such-page"),
        ("# A page\n\n![x](no-such-picture.png)\n", "no-such-picture"),
    ],
)
def test_what_sphinx_complains_about_is_not_built(monkeypatch, tmp_path, capfd, page, says):
    import building

    def sources(source, *_):
        (source / "downloads").mkdir(parents=True)
        (source / "index.md").write_text(page)

    monkeypatch.setattr(building, "write_sources", sources)
    output = small_tree(tmp_path)
    assert building.build(output, {}) != 0
    assert says in capfd.readouterr().err
    assert (output / "atlas.json").read_text() == "as it was"
    assert [path.name for path in output.parent.iterdir()] == ["site"]


@pytest.mark.parametrize(
    ("tex", "says"),
    [
        (r"\nosuch{x}", r"unknown command \nosuch"),
        (r"\mathnosuch{x}", r"unknown command \mathnosuch"),
        (r"\text{a \% b}", "a backslash is left"),
        (r"\begin{nosuch}x\end{nosuch}", "unknown environment nosuch"),
        (r"\sqrt{x", "braces that do not match"),
        (
            r"\begin{cases}x\\\{y\}\end{cases}\operatorname{a}\,\mathbb R\le\bigl(\frac{1}{2}\bigr)",
            None,
        ),
    ],
)
def test_what_the_converter_lets_pass_is_noticed(site, tex, says):
    from conf import faults
    from latex2mathml.converter import convert

    found = list(faults(tex, convert(tex)))
    assert says in found if says else found == []


def test_a_page_that_links_to_nothing_stops_the_build(tmp_path):
    import documents

    from trompe.theory import InvalidInput

    for name in documents.PAGES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("[x](docs/no-such-page.md)")
    with pytest.raises(InvalidInput, match=r"links to docs/no-such-page\.md, which is not there"):
        documents.write(tmp_path, tmp_path / "source")
