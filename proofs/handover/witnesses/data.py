"""A witness: one fooling pair with all its numbers, as something that can be handed on."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from trompe.constructions import FoolingPair, Triple
from trompe.constructions.catalogue import has_rescaled_pair
from trompe.constructions.expressions import Expression, trace_several, values
from trompe.constructions.levels import AnyPair
from trompe.constructions.triples import NAMES, Name
from trompe.ground.arguments import checked, checked_fields
from trompe.proofs.pinned import statement_stray
from trompe.proofs.rows import CHECKS
from trompe.theory import (
    FunctionClass,
    Interval,
    InvalidInput,
    Point,
    Task,
    Visualization,
    show,
    theorem,
)
from trompe.theory import task as as_task
from trompe.theory.catalogue import AnyTask
from trompe.theory.levels import EXTREMES, AnyLevel, cell_key, told_apart
from trompe.theory.levels import level as level_of
from trompe.theory.statements import Form


def check_row(key: str) -> None:
    """Raise InvalidInput unless a witness file can be about the theorem called `key`; UnknownKey: no such one."""
    claim = theorem(key)
    if claim.form is Form.POSSIBLE:
        raise InvalidInput(
            f"{key}: no witness exists, the theorem says Yes: one decoder is right for every member at every "
            f"query; see `trompe show {key}`"
        )
    if CHECKS[claim.row].is_curved:
        raise InvalidInput(
            f"{key}: members of this row are not piecewise affine, so a witness file cannot hold them; see "
            f"`trompe show {key}` for the pair"
        )


def check_extremes(key: str, of_f: Visualization | None) -> None:
    """Raise InvalidInput unless f has a visualization of its own where, and only where, the theorem's pair has two."""
    if has_rescaled_pair(key) and of_f is None:
        raise InvalidInput(
            f"{key}: f and g have different extreme values here; give the visualization of f, too"
        )
    if of_f is not None and not has_rescaled_pair(key):
        raise InvalidInput(f"{key}: f and g have the same visualization here; leave that of f out")


@checked_fields
@dataclass(frozen=True)
class Witness:
    """Two functions that show the same and defeat every decoder of one task at one query.

    Everything here is a claim; `check_witness` proves or refutes it.
    """

    key: str
    """The theorem that it is a witness for, such as `convex/side`."""
    statement: str
    """SHA-256 of that theorem's key and statement."""
    cls: FunctionClass
    """The class, with L and the metric (lipschitz) or the data (erm)."""
    task: Task
    v: Visualization
    """The visualization of g, and of f where `of_f` is None."""
    x: Point
    """The query."""
    f: Expression
    g: Expression
    f_x: Fraction
    """The claimed f(x)."""
    g_x: Fraction
    """The claimed g(x)."""
    amount: tuple[tuple[str, Fraction], ...]
    """By how much the task is refuted, by name; see `Task.margin`."""
    of_f: Visualization | None = None
    """The visualization of f where it is not that of g; the level of the theorem does not tell them apart."""

    @property
    def dim(self) -> int:
        """The number d of inputs."""
        return self.v.dim

    @checked
    def v_of(self, name: Name) -> Visualization:
        """The visualization of f or of g."""
        return self.of_f if name == "f" and self.of_f is not None else self.v


def pair_of(triple: Triple, task: Task, eta: Fraction | None = None) -> FoolingPair:
    """The pair of a triple for a task, with a weight that serves, or with the given one.

    Raises
    ------
    InvalidInput : the task is decidable at this query (for lipschitz/side, up to which L it is).
    """
    if eta is not None and not task.decidable(triple.envelope, triple.v):
        return triple.pair(eta)
    reason = CHECKS[triple.cls.key].why_decided(triple, task)
    if reason and task.decidable(triple.envelope, triple.v):
        raise InvalidInput(
            f"{triple.cls.key}/{task.key}: no pair defeats every decoder at query {show(triple.x)}: {reason}"
        )
    return triple.pair_for(task)


@checked
def witness_of(pair: AnyPair, task: AnyTask, level: AnyLevel = EXTREMES) -> Witness:
    """The pair with everything that it claims, its functions written as expressions.

    Parameters
    ----------
    level : which of the theorems of the class and the task it is a witness for.

    Raises
    ------
    InvalidInput : the pair does not defeat every decoder of the task (the message says which eta would,
        if any does), or the level tells f from g, or it is not piecewise affine (Lipschitz in l2, neurons), or the
        statement is not the released one.
    """
    task, at = as_task(task), level_of(level).key
    cls, x, dim = pair.cls, pair.x, pair.v.dim
    key = cell_key(cls.key, task.key, at)
    check_row(key)
    of_f, v = (_one_picture_each(pair.v_of(name)) for name in NAMES)
    own = of_f if has_rescaled_pair(key) else None
    if own is None and of_f != v:
        check_extremes(key, of_f)  # raises
    if own is not None and (name := told_apart(own, v, at)):
        raise InvalidInput(f"{key}: f and g have not the same {name}")
    if stray := statement_stray(key):
        raise InvalidInput(f"{key}: {stray}")
    if getattr(cls, "metric", None) == "l2":
        raise InvalidInput(
            f"{key}: the pair in l2 is not piecewise affine; use the metric linf, a function that is "
            "L-Lipschitz in linf is L-Lipschitz in l2"
        )
    if not pair.defeats(task):
        if not isinstance(pair, FoolingPair):
            raise InvalidInput(
                f"{key}: f(x) = {pair.f_x} and g(x) = {pair.g_x} at query {show(x)} leave room for a decoder"
            )
        limit = task.largest_eta(pair.triple.envelope, pair.triple.strict(x), v)
        if limit is None:
            pair_of(pair.triple, task)  # raises, naming the reason
        raise InvalidInput(
            f"{key}: eta = {pair.eta} gives f(x) = {pair.f_x} and g(x) = {pair.g_x} at query {show(x)}, too "
            f"close to defeat every decoder of the task; any eta with 0 < eta < {limit} does"
        )
    f, g = trace_several(pair.evaluate_both, dim)
    f_x, g_x = values([f, g], x)
    return Witness(
        key=key,
        statement=theorem(key).sha256,
        cls=cls,
        task=task,
        v=v,
        x=x,
        f=f,
        g=g,
        f_x=f_x,
        g_x=g_x,
        amount=tuple(task.margin(Interval(g_x, f_x), v, own).items()),
        of_f=own,
    )


def _one_picture_each(v: Visualization) -> Visualization:
    """The same with one minimiser and one maximiser, as a file holds it."""
    return Visualization(v.argmin, v.argmax, v.minimum, v.maximum)
