"""Decoders that mean harm: answers of lying types, and replies that the decoder's process writes itself."""

from __future__ import annotations

import os
import signal
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import sympy
from nodes import within

from trompe.cli import run
from trompe.constructions.adversary import read_answer
from trompe.refuting.judging import refute
from trompe.theory import Exact, Side

pytestmark = pytest.mark.once

F = Fraction

# -- answers of lying types --------------------------------------------------------------------------

LIES = """
from decimal import Decimal
from fractions import Fraction
import numpy as np

def lie(*_): return True
LYING = {name: lie for name in (
    "__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__bool__")}
LYING |= {name: lambda self, *_: self for name in (
    "__add__", "__radd__", "__sub__", "__rsub__", "__mul__", "__rmul__", "__abs__", "__neg__", "strip")}
LYING |= {"__hash__": lambda self: 0, "__float__": lambda self: 0.5, "__int__": lambda self: 7, "__index__": lambda self: 7,
    "__str__": lambda self: "1/2", "__repr__": lambda self: "1/2", "as_integer_ratio": lambda self: (self, 0),
    "numerator": property(lambda self: self), "denominator": property(lambda self: 0), "item": lambda self: self,
    "is_integer": lie, "is_finite": lie, "conjugate": lambda self: self}

def lying(base, *parts):
    return type("Lying", (base,), dict(LYING))(*parts)

class Classy:
    __class__ = Fraction
    numerator = denominator = 1
for name, method in LYING.items():
    if not hasattr(Classy, name) or name in ("__eq__", "__hash__", "__str__", "__repr__"):
        setattr(Classy, name, method)

class Number:
    is_number = is_real = True
    __module__ = "sympy.core.numbers"
    is_Rational = False
for name, method in LYING.items():
    setattr(Number, name, method)

class Meta(type):
    @property
    def __name__(cls): raise SystemExit
class Nameless(metaclass=Meta):
    @property
    def shape(self): raise ValueError

def broken_slots():
    value = Fraction(1, 2)
    value._denominator = "two"
    return value

def within_itself():
    value = np.empty((), dtype=object)
    value[()] = value
    return value
"""
SPACE: dict = {}
exec(LIES, SPACE)
lying = SPACE["lying"]
PLAIN = {
    "Fraction": (lambda: lying(F, 3, 4), F(3, 4)),
    "float": (lambda: lying(float, 0.75), F(3, 4)),
    "int": (lambda: lying(int, 3), F(3)),
    "float64": (lambda: lying(np.float64, 0.75), F(3, 4)),
    "Decimal": (lambda: lying(Decimal, "0.75"), F(3, 4)),
    "__class__": (SPACE["Classy"], F(1)),
}
REFUSED = {
    "sympy": (SPACE["Number"], "SymPy's own types"),
    "in sympy": (lambda: _with(sympy.sqrt(2), lying(sympy.Symbol, "x")), "returned"),
    "metaclass": (SPACE["Nameless"], "returned a Nameless that raises ValueError"),
    "slots": (SPACE["broken_slots"], "when it is read"),
    "in itself": (SPACE["within_itself"], "returned"),
    "masked": (lambda: np.ma.masked, "masked array"),
    "masked number": (lambda: np.ma.array(0.5, mask=True), "masked array"),
    "bool": (lambda: np.array(True), "truth value"),
    "decimal": (lambda: Decimal("NaN"), "not finite"),
    "signalling": (lambda: Decimal("sNaN"), "returned"),
    "long decimal": (lambda: Decimal("1e999999"), "1000 digits"),
    "text": (lambda: lying(str, "1/2"), "expected one number"),
}


def _with(number, part):
    number = sympy.Add(number, 1, evaluate=False)
    number._args = (part,)
    type(part).is_number = type(part).is_real = True
    number._assumptions = type(number._assumptions)({"real": True, "extended_real": True})
    return number


@pytest.mark.parametrize("name", PLAIN)
def test_a_lying_number_is_taken_as_its_plain_value(name):
    make, value = PLAIN[name]
    answer, fault = read_answer(Exact(), make())
    assert fault == "" and type(answer) is F and (answer.numerator, answer.denominator) == (
        value.numerator, value.denominator
    )  # fmt: skip
    assert type(answer.numerator) is type(answer.denominator) is int
    found = refute(lambda v, x: make(), "convex", "exact")
    assert found.status == "refuted" and type(found.prediction) is F
    found = refute(lambda v, x: make(), "constant", "exact")
    assert found.status == "mistaken"


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_plain_number_is_a_broken_decoder(name):
    make, words = REFUSED[name]
    found = refute(lambda v, x: make(), "convex", "exact")
    assert found.status == "broken" and words in found.reason
    assert str(found).replace("\n", "").isprintable()


