"""Every option that several commands have, declared once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer


class _Number:
    """Reads an option's number: digits as everywhere, no 1_0 and none of other scripts, and at most `largest`."""

    __name__ = "number"

    def __init__(self, largest: float, kind: type) -> None:
        self._largest, self._kind = largest, kind

    def __call__(self, text: Any) -> Any:
        if not isinstance(text, str):
            return text  # a default
        from trompe.ground.errors import brief

        words = "an integer" if self._kind is int else "a number"
        spelling = (
            r"[-+]?[0-9]+"
            if self._kind is int
            else r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[-+]?[0-9]+)?"
        )
        if not re.fullmatch(spelling, text.strip(), re.IGNORECASE):
            raise typer.BadParameter(f"{brief(text)!r}: expected {words}")
        if len(text) > 40 or self._kind(text) > self._largest:
            raise typer.BadParameter(f"{brief(text)}: expected {words} of at most {self._largest}")
        return self._kind(text)


def number(says: str, largest: float = 10**9, *names: str, kind: type = int, **more: Any) -> Any:
    """An option that takes a number of at most this size; what is too small its command says."""
    reader = _Number(largest, kind)
    return typer.Option(*names, help=says, max=largest, parser=reader, metavar="NUMBER", **more)


SEED = 2**63 - 1
"""The largest seed that every generator takes."""
MANY = 10**6
"""More of anything would not end."""


def _at_least_1(jobs: int | None) -> int | None:
    if jobs is not None and jobs < 1:
        from trompe.theory import InvalidInput

        raise InvalidInput(f"--jobs {jobs}: expected at least 1")
    return jobs


# -- what is asked, and how it is answered ---------------------------------------------------------------

Key = Annotated[str, typer.Argument(help="A theorem, for example monotone/side.")]
Rows = Annotated[
    list[str] | None,
    typer.Option("--row", help="Only this row; repeat for more. [default: the paper's ten]"),
]
Level = Annotated[
    str,
    typer.Option(
        help="What is shown of a unit: extremes, near, maximum, images or argmax; all for the five of them."
    ),
]
EXTENDED = typer.Option("--extended", help="Also our further rows; the paper has none of them.")
Dims = Annotated[
    str, typer.Option(help="Dimensions at which sentences about coordinates are checked.")
]
Solvers = Annotated[
    list[str] | None,
    typer.Option(
        "--solver", help="z3 or cvc5; repeat for both. All named ones must agree. [default: both]"
    ),
]
Jobs = Annotated[
    int | None,
    number(
        "Processes. With 1, a solver that crashes ends this command. [default: one per core]",
        1024,
        callback=_at_least_1,
    ),
]
Redirect = Annotated[
    bool,
    typer.Option(
        "--redirect",
        help="Redirected gradients through ReLUs, for units that are dead at the start.",
    ),
]
UnitAxis = Annotated[
    int | None,
    number(
        "Axis of the units in outputs of more than two axes, -1 for the last. [default: by each layer's kind]",
        64,
    ),
]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")]
Format = Annotated[str, typer.Option(help="text or json.")]
TableFormat = Annotated[str, typer.Option(help="text, markdown, latex, json or csv.")]
Output = Annotated[Path | None, typer.Option(help="Write here instead of to standard output.")]

# -- a class and its parameters --------------------------------------------------------------------------

UnitClass = Annotated[
    str, typer.Option("--class", help="What is assumed of the unit, such as convex.")
]
CONSTANT = typer.Option(help="For lipschitz: the constant L.")
METRIC = typer.Option(help="For lipschitz: l1, l2 or linf. [default: l1, in the sharp table l2]")
LAMBDA = typer.Option(
    "--lambda", help="For lipschitz: L |a-b| / (M - m), for a = 0 and b = 1. [default: 2]"
)
RANGE = typer.Option("--range", help="For lipschitz: the range R = M - m of the unit.")
Constant = Annotated[str | None, CONSTANT]
Metric = Annotated[str | None, METRIC]
TrainingData = Annotated[
    list[str] | None,
    typer.Option(
        "--data",
        help="For erm: a training point such as 1/2,0:1/3, repeated; or a file with one a line, - for standard input.",
    ),
]
Link = Annotated[
    str | None, typer.Option(help="For neuron, neuron-1d: sigmoid, tanh, softplus or leaky-relu.")
]

# -- what is shown and asked -----------------------------------------------------------------------------

_POINT = "numbers with commas such as 1/2,0.3, or one for all coordinates"
DIM = number("Number of inputs d.")
ARGMIN = typer.Option(help=f"The minimiser a that is shown: {_POINT}.")
ARGMAX = typer.Option(help="The maximiser b that is shown.")
MINIMUM = typer.Option("--min", help="The minimum m that is shown.")
MAXIMUM = typer.Option("--max", help="The maximum M that is shown.")
EPS = typer.Option(help="Tolerance as a share of M - m, in (0, 1/2). [default: 1/4]")
Dim = Annotated[int | None, DIM]
ArgMin = Annotated[str | None, ARGMIN]
ArgMax = Annotated[str | None, ARGMAX]
Minimum = Annotated[str | None, MINIMUM]
Maximum = Annotated[str | None, MAXIMUM]
Query = Annotated[str | None, typer.Option(help=f"The query x: {_POINT}.")]
Eps = Annotated[str | None, EPS]
TheoremEps = Annotated[
    str | None,
    typer.Option(
        "--eps",
        help="Tolerance as a share of the range, in (0, 1/2); any from 0 where the theorem is about every eps. [default: 1/4]",
    ),
]


def parse_dims(text: str) -> tuple[int, ...]:
    """`1,2,3` as numbers."""
    return integers(text, "--dims", 1000)


def integers(text: str, what: str, largest: int) -> tuple[int, ...]:
    """Integers with commas, none of them above `largest`."""
    from trompe.ground.errors import InvalidInput, brief

    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.removeprefix("-").isdigit() for part in parts):
        raise InvalidInput(f"{what} {brief(text)!r}: expected integers with commas, such as 1,2,3")
    for part in parts:
        if len(part) > 18 or int(part) > largest:
            raise InvalidInput(f"{what}: {brief(part)} is too large; expected at most {largest}")
    return tuple(map(int, parts))


def listed(text: str) -> list[str]:
    """Names with commas."""
    return [name.strip() for name in text.split(",") if name.strip()]
