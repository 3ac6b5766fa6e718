"""Python code in NumPy's loops: an import there leaves float flags set, of which NumPy must not warn."""

from __future__ import annotations

import subprocess
import sys

import pytest

BEGIN = """
import sys
from fractions import Fraction
import numpy as np
from trompe.theory import link
from trompe.theory.namespace import EXACT, ObjectNamespace
assert not {"sympy", "mpmath"} & set(sys.modules)
third, two = Fraction(1, 3), Fraction(2)
def array(*values): return np.array(values, dtype=object)
def late(*values):
    import sympy
    return values[0]
"""


@pytest.mark.parametrize(
    "formula",
    [
        "EXACT.sqrt(array(third, two))",
        "EXACT.sqrt(two)",
        "link('tanh').between(third, two / 3, array(third, two / 3), EXACT)",
        *(
            f"{use}(array(third, link('softplus').at_share(third, two, third)))"
            for use in ("(lambda a: a < a[::-1])", "np.abs", "EXACT.max", "np.sum")
        ),
        *(
            f"ObjectNamespace(late, late, late, late, late).{call}"
            for call in (
                "maximum(array(third), array(two))",
                "abs(array(two))",
                "sqrt(two)",
                "array(two)",
            )
        ),
    ],
)
def test_a_first_import_in_a_loop_is_no_warning(formula):
    done = subprocess.run(
        [sys.executable, "-P", "-W", "error", "-c", f"{BEGIN}\nprint({formula})"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
