"""How Sphinx builds the site: MyST pages, mathematics as MathML (read without scripts), nothing from a network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from docutils import nodes
from latex2mathml import commands
from latex2mathml.converter import convert
from latex2mathml.symbols_parser import convert_symbol
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.search.en import SearchEnglish
from sphinx.util import logging

import trompe

HERE = Path(__file__).resolve().parent

project = "trompe"
author = "The trompe developers"
copyright = author  # noqa: A001
version = release = trompe.__version__
language = "en"

extensions = ["myst_parser", "sphinx_copybutton"]
myst_enable_extensions = ["dollarmath", "attrs_block", "colon_fence"]
myst_heading_anchors = 4
myst_fence_as_directive = ["math"]
myst_dmath_double_inline = True
suppress_warnings = ["myst.strikethrough"]
exclude_patterns = ["**/_*"]

html_theme = "furo"
html_title = "trompe"
html_static_path = [str(HERE / "static")]
html_css_files = ["site.css"]
html_math_renderer = "mathml"
html_copy_source = html_show_sourcelink = html_show_sphinx = False
html_show_search_summary = (
    False  # it would fetch each page found, which no browser does from a folder
)
html_permalinks_icon = "#"
html_theme_options = {"navigation_with_keys": False}  # arrows move points
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
copybutton_prompt_text = r"^(\$ |>>> |\.\.\. )"
copybutton_prompt_is_regexp = True
copybutton_only_copy_prompt_lines = False

_LOG = logging.getLogger(__name__)


def _mathml(page: Any, node: nodes.Node, as_block: bool) -> None:
    """One formula; what cannot be translated is a warning, so that the build stops."""
    tex = node.astext()
    try:
        made = convert(tex, display="block" if as_block else "inline")
        for fault in faults(tex, made):
            _LOG.warning("mathematics: %s: %s", tex, fault, location=node)
        page.body.append(spaced(made))
    except Exception as error:
        _LOG.warning("mathematics: %s: %r", tex, error, location=node)
    raise nodes.SkipNode


def faults(tex: str, made: str) -> Iterator[str]:
    """What the converter lets pass: it shows a command that it does not know as it is, or leaves it out."""
    for name, inside in re.findall(
        r"(\\(?:[a-zA-Z]+\*?|.))(?:(?<=\\begin)\{([^}]*)\})?", tex, re.DOTALL
    ):
        if inside and f"\\{inside}" not in commands.MATRICES:
            yield f"unknown environment {inside}"
        if not {name, name.rstrip("*")} & _COMMANDS and convert_symbol(name) is None:
            yield f"unknown command {name}"
    bare = re.sub(r"\\.", "", tex, flags=re.DOTALL)
    if bare.count("{") != bare.count("}"):
        yield "braces that do not match"
    if "\\" in made:
        yield "a backslash is left"


def spaced(made: str) -> str:
    """No room inside of |x|, after ( before a sign, around infinity, and between a name such as min and its (."""
    bar, left, sign = (
        '<mo stretchy="false">&#x0007C;',
        '<mo stretchy="false">&#x00028;</mo>',
        "&#x02212;",
    )
    made = made.replace(bar, bar.replace(">", ' lspace="0" rspace="0">'))
    made = made.replace(f"{left}<mo>{sign}", f'{left}<mo form="prefix">{sign}')
    made = made.replace("<mo>&#x0221E;</mo>", "<mi>&#x0221E;</mi>")
    return re.sub(
        rf"<mo([^>]*)>([a-z]+)</mo>(?={left})", r'<mo\1 lspace="0.17em" rspace="0">\2</mo>', made
    )


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (tuple, list, set, frozenset, dict)):
        for part in value:
            yield from _strings(part)


_COMMANDS = {"\\ ", *_strings(list(vars(commands).values()))}
"""What the converter has a rule for, beside symbols."""


class _Search(SearchEnglish):
    """English, each word once."""

    def __init__(self, options: dict[str, str]) -> None:
        super().__init__(options)
        self._stem = cache(super().stem)

    def stem(self, word: str) -> str:
        return self._stem(word)


def _number(app: Sphinx, env: BuildEnvironment) -> None:
    """Number pictures of one name by where they lie, not by which process read its pages first."""
    images = {name: sorted(pages) for name, (pages, _) in sorted(env.images.items())}
    env.images = type(env.images)()
    for name, pages in images.items():
        for page in pages:
            env.images.add_file(page, name)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer of mathematics, the numbers of pictures and the words of the search."""
    app.connect("env-updated", _number)
    app.add_search_language(_Search)
    app.add_html_math_renderer(
        "mathml",
        (lambda page, node: _mathml(page, node, False), None),
        (lambda page, node: _mathml(page, node, True), None),
    )
    return {"parallel_read_safe": True, "parallel_write_safe": True}
