"""`trompe.refute`: hand over a decoder, get the function that it is wrong about."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any, Literal

from trompe.constructions.adversary import Mistake, Question, mistakes, pose, refuting_member
from trompe.constructions.catalogue import row_of
from trompe.constructions.shortfalls import as_shortfall, fall_short, pose_short
from trompe.constructions.triples import NAMES
from trompe.ground.arguments import BY_ITSELF, Dim, Integer, checked
from trompe.ground.errors import brief, spelled
from trompe.refuting import reasons
from trompe.refuting.asking import Asker, InProcess, Input, Reply
from trompe.refuting.error_rate import ErrorRate
from trompe.refuting.isolation import Isolated
from trompe.theory import (
    FunctionClass,
    InvalidInput,
    Point,
    Task,
    Visualization,
    as_number,
)
from trompe.theory import task as task_of
from trompe.theory.catalogue import AnyTask, Class, as_class
from trompe.theory.catalogue import task_of as asked_of
from trompe.theory.exact import Number
from trompe.theory.levels import EXTREMES, AnyLevel, cell_key
from trompe.theory.levels import level as level_of

if TYPE_CHECKING:
    from trompe.proofs.handover.witnesses import Witness


Decoder = Callable[[Any, Any], Any]
"""decode(visualization, x)."""

Status = Literal["refuted", "decidable", "mistaken", "broken", "unverified"]

EXIT_STATUS: dict[Status, int] = {
    "refuted": 0,
    "unverified": 1,
    "decidable": 3,
    "broken": 4,
    "mistaken": 5,
}
"""What `trompe refute` exits with; 2 is bad input."""

LONGEST_TIME_LIMIT = 10**6
"""Seconds; about twelve days."""
DEFAULT_TIME_LIMIT = 10.0
"""Seconds a call may take where the decoder runs in a process of its own."""

Often = Annotated[int, Integer(1, 1_000_000)]

Numbers = Literal["float", "exact"]


@dataclass(frozen=True)
class Randomised:
    """How often a decoder was wrong, about whom.

    `coin`: about a unit that a fair coin chose between f and g for every answer, tossed when all answers were
    in. `on_f`, `on_g`: about each, over all answers. Every answer is wrong about f or about g, so errors on
    f and on g add up to at least the number of answers.

    Given the answers, the tosses are independent, and the k-th answer is wrong with a probability p_k of 1/2 or 1. With
    probability at least 95 % the interval of `coin` holds the mean of p_1, .., p_N (half of the errors on f and on g together,
    over N), however the answers came about: such a sum is no more spread out than a binomial one (W. Hoeffding, Annals of
    Mathematical Statistics 27 (1956), 713-721).
    """

    coin: ErrorRate
    on_f: ErrorRate
    on_g: ErrorRate
    coin_seed: int | None = None
    """The seed that the coin was given; None: it was the operating system's randomness."""


