"""A witness as text for people, as a LaTeX document and as a Python program."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import trompe
from trompe.constructions.expression_forms import LATEX, PYTHON, TEXT, write
from trompe.constructions.triples import NAMES
from trompe.ground.text import wrapped
from trompe.theory import Approx, Point, show, theorem
from trompe.theory.levels import LEVELS

if TYPE_CHECKING:
    from trompe.proofs.handover.witnesses import Witness


_LONGEST = 30
"""Definitions that the text form writes out."""

_WHY = {
    "exact": "no number equals both f(x) and g(x)",
    "approx": "no number is within eps (M - m) of both f(x) and g(x)",
    "side": "f(x) is above the midrange (m + M)/2 and g(x) below it",
}


_WHY_OWN = _WHY | {
    "approx": "no number is within eps (max f - min f) of f(x) and within eps (max g - min g) of g(x)",
}
"""The same where each is judged by a range of its own."""


def _parameters(witness: Witness) -> str:
    """L and the metric, or the number of training points."""
    given = _given(witness)
    if "constant" in given:
        return f"L = {given['constant']} in the metric {given['metric']}"
    return f"{len(given['data'])} training points" if "data" in given else ""


def _given(witness: Witness) -> dict[str, Any]:
    """The class's parameters, by name."""
    return {name: getattr(witness.cls, name) for name in witness.cls.parameters()}


def _amount(witness: Witness) -> str:
    eps = f"eps = {witness.task.eps}, " if isinstance(witness.task, Approx) else ""
    ranges = "2(M - m)" if witness.of_f is None else "(max f - min f + max g - min g)"
    names = {
        "gap": "f(x) - g(x)",
        "half_gap": f"|f(x) - g(x)| / {ranges}",
        "above_mid": "f(x) - mid",
        "below_mid": "mid - g(x)",
    }
    return eps + ", ".join(f"{names[name]} = {value}" for name, value in witness.amount)


# -- text ---------------------------------------------------------------------------------------------


def text(witness: Witness) -> str:
    """At most 100 columns; long formulas are cut, the other forms hold them in full."""
    written = write([witness.f, witness.g], TEXT)
    more = _parameters(witness)
    lines = [f"{witness.key}, d = {witness.dim}{', ' if more else ''}{more}", ""]
    for told in _units(witness):
        lines += wrapped(told)
    lines += wrapped(f"Query x = {show(witness.x)}: f(x) = {witness.f_x}, g(x) = {witness.g_x}.")
    lines += wrapped(
        f"Every decoder of the task {witness.task.key} fails on f or on g at this query: "
        f"{(_WHY if witness.of_f is None else _WHY_OWN)[witness.task.key]} ({_amount(witness)})."
    )
    lines.append("")
    definitions = list(written.definitions.items())
    for name, part in definitions[:_LONGEST]:
        lines += _formula(f"{name} = {part}")
    if len(definitions) > _LONGEST:
        lines.append(
            f"  ... and {len(definitions) - _LONGEST} more definitions; --format json has all"
        )
    lines += _formula(f"f(z) = {written.values[0]}")
    lines += _formula(f"g(z) = {written.values[1]}")
    return "\n".join([*lines, ""])


def _units(witness: Witness) -> list[str]:
    """The extremes of both functions, and what is shown of them where that is less."""
    if witness.of_f is None:
        return [f"Both f and g: {witness.v}, each extreme at this one point only."]
    units = []
    for name in NAMES:
        v = witness.v_of(name)
        at = f"{v}, each extreme at this one point only" if v.range else f"{v.minimum} everywhere"
        units.append(f"{name}: {at}.")
    level = theorem(witness.key).level
    return [*units, f"Shown of both, at the level {level}: {' and '.join(LEVELS[level].shows)}."]


def _formula(line: str) -> list[str]:
    if len(line) > 1500:
        line = f"{line[:1400]} ... ({len(line)} characters; --format json has all)"
    return wrapped(line, first="  ", then="      ", cuts_words=True, cuts_hyphens=True)


# -- LaTeX --------------------------------------------------------------------------------------------


