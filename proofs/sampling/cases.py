"""One random case of a row: a member, a visualization, a query and a decoder against all that is claimed, exactly.

Cases are drawn from a source of integers by the row's own generator. Members follow rules of their own, not
the rows' triples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import product
from typing import Any

from trompe.constructions import centre, construction, exact_decoder, pair_networks, side_of, triple
from trompe.constructions.adversary import Question, mistakes, pose, refuting_member
from trompe.constructions.catalogue import draw_class, draw_member, draw_query, draw_visualization
from trompe.constructions.draws import Pick, draw_point, draw_rational, texts
from trompe.constructions.levels import (
    SHORT_DECODERS,
    LevelDecoder,
    level_decoder,
)
from trompe.constructions.opponents import draw_opponent
from trompe.proofs.rows import CHECKS
from trompe.theory import (
    CLASSES,
    Approx,
    Dataset,
    Exact,
    Form,
    FunctionClass,
    InvalidInput,
    Point,
    Side,
    Task,
    Visualization,
    theorem,
)
from trompe.theory.levels import LESS_SHOWN, LEVELS, Observation, cell_key

PROPERTIES = {
    "envelope": "a random member's value at a random query lies in the class's envelope",
    "decidable": "where a task is decidable, the envelope's centre answers it for a random member",
    "triple": "the triple's ends at the query are the class's envelope",
    "phi": "f and g are m at a only and M at b only (of the points tried), and fit the training labels",
    "law": "f and g obey the law of the class at random points",
    "network": "f and g are computed by the ReLU networks that are made of them",
    "gap": "W(x) <= g(x) <= f(x) <= U(x), with f(x) > g(x) wherever U(x) > W(x)",
    "defeat": "where a task is undecidable, its pair allows no answer, and a random decoder's is wrong",
    "mistake": "where a task is decidable, a decoder is wrong for some member exactly if it is for an end",
    "yes": "the decoder of a row with label Yes is right for a random member at a random query",
    "level-no": "where less is shown, f and g show the same, and a random answer is wrong for one of them",
    "level-yes": "the decoder of a Yes where less is shown is right for a random member at a random query",
    "runs": "no admissible question is refused",
}
"""What is checked, by key."""

_NETWORKS_UP_TO = 2
"""The largest d at which pairs are compiled to networks, which takes long beyond."""
_POINTS = 3

Verdict = tuple[str, Callable[[], str], bool]
"""A property's key, the complete example in words, and whether the property holds."""


def check_case(row: str, pick: Pick, dim: int) -> Iterator[Verdict]:
    """Draw a case of a row with so many inputs, and another of which less is shown, and check all that is claimed about them."""
    yield from check_whole(row, pick, dim)
    yield from check_less_shown(row, pick, dim)


def check_whole(row: str, pick: Pick, dim: int) -> Iterator[Verdict]:
    """Draw one case and check what is claimed where both extremes are shown with their values."""
    cls, tasks = _drawn(row, pick, dim)
    yield from _check_member(pick, cls, dim, tasks)
    if construction(row) is not None:
        yield from _check_pair(pick, cls, dim, tasks)


def check_less_shown(
    row: str, pick: Pick, dim: int, levels: Sequence[str] = LESS_SHOWN
) -> Iterator[Verdict]:
    """Draw one case and check what is claimed at these levels; of a row that inherits all its cells one of the levels is enough.

    A further row of ours has no such cells.
    """
    if row not in CLASSES or not levels:
        return
    cls, tasks = _drawn(row, pick, dim)
    one = () if cls.own else (levels[pick(0, len(levels) - 1)],)
    for at, task in product(one or levels, tasks):
        is_yes = theorem(cell_key(row, task.key, at)).form is Form.POSSIBLE
        yield from (_check_level_yes if is_yes else _check_level_no)(pick, cls, dim, task, at)


def _drawn(row: str, pick: Pick, dim: int) -> tuple[FunctionClass, tuple[Task, ...]]:
    """A class of the row, and the tasks, the approximate one at a drawn eps."""
    cls = draw_class(pick, row, dim)
    approx = Approx(draw_rational(pick, 0, Fraction(1, 2), strict=True))
    return cls, (Exact(), approx, Side())


