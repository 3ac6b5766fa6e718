"""A witness as text for people, as a LaTeX document and as a Python program."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import trompe
from trompe.constructions.expression_forms import LATEX, PYTHON, TEXT, write
from trompe.ground.text import wrapped
from trompe.theory import Point, show, theorem

if TYPE_CHECKING:
    from trompe.proofs.handover.witnesses import Witness


_LONGEST = 30
"""Definitions that the text form writes out."""

_WHY = {
    "exact": "no number equals both f(x) and g(x)",
    "approx": "no number is within eps (M - m) of both f(x) and g(x)",
    "side": "f(x) is above the midrange (m + M)/2 and g(x) below it",
}


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
    eps = f"eps = {witness.task.eps}, " if witness.task.eps else ""
    names = {
        "gap": "f(x) - g(x)",
        "half_gap": "|f(x) - g(x)| / 2(M - m)",
        "above_mid": "f(x) - mid",
        "below_mid": "mid - g(x)",
    }
    return eps + ", ".join(f"{names[name]} = {value}" for name, value in witness.amount)


# -- text ---------------------------------------------------------------------------------------------


def text(witness: Witness) -> str:
    """At most 100 columns; long formulas are cut, the other forms hold them in full."""
    v = witness.v
    written = write([witness.f, witness.g], TEXT)
    more = _parameters(witness)
    lines = [f"{witness.key}, d = {witness.dim}{', ' if more else ''}{more}", ""]
    lines += wrapped(f"Both f and g: {v}, each extreme at this one point only.")
    lines += wrapped(f"Query x = {show(witness.x)}: f(x) = {witness.f_x}, g(x) = {witness.g_x}.")
    lines += wrapped(
        f"Every decoder of the task {witness.task.key} fails on f or on g at this query: "
        f"{_WHY[witness.task.key]} ({_amount(witness)})."
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


def _formula(line: str) -> list[str]:
    if len(line) > 1500:
        line = f"{line[:1400]} ... ({len(line)} characters; --format json has all)"
    return wrapped(line, first="  ", then="      ", cuts_words=True, cuts_hyphens=True)


# -- LaTeX --------------------------------------------------------------------------------------------


def latex(witness: Witness) -> str:
    """A document that pdflatex compiles as it is."""
    written = write([witness.f, witness.g], LATEX)
    v, given = witness.v, _given(witness)
    values = {
        "d": str(witness.dim),
        "a": _latex_point(v.argmin),
        "b": _latex_point(v.argmax),
        "m": LATEX.number(v.minimum),
        "M": LATEX.number(v.maximum),
        "x": _latex_point(witness.x),
        "f(x)": LATEX.number(witness.f_x),
        "g(x)": LATEX.number(witness.g_x),
    }
    if "constant" in given:
        values["L"] = LATEX.number(given["constant"])
    if witness.task.eps:
        values[r"\varepsilon"] = LATEX.number(witness.task.eps)
    named = [f"{LATEX.named(name)} = {part}" for name, part in written.definitions.items()]
    functions = [f"{name}(z) = {part}" for name, part in zip("fg", written.values, strict=True)]
    metric = ""
    if "metric" in given:
        norm = {"l1": r"\ell_1", "l2": r"\ell_2", "linf": r"\ell_\infty"}[given["metric"]]
        metric = f"The metric is ${norm}$. "
    amounts = {
        "gap": "f(x)-g(x)",
        "half_gap": r"\frac{\lvert f(x)-g(x)\rvert}{2(M-m)}",
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
        f"Both functions have their minimum $m$ at $a$ only and their maximum $M$ at $b$ only, and {amount}.",
        r"\end{document}",
    ]
    return "\n".join([*lines, ""])


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
    "additive": """
def law(h, y, z):
    k = len(y) // 2
    return h(y) + h(z) == h(y[:k] + z[k:]) + h(z[:k] + y[k:])
""",
}
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

_PROGRAM = '''"""A witness for {key}, written by trompe {version}. It needs Python and nothing else.

{statement}

Run this file. It prints what it checks and exits with 0 only if every check holds. Extremes and the
class are only tried at the points below; `trompe check` on the JSON form proves them for the whole box.
"""

import random
import sys
from fractions import Fraction as F

d = {dim}
a = {a}
b = {b}
m, M = {m}, {M}
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
tried = [a, b, x, (F(0),) * d, (F(1),) * d, (F(1, 2),) * d]
tried += [tuple(F(draw.randrange(13), 12) for _ in range(d)) for _ in range({samples})]

print("{key}, d =", d)
for name, h, value in (("f", f, f_at_x), ("g", g, g_at_x)):
    check(f"{{name}}(a) = m = {{m}}", h(a) == m)
    check(f"{{name}}(b) = M = {{M}}", h(b) == M)
    check(f"{{name}}(x) = {{value}}", h(x) == value)
    between = all(m < h(z) < M for z in tried if z not in (a, b))
    check(f"m < {{name}} < M at {{len(tried)}} points other than a, b", between)
    pairs = [(y, z) for y in tried[:12] for z in tried[:12]]
    pairs += [(z, tuple(min(F(1), c + F(1, 24)) for c in z)) for z in tried]
    check(f"the law of the class {row} for {{name}} at {{len(pairs)}} pairs of points", all(law(h, y, z) for y, z in pairs))
{labels}check({why}, {condition})
print(len(failed), "checks failed")
sys.exit(1 if failed else 0)
'''


def python(witness: Witness) -> str:
    """A program for the standard library: it evaluates the pair in exact fractions and checks the facts."""
    written = write([witness.f, witness.g], PYTHON)
    v, given = witness.v, _given(witness)
    more, labels = [], ""
    if "constant" in given:
        more += [f"L = F({str(given['constant'])!r})", f"metric = {given['metric']!r}"]
    if witness.task.eps:
        more.append(f"eps = F({str(witness.task.eps)!r})")
    if "data" in given:
        data = given["data"]
        pairs = zip(data.inputs, data.labels, strict=True)
        more += ["data = [", *(f"    ({_python_point(s)}, F({str(y)!r}))," for s, y in pairs), "]"]
        labels = 'check(f"f and g fit all {len(data)} labels", all(pair(s) == (y, y) for s, y in data))\n'
    size = sum(len(arg.terms) for atom in witness.f.atoms for arg in atom.args)
    why, condition = _TASKS[witness.task.key]
    statement = "\n".join(wrapped(theorem(witness.key).statement, cuts_hyphens=True))
    return _PROGRAM.format(
        key=witness.key,
        version=trompe.__version__,
        statement=statement,
        dim=witness.dim,
        a=_python_point(v.argmin),
        b=_python_point(v.argmax),
        m=f"F({str(v.minimum)!r})",
        M=f"F({str(v.maximum)!r})",
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