def latex(witness: Witness) -> str:
    """A document that pdflatex compiles as it is."""
    written = write([witness.f, witness.g], LATEX)
    given = _given(witness)
    values = {
        "d": str(witness.dim),
        **_latex_extremes(witness),
        "x": _latex_point(witness.x),
        "f(x)": LATEX.number(witness.f_x),
        "g(x)": LATEX.number(witness.g_x),
    }
    if "constant" in given:
        values["L"] = LATEX.number(given["constant"])
    if isinstance(witness.task, Approx):
        values[r"\varepsilon"] = LATEX.number(witness.task.eps)
    named = [f"{LATEX.named(name)} = {part}" for name, part in written.definitions.items()]
    functions = [f"{name}(z) = {part}" for name, part in zip("fg", written.values, strict=True)]
    metric = ""
    if "metric" in given:
        norm = {"l1": r"\ell_1", "l2": r"\ell_2", "linf": r"\ell_\infty"}[given["metric"]]
        metric = f"The metric is ${norm}$. "
    ranges = "2(M-m)" if witness.of_f is None else "M_f-m_f+M_g-m_g"
    amounts = {
        "gap": "f(x)-g(x)",
        "half_gap": rf"\frac{{\lvert f(x)-g(x)\rvert}}{{{ranges}}}",
        "above_mid": r"f(x)-\frac{m+M}{2}",
        "below_mid": r"\frac{m+M}{2}-g(x)",
    }
    amount = " and ".join(f"${amounts[k]}={LATEX.number(q)}$" for k, q in witness.amount)
    lines = [
        r"\documentclass{article}",
        r"\usepackage{amsmath,amssymb}",
        r"\usepackage[margin=2.5cm]{geometry}",
        r"\begin{document}",
        r"\raggedright\setlength{\parindent}{0pt}\setlength{\parskip}{6pt}",
        rf"% written by trompe {trompe.__version__}",
        rf"\textbf{{Witness for \texttt{{{witness.key}}}.}} {theorem(witness.key).latex}",
        "",
        f"Statement: SHA-256 \\texttt{{\\small {witness.statement}}}.",
        "",
        metric + ", ".join(f"${name}={value}$" for name, value in values.items()) + ".",
        "",
        *_latex_data(witness),
        *(line for formula in (*named, *functions) for line in (f"${formula}$", "")),
        f"{_latex_units(witness)}, and {amount}.",
        r"\end{document}",
    ]
    return "\n".join([*lines, ""])


def _latex_extremes(witness: Witness) -> dict[str, str]:
    """a, b, m, M, or those of each function; of a constant its value."""
    found: dict[str, str] = {}
    for name in NAMES if witness.of_f is not None else NAMES[1:]:
        v, mark = witness.v_of(name), f"_{name}" if witness.of_f is not None else ""
        if v.range:
            found |= {f"a{mark}": _latex_point(v.argmin), f"b{mark}": _latex_point(v.argmax)}
        found |= {f"m{mark}": LATEX.number(v.minimum), f"M{mark}": LATEX.number(v.maximum)}
    return found


def _latex_units(witness: Witness) -> str:
    if witness.of_f is None:
        return "Both functions have their minimum $m$ at $a$ only and their maximum $M$ at $b$ only"
    said = {
        True: "${0}$ has its minimum $m_{0}$ at $a_{0}$ only and its maximum $M_{0}$ at $b_{0}$ only",
        False: "${0}$ has its minimum and its maximum $m_{0}=M_{0}$ everywhere",
    }
    return ", ".join(said[bool(witness.v_of(name).range)].format(name) for name in NAMES)


def _latex_point(point: Point) -> str:
    return "(" + r",\allowbreak ".join(LATEX.number(q) for q in point) + ")"


def _latex_data(witness: Witness) -> list[str]:
    data = _given(witness).get("data")
    if not data:
        return []
    pairs = zip(data.inputs, data.labels, strict=True)
    lines = [f"${_latex_point(s)}\\mapsto {LATEX.number(y)}$" for s, y in pairs]
    return ["Training data:", "", *(line for pair in lines for line in (pair, ""))]