def _check_level_yes(
    pick: Pick, cls: FunctionClass, dim: int, task: Task, at: str
) -> Iterator[Verdict]:
    """Near, the decoder sees two points on the way between the extremes; of pictures, it also sees some that fall short."""
    h, x = draw_member(pick, cls, dim), draw_point(pick, dim)
    low, high = sorted((pick(0, 5), pick(6, 11)))
    shares = (Fraction(low, 11), Fraction(high, 11))
    first, last = (
        tuple((1 - t) * p + t * q for p, q in zip(h.v.argmin, h.v.argmax, strict=True))
        for t in shares
    )
    stopped = (first, last)
    asked = Question(cls, task, h.v, x, at, stopped if at == "near" else None)
    decoders = [level_decoder(asked.key)]
    if asked.key in SHORT_DECODERS:
        decoders.append(_told_short(SHORT_DECODERS[asked.key], stopped))
    for decode in decoders:
        answer, truth = decode(asked.observation, x), h(x)
        says = f"{h!r}, {at}, {stopped}, x = {texts(x)}: {task}: {answer} for {truth}"
        yield "level-yes", lambda says=says: says, task.right(answer, truth, asked.scale)  # type: ignore[misc]


def _told_short(decode: LevelDecoder, stopped: Any) -> LevelDecoder:
    """The decoder, told of pictures that fall short."""

    def short(shown: Observation, x: Point) -> Any:
        return decode(Observation(shown.level, argmin=stopped[0], argmax=stopped[1]), x)

    return short


def _check_level_no(
    pick: Pick, cls: FunctionClass, dim: int, task: Task, at: str
) -> Iterator[Verdict]:
    v = draw_visualization(pick, cls, dim)
    x, share = draw_query(pick, cls, v), draw_rational(pick, -1, 2)
    try:
        asked = pose(cls, task, v=v, x=x, level=at)
    except (
        InvalidInput
    ):  # decidable with these extremes shown whole, and nothing is claimed of less
        return
    if asked.is_decidable:
        return
    pair, shows = asked.pair, LEVELS[at].shows
    answer = task.choices[pick(0, 1)] if task.choices else v.minimum + share * v.range
    f, g = pair.v_of("f"), pair.v_of("g")
    sets = ((f.argmin_set, g.argmin_set), (f.argmax_set, g.argmax_set))
    values = ((f.minimum, g.minimum), (f.maximum, g.maximum))
    same = dict(zip(("argmin", "argmax", "minimum", "maximum"), (*sets, *values), strict=True))
    wrong = [_is_wrong(task, answer, h_x, u) for h_x, u in ((pair.f_x, f), (pair.g_x, g))]
    says = f"{cls!r}, {asked.v}, x = {texts(x)}, {task}, {at}: f {f}, g {g}: {answer}"
    holds = not asked.failure() and any(wrong) and pair.defeats(task)
    for name in shows:
        if name in same:
            holds = holds and same[name][0] == same[name][1]
    yield "level-no", lambda: says, holds


def _is_wrong(task: Task, answer: Any, value: Any, v: Visualization) -> bool:
    """By the words of the task, not by its code."""
    if task.choices:
        middle = (v.minimum + v.maximum) / 2
        return bool(value > middle if answer == "min" else value < middle)
    return bool(abs(answer - value) > task.eps * (v.maximum - v.minimum))


def _check_member(
    pick: Pick, cls: FunctionClass, dim: int, tasks: Sequence[Task]
) -> Iterator[Verdict]:
    h = draw_member(pick, cls, dim)
    has_pairs = construction(cls.key) is not None
    for _ in range(2):
        x = draw_point(pick, dim)
        truth, fibre = h(x), h.cls.envelope(h.v, x)

        def example(x: Point = x, truth: Any = truth, fibre: Any = fibre) -> str:
            return f"{h!r}, x = {texts(x)}, h(x) = {truth}, envelope [{fibre.lower}, {fibre.upper}]"

        yield "envelope", example, fibre.lower <= truth <= fibre.upper
        best = centre(h.cls, h.v, x) if has_pairs else exact_decoder(h.cls)(h.v, x)
        for task in tasks:
            if not has_pairs or task.decidable(fibre, h.v):
                answer = _best_answer(task, best, fibre, h.v)
                right = task.right(answer, truth, h.v)
                yield (
                    "decidable" if has_pairs else "yes",
                    lambda task=task, answer=answer, example=example: (  # type: ignore[misc]
                        f"{task}: {answer} for {example()}"
                    ),
                    right,
                )