@dataclass(frozen=True)
class Refutation:
    """What came of handing a decoder to the adversary.

    `status` is one of

    - `refuted`: no decoder is right here for every member of the class, and `function` is a member with
      this visualization for which this decoder is wrong;
    - `decidable`: no refutation exists here, and this decoder was right;
    - `mistaken`: one answer is right for every member, but this decoder gave another one: it is wrong
      for `function`;
    - `broken`: the decoder gave no answer that could be judged; nothing is claimed about it;
    - `unverified`: the construction did not do what the theorem says; nothing is claimed.
    """

    status: Status
    reason: str
    """In words, with quantifiers."""
    question: Question
    prediction: Any = None
    """The decoder's answer: exact (a float's binary value), or "min" or "max"."""
    truth: Any = None
    """The value of `function` at the query."""
    error: Any = None
    """|prediction - truth|; for side the distance of the truth to mid."""
    mistake: Mistake | None = None
    """f or g of a fooling pair; None for a row with a decoder that is always right."""
    answers_differ: bool = False
    """Did the decoder answer the same input in two ways?"""
    randomised: Randomised | None = None
    """Error rates, if several answers were asked for."""
    checked: int = 0
    """On how many members the decoder was compared with the exact one (rows with label Yes)."""

    @property
    def key(self) -> str:
        """The theorem that the question belongs to, such as `convex/side`."""
        return self.question.key

    @property
    def is_refuted(self) -> bool:
        """Is the table's No (or the row's condition) shown on this decoder?"""
        return self.status == "refuted"

    @property
    def visualization(self) -> Visualization:
        """What the decoder was shown."""
        return self.question.v

    @property
    def query(self) -> Point:
        """The input that the decoder was asked about."""
        return self.question.x

    @property
    def function(self) -> Callable[[Any], Any] | None:
        """The function that the decoder is wrong about: for NumPy arrays of shape (..., d), tuples, tensors.

        For a row whose label is Yes it takes one exact point.
        """
        if self.mistake is not None:
            return self.mistake.member
        if self.status != "mistaken":
            return None
        return self.question.only_member

    def expression(self) -> str:
        """The function written out in z1, ..., zd with exact numbers.

        Raises
        ------
        InvalidInput : there is no such function, or it is not piecewise affine, or too long.
        """
        from trompe.constructions.expression_forms import TEXT, write
        from trompe.constructions.expressions import trace

        if self.mistake is None:
            if self.status != "mistaken":
                raise InvalidInput(
                    f"{self.key}: the decoder is wrong about no function ({self.status})"
                )
            return row_of(self.question.cls.key).only_member(self.visualization)
        pair, at = self.mistake.pair, NAMES.index(self.mistake.name)
        try:
            traced = trace(lambda z, xp: pair.evaluate_both(z, xp)[at], pair.v.dim)
        except TypeError as error:
            raise InvalidInput(
                f"{self.key}: the function is not piecewise affine: {error}"
            ) from None
        written = write([traced], TEXT)
        lines = [f"{name} = {part}" for name, part in written.definitions.items()]
        return "\n".join([*lines, f"{self.mistake.name}(z) = {written.values[0]}"])

    def witness(self) -> Witness:
        """Both functions of the pair with all that they claim, as `trompe check` reads it.

        Raises
        ------
        InvalidInput : nothing was refuted, or the functions are not piecewise affine with rational numbers.
        """
        from trompe.proofs.handover.witnesses import witness_of

        if self.mistake is None or not self.is_refuted:
            raise InvalidInput(
                f"{self.key}: nothing was refuted ({self.status}), so there is no witness"
            )
        return witness_of(self.mistake.pair, self.question.task, self.question.level)

    def __str__(self) -> str:
        from trompe.views.refutation import text

        return text(self)