def test_a_lying_text_is_taken_as_what_it_holds():
    assert read_answer(Side(), lying(str, "min")) == ("min", "")
    assert type(read_answer(Side(), lying(str, "max"))[0]) is str
    answer, fault = read_answer(Side(), lying(str, "neither"))
    assert answer is None and 'expected "min" or "max"' in fault


def test_tensors_are_numbers_also_of_types_of_their_own():
    torch = pytest.importorskip("torch")

    class Tensor(torch.Tensor):
        def __eq__(self, other):
            return True

    assert read_answer(Exact(), torch.tensor(0.75)) == (F(3, 4), "")
    answer, fault = read_answer(Exact(), torch.tensor(0.75).as_subclass(Tensor))
    assert (answer, fault, type(answer)) == (F(3, 4), "", F)
    assert "truth value" in read_answer(Exact(), torch.tensor(True))[1]
    assert "array of shape (1,)" in read_answer(Exact(), torch.zeros(1))[1]


class Rude:
    def __eq__(self, other):
        raise SystemExit

    __hash__ = None


def test_what_a_decoder_puts_into_what_it_was_given_raises_nothing():
    def spoils(v, x):
        object.__setattr__(v, "minimum", Rude())
        return 0

    for numbers in ("float", "exact"):
        found = refute(spoils, "convex", "exact", numbers=numbers)
        assert found.status == "broken" and "changed the visualization" in found.reason


def test_an_error_without_a_name_or_text_is_a_broken_decoder():
    class Error(Exception):
        def __str__(self):
            raise SystemExit

    def fails(v, x):
        raise Error

    assert "raised Error." in refute(fails, "convex", "exact").reason


# -- in a process of its own -------------------------------------------------------------------------

CODE = """
import atexit, gc, json, os, signal, sys, threading, time
{lies}
def pipes():
    return [fd for fd in range(3, 64) if is_pipe(fd)]
def is_pipe(fd):
    try:
        return os.readlink(f"/proc/self/fd/{{fd}}").startswith("pipe:")
    except OSError:
        return False
def write(content):
    for fd in pipes():
        try:
            os.write(fd, content)
        except OSError:
            pass
def lying_fraction(v, x): return lying(Fraction, 3, 4)
def lying_text(v, x): return lying(str, "min")
def classy(v, x): return Classy()
def {body}
"""
NUMBER = ("convex", "exact")
WRITES = {
    "object": b"{}\n",
    "NaN": b"NaN\n",
    "exponent": b'{"token": "", "answer": "1e999999999", "invalid": "", "fault": ""}\n',
    "lists": b"[" * 10**5 + b"]" * 10**5 + b"\n",
    "two": b'{"answer": "1", "fault": ""}\n' * 2,
    "binary": bytes(range(256)) + b"\n",
    "no end": b"1" * 2**20,
    "digits": b"9" * 5000 + b"\n",
    "types": b'{"token": [], "answer": {}, "invalid": null, "fault": 3}\n',
    "part": b'{"token"',
}
FORGED = """line(v, x):
    frame = sys._getframe()
    while "question" not in frame.f_locals:
        frame = frame.f_back
    question = frame.f_locals["question"]
    while True:
        reply = {{"token": question["token"], "answer": {answer}, "invalid": "", "fault": {fault}}}
        write((json.dumps(reply) + "\\n").encode())
        time.sleep({pause})
        question = json.loads(frame.f_locals["questions"].readline())
"""
FORGERIES = {
    "exponent": ("'1e999999999'", "''"), "no number": ("'1/0'", "''"), "a number": ("0.5", "''"), "none": ("None", "''"),
    "truth": ("True", "''"), "both": ("'1'", "'fault'"), "huge": ("'9' * 4000", "''"), "side": ("'min'", "''"),
    "fault": ("None", "['x']"), "other digits": ("'\\u0661'", "''"),
}  # fmt: skip
DEEDS = {
    "exits twice": ("line(v, x):\n    os.fork()\n    return 0.5\n", 0, "refuted"),
    "closes all": ("line(v, x):\n    os.closerange(0, 64)\n    return 0.5\n", 4, "ended its process"),
    "closes the streams": ("line(v, x):\n    sys.stdout.close(); sys.stderr.close(); sys.stdin = None\n    return 0.5\n", 0, "refuted"),
    "alarm": ("line(v, x):\n    signal.alarm(1)\n    time.sleep(60)\n", 4, "by signal 14"),
    "moves": ("line(v, x):\n    os.chdir('/')\n    os.umask(0o777)\n    return 0.5\n", 0, "refuted"),
    "recursion": ("line(v, x):\n    return line(v, x)\n", 4, "raised RecursionError"),
    "thread": ("line(v, x):\n    threading.Thread(target=time.sleep, args=(100,)).start()\n    return 0.5\n", 0, "refuted"),
    "atexit": ("line(v, x):\n    atexit.register(time.sleep, 100)\n    return 0.5\n", 0, "refuted"),
    "exit": ("line(v, x):\n    os._exit(0)\n", 4, "with status 0"),
    "closes what speaks": ("line(v, x):\n    [f.close() for f in gc.get_objects() if type(f).__name__ == 'TextIOWrapper' and f.fileno() > 2]\n    return 0.5\n", 4, "ended its process"),
    "patches": ("line(v, x):\n    json.dumps = lambda *_: '{}'\n    return 0.5\n", 4, "wrote something else"),
    "stops": ("line(v, x):\n    os.kill(os.getpid(), signal.SIGSTOP)\n", 4, "took more than 2 s"),
    "leaves a child": ("line(v, x):\n    if not os.fork():\n        os.setsid()\n        time.sleep(8)\n        os._exit(0)\n    os._exit(3)\n", 4, "took more than 2 s"),
}  # fmt: skip


