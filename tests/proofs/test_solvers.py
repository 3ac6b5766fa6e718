"""The solvers as they are installed: cvc5's coverings, a cvc5 that is too old for them, and repeated scripts."""

from __future__ import annotations

from importlib.metadata import requires

import cvc5
import pytest

from trompe.cli import run
from trompe.ground.processes import Died
from trompe.proofs import solvers
from trompe.proofs.solvers import OLDEST_CVC5, available, solve
from trompe.theory import MissingDependency

# Its issue 12927: x = 1/2, x1 = 1, x2 = z = 0. Until 1.3.4 the coverings say unsat; 12926 is recheck.py's trial.
SATISFIABLE = """(set-logic QF_NRA)
(declare-const x Real)
(declare-const x1 Real)
(declare-const x2 Real)
(declare-const z Real)
(assert (= 0 (* (- x2 1) (- x1 1) (- x1 1) (- x1 1))))
(assert (= 0 (* x2 x2 x2)))
(assert (> x 0))
(assert (> (- z (- x 1)) 0))
(assert (< (+ (* z z z) (* 2 (+ x2 (* (- x 1) (- x 1) (- x 1)))) (* z (- 3) (+ (- x1 1) (* (- x 1) (- x 1))))) 0))
(check-sat)
"""


@pytest.mark.parametrize("name", ["z3", "cvc5"])
def test_polynomials_that_vanish_on_a_cell(name):
    assert solve(name, SATISFIABLE).result == "sat"


@pytest.mark.parametrize("version", ["1.3.4", "1.3.4-modified", "1.2.0"])
def test_an_older_cvc5_is_refused(monkeypatch, capsys, version):
    monkeypatch.setattr(cvc5, "__version__", version)
    with pytest.raises(MissingDependency, match=r"cvc5>=1\.4"):
        available("cvc5")
    for arguments in (["verify", "mix/gap"], ["table", "--row", "constant"]):
        assert run(arguments) == 2
        out, said = capsys.readouterr()
        assert out == "" and f"cvc5 {version} is installed" in said and said.count("\n") == 1
    assert run(["verify", "mix/gap", "--solver", "z3", "--jobs", "1"]) == 0


def test_one_that_says_no_version_is_older_still(monkeypatch):
    monkeypatch.delattr(cvc5, "__version__")
    with pytest.raises(MissingDependency, match=r"cvc5 1\.1 or earlier is installed"):
        available("cvc5")


@pytest.mark.parametrize("version", ["1.4.0", "1.4.2-modified", "1.10.0", "2.0"])
def test_a_later_one_is_not(monkeypatch, version):
    monkeypatch.setattr(cvc5, "__version__", version)
    available("cvc5")


def test_the_declared_range_says_the_same():
    declared = [line.split(";")[0].strip() for line in requires("trompe") if "cvc5" in line]
    assert declared == [f"cvc5>={'.'.join(map(str, OLDEST_CVC5))}"] * 2


# -- repeated scripts ----------------------------------------------------------------------------------


SCRIPT = "(set-logic QF_LRA)\n(declare-const x Real)\n; {}\n(assert (> x 0))\n(check-sat)\n"


class Recording:
    """Processes that note what they are asked, and answer with the number of the call."""

    def __init__(self, died=False):
        self.calls, self.died = [], died

    def results(self, calls):
        self.calls += calls
        for number, (_, name, _) in enumerate(calls):
            answer = solvers.Answer(name, "sat", 0.0, number)
            yield number, Died("gone") if self.died else answer


def test_scripts_that_differ_in_their_headings_are_asked_once_and_all_are_answered():
    texts = [f"; {k}\n; heading\n" + SCRIPT.format("same") for k in range(3)]
    other = "; 0\n" + SCRIPT.format("another comment, which may be in quotes")
    questions = [(name, text) for text in [*texts, other] for name in ("z3", "cvc5")]
    processes = Recording()
    answers = dict(solvers.solve_all(questions, processes))
    asked = [(name, text) for _, name, text in processes.calls]
    # One solver after the other.
    assert asked == [("cvc5", texts[0]), ("cvc5", other), ("z3", texts[0]), ("z3", other)]
    assert [answers[k].resources for k in range(8)] == [2, 0, 2, 0, 2, 0, 3, 1]
    assert all(answers[k].solver == name for k, (name, _) in enumerate(questions))


def test_a_process_that_ends_leaves_every_asker_without_an_answer():
    questions = [("z3", f"; {k}\n" + SCRIPT.format("")) for k in range(3)]
    answers = dict(solvers.solve_all(questions, Recording(died=True)))
    assert [answers[k].result for k in range(3)] == ["unknown"] * 3


def test_one_process_asks_for_a_script_once_unless_it_is_unknown(monkeypatch):
    said = iter(["unknown", "sat", "unsat"])
    monkeypatch.setitem(
        solvers.SOLVERS, "z3", lambda text, divisor: solvers.Answer("z3", next(said), 0.0, 1)
    )
    ask = [solvers.solve_once("z3", f"; {k}\n" + SCRIPT.format("once")).result for k in range(4)]
    assert ask == ["unknown", "sat", "sat", "sat"]
    assert solvers.solve_once("z3", SCRIPT.format("twice")).result == "unsat"


def test_repeated_scripts_have_one_answer_whatever_their_headings():
    for name in solvers.SOLVERS:
        texts = [f"; {heading}\n" + SCRIPT.format("") for heading in ("", "a" * 300)]
        first, second = (solvers.solve(name, text) for text in texts)
        assert (first.result, first.resources, first.point) == (
            second.result,
            second.resources,
            second.point,
        )