@checked
def refute(
    decoder: Annotated[Decoder | str, BY_ITSELF],
    function_class: Class,
    task: AnyTask,
    *,
    dim: Dim | None = None,
    visualization: Visualization | None = None,
    query: Any = None,
    eps: Any = None,
    numbers: Numbers = "float",
    repeats: Often = 1,
    members: Often = 100,
    seed: int | None = None,
    time_limit: Annotated[Number | None, BY_ITSELF] = None,
    level: AnyLevel = EXTREMES,
    shortfall: Any = None,
) -> Refutation:
    """The member of a class that a decoder is wrong about.

    Both functions of a fooling pair have the same visualization. So the decoder gets the same input for
    both, and its answer is wrong for one of them.

    Parameters
    ----------
    decoder : `decode(visualization, x)`, or `FILE.py:FUNCTION`. It gets an object with `argmin`, `argmax`,
        `minimum`, `maximum`, and the query. It returns a number (exact, approx) or "min" or "max" (side).
    function_class : a class, or the key of one with its default parameters.
    task : exact, approx or side, or a task.
    dim : the number d of inputs, where neither the visualization nor the query says it. [default: 2]
    visualization, query : what is shown and asked. Chosen so that a refutation exists if they are not given.
    eps : the tolerance of approx as a share of the range, 0 < eps < 1/2, of theorems that say so any eps >= 0. [default: 1/4]
    numbers : "float": points are float64 arrays of shape (d,), values floats. What you give is rounded to
        float64 first, what is chosen here is dyadic, so floats hold it exactly. "exact": a `Visualization`
        and a tuple of fractions. Either way an answer is judged exactly.
    repeats : how many answers are asked for. With more than one, a fair coin then chooses f or g for each, and
        the error rate is reported. At least two are asked for in any case, to see whether they differ.
    members : for rows with label Yes: on how many random members the decoder is compared with the exact one.
    seed : of the coin and the members. [default: the operating system tosses the coin; 0 for the members]
    time_limit : seconds per call; the decoder then runs in a process of its own. A file's decoder always
        does [default there: 10]. A callable without a limit runs in this process.
    level : how much of the extremes the decoder is shown: a key of `trompe.theory.levels.LEVELS`. Below `extremes` it gets
        an `Observation`, of which it can read what the level shows only. `near` adds `limits`, numbers lo, hi that f and g do
        not leave. Rows of the paper's table only.
    shortfall : pictures may fall short of the extremes by this share of the range, 0 <= shortfall < 1/2, of theorems that
        are about it (affine-1d/side at images and argmax). Then argmin and argmax of `visualization` are the pictures, its two
        values the unit's own extremes.

    Raises
    ------
    InvalidInput : bad parameters. QueryShown : the visualization tells the value at the query. Whatever
        the decoder does wrong is no error but the status `broken`.
    """
    cls, at = as_class(function_class), level_of(level).key
    asked = ask_task(cls, task, eps, at)
    as_floats = numbers == "float"
    share = None if shortfall is None else as_shortfall(shortfall, cell_key(cls.key, asked.key, at))
    if share is not None and visualization is not None:
        question = pose_short(
            cls, asked, visualization, query, share, as_floats=as_floats, level=at
        )
    else:
        question = pose(cls, asked, dim, visualization, query, as_floats=as_floats, level=at)
        if share is not None:
            short = fall_short(question, share)
            question = short if query is None else replace(short, x=question.x)
    given = visualization is not None or query is not None
    with _asker(decoder, asked, time_limit) as asker:
        if question.has_decoder:
            questions = (
                [question] if given else [question, *_others(question, members - 1, seed or 0)]
            )
            return _compare(asker, questions, as_floats)
        if not question.is_decidable and (failure := question.failure()):
            return Refutation(
                "unverified", f"The pair for {question.key} fails: {failure}.", question
            )
        replies = _ask(asker, question, max(2, repeats), as_floats)
    return _judge(question, replies, repeats, seed)


def ask_task(cls: FunctionClass, task: AnyTask, eps: Any, level: str) -> Task:
    """The task by its key, with a tolerance that the class's theorem at this level is about."""
    found = task_of(task)
    if eps is None:
        return found
    if found is task:
        raise InvalidInput(f"eps = {brief(eps)} is given twice; the task {task!r} has its own")
    return asked_of(cell_key(cls.key, found.key, level), eps)


def _asker(decoder: Any, task: Task, time_limit: Any) -> Asker:
    seconds = None if time_limit is None else as_number(time_limit, "time limit")
    if seconds is not None and not 0 < seconds <= LONGEST_TIME_LIMIT:
        raise InvalidInput(
            f"time limit = {brief(time_limit)} s; expected more than 0 and at most {LONGEST_TIME_LIMIT}"
        )
    if isinstance(decoder, str):
        return Isolated(decoder, task, float(seconds or DEFAULT_TIME_LIMIT))
    if not callable(decoder):
        raise InvalidInput(
            f"decoder = {spelled(decoder)} cannot be called; expected a function of a visualization and a "
            "query, or FILE.py:FUNCTION"
        )
    return InProcess(decoder, task) if seconds is None else Isolated(decoder, task, float(seconds))


def _ask(asker: Asker, question: Question, count: int, as_floats: bool) -> list[Reply]:
    """Answers to one question, up to the first fault."""
    given = Input.of(question, exact=not as_floats)
    replies: list[Reply] = []
    while len(replies) < count and not (replies and replies[-1].fault):
        replies.append(asker.ask(given))
    return replies


# -- rows with pairs ---------------------------------------------------------------------------------


