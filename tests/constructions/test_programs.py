"""Programs of rows say what the package says, for every branch: read by a slow oracle here and by the figures' own script."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path
from random import Random

import pytest

from trompe.constructions.catalogue import construction, draw_visualization, example, row_of, triple
from trompe.constructions.programs import OUTPUTS, Program, point_names, program
from trompe.theory import ROWS, TASKS, Interval, InvalidInput, Visualization

SCRIPT = Path(__file__).resolve().parents[2] / "website" / "static" / "figure.js"
STEPS = 8
ETA = Fraction(3, 20)


PROGRAMS = [
    (row, dim)
    for row, kind in ROWS.items()
    for dim in (1, 2)
    if kind.min_dim <= dim <= (kind.max_dim or dim)
]


def inputs_of(rng: Random, row: str, dim: int) -> dict[str, Fraction]:
    """Numbers for one question: admissible or not, and sometimes about a point that is shown."""
    cls = row_of(row).recordable(example(row, dim).cls)

    def point():
        return tuple(Fraction(rng.randint(0, STEPS), STEPS) for _ in range(dim))

    if rng.random() < 0.7:
        v = draw_visualization(lambda low, high: rng.randint(low, high), cls, dim)
        a, b, m, M = v.argmin, v.argmax, v.minimum, v.maximum
    else:
        a, b = point(), point()
        m = Fraction(rng.randint(-2, 2), 3)
        M = m + Fraction(rng.randint(0, 3), 4)
    x = rng.choice([point(), point(), point(), a, b])
    points = {"a": a, "b": b, "x": x, "z": rng.choice([point(), x, a, b])}
    found = {
        name: value
        for letter, values in points.items()
        for name, value in zip(point_names(letter, dim), values, strict=True)
    }
    found |= {"m": m, "M": M, "eta": ETA}
    if "constant" in cls.parameters():
        found["L"] = Fraction(rng.randint(1, 20), 4)
    return found


def expected(row: str, dim: int, given: dict[str, Fraction]) -> dict[str, str]:
    """What the package itself says of the question."""
    cls = row_of(row).recordable(example(row, dim).cls)
    if "L" in given:
        cls = type(cls)(given["L"], cls.metric)
    a, b, x, z = (tuple(given[n] for n in point_names(letter, dim)) for letter in "abxz")
    try:
        v = Visualization(a, b, given["m"], given["M"])
        cls.check_visualization(v)
    except InvalidInput as error:
        return {"refused": str(error)}
    data = getattr(cls, "data", None)
    labels = dict(zip(data.inputs, data.labels, strict=True)) if data else {}
    known = {**labels, b: v.maximum, a: v.minimum}
    if x in known:
        return {"shown": str(known[x])}
    if construction(row) is None:
        values = [row_of(row).decoder(cls)(v, z)] * len(OUTPUTS)
        return dict(zip(OUTPUTS, map(str, values), strict=True))
    made = triple(cls, v, x)
    pair = made.pair(ETA)
    values = (made.upper(z), made.lower(z), made.strict(z), pair.f(z), pair.g(z))
    found = dict(zip(OUTPUTS, map(str, values), strict=True))
    for key, task in TASKS.items():
        found[key] = str(task().decidable(Interval(pair.g_x, pair.f_x), v)).lower()
        found[f"all {key}"] = str(task().decidable(cls.envelope(v, x), v)).lower()
    return found


# -- a slow reading, which shares nothing with the script ------------------------------------------------------

_APPLY = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "max": max,
    "min": min,
    "abs": abs,
}


def read(of: Program, given: dict[str, Fraction]) -> dict[str, str]:
    def at(place: int) -> Fraction:
        op, *rest = of.nodes[place]
        if op == "in":
            return given[rest[0]]
        return Fraction(rest[0]) if op == "number" else _APPLY[op](*map(at, rest))

    def leaf(tree):
        while "if" in tree:
            op, p, q = tree["if"]
            yes = at(p) < at(q) if op == "lt" else at(p) == at(q)
            tree = tree["yes" if yes else "no"]
        return tree

    for stage in of.stages:
        end = leaf(stage)
        if "refused" in end:
            says = re.sub(r"\{(\d+)\}", lambda place: str(at(int(place[1]))), end["refused"])
            return {"refused": says}
        if "shown" in end:
            return {"shown": str(at(end["shown"]))}
        if "out" in end:
            return {name: str(at(place)) for name, place in end["out"].items()}
    raise AssertionError("no end")


def questions(row: str, dim: int, count: int) -> list[dict[str, Fraction]]:
    rng = Random(f"{row}/{dim}")
    return [inputs_of(rng, row, dim) for _ in range(count)]


@pytest.mark.parametrize(("row", "dim"), PROGRAMS)
def test_a_program_says_what_the_package_says(row, dim):
    of, kinds = program(row, dim), set()
    for given in questions(row, dim, 150):
        said = expected(row, dim, given)
        kinds.add(next(iter(said)))
        found = read(of, given)
        assert found == {name: said[name] for name in found}, given
        ran = {name: str(value) for name, value in of.run(given).items()}
        assert ran == (found if "U" in found else {}), given
    assert kinds == {"refused", "shown", "U"}


def test_a_row_without_a_program_is_refused(monkeypatch):
    monkeypatch.delattr(type(row_of("neuron-1d")), "known")
    with pytest.raises(InvalidInput, match="neuron-1d: has neither a pair nor an only member"):
        program("neuron-1d", 1)


def test_a_number_of_inputs_that_the_row_is_not_about_is_refused():
    with pytest.raises(InvalidInput, match="neuron-1d"):
        program("neuron-1d", 2)


def test_a_damaged_program_is_noticed():
    of = program("convex", 1)
    (at,) = [i for i, node in enumerate(of.nodes) if node[0] == "max"][:1]
    nodes = list(of.nodes)
    nodes[at] = ("min", *nodes[at][1:])
    damaged = Program(of.row, of.dim, of.inputs, tuple(nodes), of.stages, of.tasks)
    asked = questions("convex", 1, 60)
    assert any(read(damaged, given) != read(of, given) for given in asked)


# -- the script of the figures ---------------------------------------------------------------------------------

_NODE = """
const { FRACTIONS, FLOATS, run, decidable } = require(process.argv[1]);
const asked = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(asked.map(({ program, questions, tasks }) => questions.map((given) => {
  const of = (kind) => Object.fromEntries(Object.entries(given).map(([n, t]) => [n, kind.number(t)]));
  const exact = of(FRACTIONS), found = run(program, FRACTIONS, exact);
  const text = Object.fromEntries(Object.entries(found).map(([n, v]) => [n, n === "refused" ? v : FRACTIONS.text(v)]));
  if (!found.f || !tasks.length) return text;
  const atQuery = { ...exact };
  for (const name of Object.keys(exact)) if (name[0] === "z") atQuery[name] = exact["x" + name.slice(1)];
  const here = run(program, FRACTIONS, atQuery), near = run(program, FLOATS, of(FLOATS));
  for (const task of tasks) {
    text[task] = String(decidable(program, FRACTIONS, task, exact, here.g, here.f));
    text["all " + task] = String(decidable(program, FRACTIONS, task, exact, here.W, here.U));
  }
  for (const name of ["f", "g"]) {
    const [top, below] = found[name];
    if (Math.abs(near[name] - Number(top) / Number(below)) > 1e-9) text.floats = name;
  }
  return text;
}))));
"""


@pytest.mark.once
@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
def test_the_script_of_the_figures_says_what_the_package_says():
    asked = [
        {
            "program": program(row, dim).as_json(),
            "tasks": [] if construction(row) is None else list(TASKS),
            "questions": [
                {name: str(value) for name, value in given.items()}
                for given in questions(row, dim, 150)
            ],
        }
        for row, dim in PROGRAMS
    ]
    answer = subprocess.run(
        ["node", "-e", _NODE, str(SCRIPT)],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
    )
    for (row, dim), found in zip(PROGRAMS, json.loads(answer.stdout), strict=True):
        for given, said in zip(questions(row, dim, 150), found, strict=True):
            assert said == expected(row, dim, given), (row, dim, given)