def asked(capfd, tmp_path, body, *options):
    path = tmp_path / "mine.py"
    path.write_text(CODE.format(lies=LIES, body=body))
    with within(300):
        status = run(
            ["refute", f"{path}:line", "--class", "convex", "--task", "exact", "--time-limit", "2", *options]
        )  # fmt: skip
    out, err = capfd.readouterr()
    assert "Traceback" not in err, err
    return status, " ".join(out.split())


@pytest.mark.parametrize("when", ["called", "loaded"])
@pytest.mark.parametrize("name", WRITES)
def test_what_a_decoder_writes_into_the_pipe_is_no_answer(capfd, tmp_path, name, when):
    if not Path("/proc/self/fd").exists():
        pytest.skip("the decoder looks for its pipes in /proc")
    write = f"    write({WRITES[name]!r})\n"
    body = f"line(v, x):\n{write}    return 0.5\n"
    if when == "loaded":
        body = f"line(v, x):\n    return 0.5\ndef load():\n{write}load()\n"
    status, out = asked(capfd, tmp_path, body)
    assert status == 4 and "into the pipe for answers" in out, out


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_reply_is_read_as_strictly_as_any(capfd, tmp_path, name):
    if not Path("/proc/self/fd").exists():
        pytest.skip("the decoder looks for its pipes in /proc")
    answer, fault = FORGERIES[name]
    status, out = asked(capfd, tmp_path, FORGED.format(answer=answer, fault=fault, pause=0))
    assert status == 4 and "into the pipe for answers" in out, out


@pytest.mark.parametrize(
    ("pause", "status", "words"), [(0, 0, "answers 1/3."), (10**4, 4, "took more than 2 s")]
)
def test_a_forged_reply_that_is_one_is_the_decoders_answer(capfd, tmp_path, pause, status, words):
    """Who sleeps then does not read the next question, which is longer than a pipe holds."""
    if not Path("/proc/self/fd").exists():
        pytest.skip("the decoder looks for its pipes in /proc")
    body = FORGED.format(answer="'1/3'", fault="''", pause=pause)
    found, out = asked(capfd, tmp_path, body, "--dim", "20000")
    assert found == status and words in out, out


@pytest.mark.parametrize("name", DEEDS)
def test_what_a_decoder_does_to_its_own_process(capfd, tmp_path, name):
    body, wanted, words = DEEDS[name]
    status, out = asked(capfd, tmp_path, body)
    assert status == wanted and words in out, out


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        ("lying(Fraction, 3, 4)", 0, "answers 3/4."),
        ("lying(float, 0.75)", 0, "answers 3/4."),
        ("Classy()", 0, "answers 1."),
        ("Number()", 4, "SymPy's own types"),
        ("Nameless()", 4, "a Nameless that raises"),
        ("np.ma.masked", 4, "masked array"),
    ],
)
def test_lying_types_are_read_alike_in_a_process_of_its_own(capfd, tmp_path, answer, status, words):
    found, out = asked(capfd, tmp_path, f"line(v, x):\n    return {answer}\n")
    assert found == status and words in out


def test_the_decoder_cannot_end_the_process_that_asks(capfd, tmp_path):
    """Its process is a session of its own: what it sends to its group does not arrive here."""
    before = signal.getsignal(signal.SIGTERM), os.getcwd()
    status, out = asked(capfd, tmp_path, "line(v, x):\n    os.killpg(0, signal.SIGTERM)\n")
    assert status == 4 and "by signal 15" in out
    assert before == (signal.getsignal(signal.SIGTERM), os.getcwd())
