"""The solvers as they are installed: cvc5's coverings, and a cvc5 that is too old for them."""

from __future__ import annotations

from importlib.metadata import requires

import cvc5
import pytest

from trompe.cli import run
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