def _best_answer(task: Task, best: Any, fibre: Any, v: Visualization) -> Any:
    if not task.choices:
        return best
    if fibre.lower != fibre.upper:  # one end may be mid itself, then the other one decides
        return "min" if fibre.upper <= v.mid else "max"
    return side_of(best, v)


def _check_pair(
    pick: Pick, cls: FunctionClass, dim: int, tasks: Sequence[Task]
) -> Iterator[Verdict]:
    v = draw_visualization(pick, cls, dim)
    x = draw_query(pick, cls, v)
    made, fibre = triple(cls, v, x), cls.envelope(v, x)
    pair = made.pair(draw_rational(pick, strict=True))

    def where(detail: str = "") -> Callable[[], str]:
        return lambda: f"{cls!r}, {v}, x = {texts(x)}, eta = {pair.eta}{detail}"

    ends = made.envelope
    says = f": U(x) = {ends.upper}, W(x) = {ends.lower}, envelope [{fibre.lower}, {fibre.upper}]"
    yield "triple", where(says), (ends.lower, ends.upper) == (fibre.lower, fibre.upper)

    data = getattr(cls, "data", Dataset())
    known = [
        (v.argmin, v.minimum),
        (v.argmax, v.maximum),
        *zip(data.inputs, data.labels, strict=True),
    ]
    for z, value in known:
        says = f": f or g at {texts(z)} is not {value}"
        yield "phi", where(says), all(h == value for h in pair.both(z))
    zs = [draw_point(pick, dim) for _ in range(_POINTS)]
    for z in (x, *zs):
        if z not in (v.argmin, v.argmax):
            inside = all(v.minimum < h < v.maximum for h in pair.both(z))
            yield "phi", where(f": f or g at {texts(z)} is an extreme value"), inside
    checks, members = CHECKS[cls.key], {"f": pair.f, "g": pair.g}
    for says, holds in checks.laws(pick, cls, members, [*zs, v.argmin, v.argmax, x]):
        yield "law", where(f": {says}"), holds
    if checks.computes_networks and dim <= _NETWORKS_UP_TO:
        for network, h in zip(pair_networks(pair), members.values(), strict=True):
            says = f": a network differs at one of {', '.join(map(texts, (x, *zs)))}"
            yield "network", where(says), all(network(z) == h(z) for z in (x, *zs))
    yield (
        "gap",
        where(f": f(x) = {pair.f_x}, g(x) = {pair.g_x}, envelope [{fibre.lower}, {fibre.upper}]"),
        fibre.lower <= pair.g_x <= pair.f_x <= fibre.upper
        and (pair.g_x < pair.f_x) == (fibre.lower < fibre.upper)
        and pair.gap == pair.f_x - pair.g_x,
    )
    for task in tasks:
        question, opponent = Question(cls, task, v, x), draw_opponent(pick, task)
        answer = opponent(v, x)
        says = f": {task}, {opponent} answers {answer}"
        if not question.is_decidable:
            failure = question.failure()
            defeated = not failure and bool(mistakes(question, question.pair, answer))
            defeated = defeated and made.pair_for(task).defeats(task)
            yield "defeat", where(f"{says}; {failure}"), defeated
            continue
        wrong = not all(task.right(answer, end, v) for end in (fibre.lower, fibre.upper))
        found = refuting_member(question, answer)
        holds = wrong == (found is not None)
        if found is not None:
            truth = found.member(x)
            holds = fibre.lower <= truth <= fibre.upper and not task.right(answer, truth, v)
        yield "mistake", where(says), holds