# -- Python -------------------------------------------------------------------------------------------


_LAWS = {
    "lipschitz": """
def distance(y, z):
    gaps = [abs(p - q) for p, q in zip(y, z)]
    return max(gaps) if metric == "linf" else sum(gaps)


def law(h, y, z):
    return abs(h(y) - h(z)) <= L * distance(y, z)
""",
    "monotone": """
def law(h, y, z):
    return h(tuple(map(min, y, z))) <= h(z)
""",
    "convex": """
def law(h, y, z):
    return 2 * h(tuple((p + q) / 2 for p, q in zip(y, z))) <= h(y) + h(z)
""",
    "affine": """
def law(h, y, z):
    return 2 * h(tuple((p + q) / 2 for p, q in zip(y, z))) == h(y) + h(z)
""",
    "constant": """
def law(h, y, z):
    return h(y) == h(z)
""",
    "additive": """
def law(h, y, z):
    k = len(y) // 2
    return h(y) + h(z) == h(y[:k] + z[k:]) + h(z[:k] + y[k:])
""",
}
_LAWS["affine-1d"] = _LAWS["affine"]
_NO_LAW = """
def law(h, y, z):
    return True  # the class is a form (a ReLU network), not a law on pairs of points
"""

_TASKS = {
    "exact": ('"no number equals both f(x) and g(x)"', "f(x) != g(x)"),
    "approx": (
        '"no number is within eps (M - m) of both f(x) and g(x)"',
        "abs(f(x) - g(x)) > 2 * eps * (M - m)",
    ),
    "side": ('"f(x) and g(x) lie on different sides of (m + M)/2"', "f(x) > (m + M) / 2 > g(x)"),
}
_TASKS_OWN = {
    "exact": _TASKS["exact"],
    "approx": (
        '"no number is within eps (M_f - m_f) of f(x) and within eps (M_g - m_g) of g(x)"',
        "abs(f(x) - g(x)) > eps * (M_f - m_f + M_g - m_g)",
    ),
}
"""The same where each is judged by a range of its own."""

_PROGRAM = '''"""A witness for {key}, written by trompe {version}. It needs Python and nothing else.

{statement}

Run this file. It prints what it checks and exits with 0 only if every check holds. Extremes and the
class are only tried at the points below; `trompe check` on the JSON form proves them for the whole box.
"""

import random
import sys
from fractions import Fraction as F

d = {dim}
{extremes}
x = {x}
f_at_x, g_at_x = {f_x}, {g_x}
{more}

def pair(z):
{definitions}    f = {f}
    g = {g}
    return f, g


def f(z):
    return pair(z)[0]


def g(z):
    return pair(z)[1]

{law}

failed = []


def check(says, holds):
    print("holds" if holds else "FAILS", says)
    if not holds:
        failed.append(says)


draw = random.Random(0)
tried = [{ends}, x, (F(0),) * d, (F(1),) * d, (F(1, 2),) * d]
tried += [tuple(F(draw.randrange(13), 12) for _ in range(d)) for _ in range({samples})]

print("{key}, d =", d)
for {each}:
    check(f"{{name}}(a) = m = {{m}}", h(a) == m)
    check(f"{{name}}(b) = M = {{M}}", h(b) == M)
    check(f"{{name}}(x) = {{value}}", h(x) == value)
{elsewhere}
    pairs = [(y, z) for y in tried[:12] for z in tried[:12]]
    pairs += [(z, tuple(min(F(1), c + F(1, 24)) for c in z)) for z in tried]
    check(f"the law of the class {row} for {{name}} at {{len(pairs)}} pairs of points", all(law(h, y, z) for y, z in pairs))
{labels}{alike}check({why}, {condition})
print(len(failed), "checks failed")
sys.exit(1 if failed else 0)
'''