def _judge(
    question: Question, replies: Sequence[Reply], repeats: int, seed: int | None
) -> Refutation:
    if replies[-1].fault:
        return Refutation("broken", reasons.broken(replies), question)
    answers = [reply.answer for reply in replies]
    differ = any(answer != answers[0] for answer in answers[1:])
    if question.is_decidable:
        for answer in answers:
            mistake = refuting_member(question, answer)
            if mistake is not None:
                return Refutation(
                    "mistaken", reasons.mistaken(question, answer, mistake), question, answer,
                    mistake.truth, mistake.error, mistake, differ,
                )  # fmt: skip
        return Refutation(
            "decidable",
            reasons.decidable(question, answers[0]),
            question,
            answers[0],
            answers_differ=differ,
        )
    rates = _rates(question, answers[:repeats], seed) if repeats > 1 else None
    answer, mistake = _worst(question, answers, rates)
    return Refutation(
        "refuted", reasons.refuted(question, answer, mistake), question, answer,
        mistake.truth, mistake.error, mistake, differ, rates,
    )  # fmt: skip


def _worst(
    question: Question, answers: Sequence[Any], rates: Randomised | None
) -> tuple[Any, Mistake]:
    """The first answer that is wrong about the function that answers are wrong about more often."""
    often = None
    if rates is not None and rates.on_f.errors != rates.on_g.errors:
        often = "f" if rates.on_f.errors > rates.on_g.errors else "g"
    for answer in answers:
        for mistake in mistakes(question, question.pair, answer):
            if often in (None, mistake.name):
                return answer, mistake
    raise AssertionError("the pair defeats every decoder, so every answer is wrong about f or g")


def _rates(question: Question, answers: Sequence[Any], seed: int | None) -> Randomised:
    found = {
        answer: {mistake.name for mistake in mistakes(question, question.pair, answer)}
        for answer in set(answers)
    }
    wrong = [found[answer] for answer in answers]
    on = [sum(name in names for names in wrong) for name in ("f", "g")]
    # Everything about the answers is settled here: no decoder sees a toss, and none foresees the system's.
    coin = secrets.SystemRandom() if seed is None else random.Random(f"the coin of refute, {seed}")
    tossed = sum(coin.choice("fg") in names for names in wrong)
    rates = [ErrorRate(count, len(answers)) for count in (tossed, *on)]
    return Randomised(rates[0], rates[1], rates[2], seed)


# -- rows whose label is Yes -------------------------------------------------------------------------


def _others(question: Question, count: int, seed: int) -> list[Question]:
    """Questions about random members. A member of a Yes row is all that its visualization leaves open: itself."""
    cls, rng = question.cls, random.Random(f"{seed}/{question.key}")
    row, dim = row_of(cls.key), question.v.dim
    found = []
    for _ in range(count):
        v, x = row.dyadic_question(rng, dim)
        cls.check_visualization(v)
        stopped = _stopped(rng, v) if question.level == "near" else None
        other = Question(cls, question.task, v, x, question.level, stopped)
        short = question.shortfall
        found.append(other if short is None else fall_short(other, short, rng))
    return found


def _stopped(rng: random.Random, v: Visualization) -> tuple[Point, Point]:
    """Two points on the way between the extremes, so that the value at the second is larger, if any is."""
    steps = sorted(rng.sample(range(9), 2))
    ways = (
        [
            (1 - Fraction(k, 8)) * p + Fraction(k, 8) * q
            for p, q in zip(v.argmin, v.argmax, strict=True)
        ]
        for k in steps
    )
    low, high = map(tuple, ways)
    return low, high


def _compare(asker: Asker, questions: Sequence[Question], as_floats: bool) -> Refutation:
    first: Any = None
    for count, question in enumerate(questions, 1):
        replies = _ask(asker, question, 2 if count == 1 else 1, as_floats)
        if replies[-1].fault:
            return Refutation("broken", reasons.broken(replies), question, checked=count - 1)
        truth, task, v = question.only_member(question.x), question.task, question.scale
        for reply in replies:
            answer = reply.answer
            first = answer if count == 1 else first
            if not task.right(answer, truth, v):
                error = abs(truth - v.mid) if answer in ("min", "max") else abs(answer - truth)
                return Refutation(
                    "mistaken", reasons.wrong_on_a_member(question, answer, truth, error, count),
                    question, answer, truth, error, checked=count,
                )  # fmt: skip
    return Refutation(
        "decidable", reasons.right_on_members(questions[0], len(questions)), questions[0], first,
        questions[0].only_member(questions[0].x), checked=len(questions),
    )  # fmt: skip