def python(witness: Witness) -> str:
    """A program for the standard library: it evaluates the pair in exact fractions and checks the facts."""
    written = write([witness.f, witness.g], PYTHON)
    given = _given(witness)
    more, labels = [], ""
    if "constant" in given:
        more += [f"L = F({str(given['constant'])!r})", f"metric = {given['metric']!r}"]
    if isinstance(witness.task, Approx):
        more.append(f"eps = F({str(witness.task.eps)!r})")
    if "data" in given:
        data = given["data"]
        pairs = zip(data.inputs, data.labels, strict=True)
        more += ["data = [", *(f"    ({_python_point(s)}, F({str(y)!r}))," for s, y in pairs), "]"]
        labels = 'check(f"f and g fit all {len(data)} labels", all(pair(s) == (y, y) for s, y in data))\n'
    size = sum(len(arg.terms) for atom in witness.f.atoms for arg in atom.args)
    why, condition = (_TASKS if witness.of_f is None else _TASKS_OWN)[witness.task.key]
    statement = "\n".join(wrapped(theorem(witness.key).statement, cuts_hyphens=True))
    return _PROGRAM.format(
        key=witness.key,
        version=trompe.__version__,
        statement=statement,
        dim=witness.dim,
        **_python_extremes(witness),
        x=_python_point(witness.x),
        f_x=f"F({str(witness.f_x)!r})",
        g_x=f"F({str(witness.g_x)!r})",
        more="".join(f"{line}\n" for line in more),
        definitions="".join(f"    {name} = {part}\n" for name, part in written.definitions.items()),
        f=written.values[0],
        g=written.values[1],
        law=_LAWS.get(witness.cls.key, _NO_LAW).strip("\n"),
        samples=max(10, min(200, 100_000 // (size + 1))),
        row=witness.cls.key,
        labels=labels,
        why=why,
        condition=condition,
    )


_BETWEEN = """    between = all(m < h(z) < M for z in tried if z not in (a, b))
    check(f"m < {name} < M at {len(tried)} points other than a, b", between)"""
_EVERYWHERE = """    same = all(h(z) == m == M for z in tried)
    check(f"{name} = {m} at {len(tried)} points", same)"""


def _python_extremes(witness: Witness) -> dict[str, str]:
    """The parts of the program that speak of extremes: once, or for each function its own."""
    lines, each = [], []
    names = ("",) if witness.of_f is None else tuple(f"_{name}" for name in NAMES)
    for mark in names:
        v = witness.v if mark != "_f" else witness.v_of("f")
        lines += [
            f"a{mark} = {_python_point(v.argmin)}",
            f"b{mark} = {_python_point(v.argmax)}",
            f"m{mark}, M{mark} = F({str(v.minimum)!r}), F({str(v.maximum)!r})",
        ]
    for name in NAMES:
        own = "" if witness.of_f is None else "".join(f", {end}_{name}" for end in "abmM")
        each.append(f'("{name}", {name}, {name}_at_x{own})')
    own, alike = "", ""
    if witness.of_f is not None:
        own = ", a, b, m, M"
        says = dict.fromkeys(["argmin", "argmax", *LEVELS[theorem(witness.key).level].shows])
        ends = [{"argmin": "a", "argmax": "b", "minimum": "m", "maximum": "M"}[k] for k in says]
        same = " and ".join(f"{end}_f == {end}_g" for end in ends)
        alike = f'check("f and g have the same {", ".join(says)}", {same})\n'
    return {
        "extremes": "\n".join(lines),
        "ends": ", ".join(f"a{mark}, b{mark}" for mark in names),
        "each": f"name, h, value{own} in ({', '.join(each)})",
        "elsewhere": _BETWEEN if witness.v.range else _EVERYWHERE,
        "alike": alike,
    }


def _python_point(point: Iterable[Any]) -> str:
    return "tuple(map(F, " + repr(" ".join(map(str, point))) + ".split()))"


def _json(witness: Witness) -> str:
    from trompe.proofs.handover.witnesses import to_json

    return to_json(witness)


FORMATS: dict[str, Callable[[Witness], str]] = {
    "text": text,
    "json": _json,
    "python": python,
    "latex": latex,
}
"""What `trompe witness --format` takes."""
