"""Check a refutation file, which `trompe refute --format json` writes: its witness, and that the answer in it is wrong.

What the decoder did cannot be checked from a file. What follows from its answer can.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from trompe.constructions.adversary import fraction_of, read_answer
from trompe.constructions.expression_forms import short
from trompe.constructions.triples import NAMES
from trompe.constructions.work import TooMuchWork, limited
from trompe.ground.reading import MAX_DEPTH, Unreadable, json_data
from trompe.proofs.handover import witnesses
from trompe.proofs.handover.witnesses import MAX_STEPS, Finding, Report, Witness, check_witness
from trompe.proofs.handover.witnesses.checking import content_of
from trompe.proofs.handover.witnesses.file import MAX_BYTES, from_json, visualization_json
from trompe.proofs.shapes import fields, texts
from trompe.proofs.solvers import SOLVERS
from trompe.refuting.error_rate import ErrorRate
from trompe.theory import Approx, InvalidInput, theorem
from trompe.theory.levels import EXTREMES, LEVELS, observed

FORMAT, VERSION = "trompe refutation", 1
MAX_TRIALS = 10**6
"""The most answers whose counts are looked at: `trompe refute` asks for no more."""
_FIELDS: dict[str, Any] = {
    "format": str,
    "version": int,
    "trompe": str,
    "key": str,
    "status": str,
    "exit_status": int,
    "reason": str,
    "dim": int,
    "eps": (str, type(None)),
    "visualization": dict,
    "query": list,
    "prediction": (str, type(None)),
    "truth": (str, type(None)),
    "error": (str, type(None)),
    "function": (str, type(None)),
    "formula": (str, type(None)),
    "answers_differ": bool,
    "randomised": (dict, type(None)),
    "members_checked": int,
    "witness": (dict, type(None)),
    "witness_missing": (str, type(None)),
}
_RATE = ("errors", "trials", "interval_95")
_IS_ONE = "the file is a refutation file"
_BESIDES = (
    "that the decoder gave this answer; the words in reason and formula; the version of trompe"
)
_COUNTED = (
    "; that answers and coin fell so (of the counts: that they are possible, and their intervals)"
)


def check_file(path: str | Path, solvers: Sequence[str] = tuple(SOLVERS)) -> Report:
    """Check a refutation or a witness file (`-`: standard input); see `witnesses.check_file`."""
    content = content_of(path)
    return content if isinstance(content, Report) else check_bytes(content, solvers)


def check_bytes(content: bytes, solvers: Sequence[str] = tuple(SOLVERS)) -> Report:
    """Check the content of a refutation or a witness file; of what is neither, the report says that it is no witness."""
    data = None
    if FORMAT.encode() in content:  # what is none is parsed once
        with contextlib.suppress(Unreadable):
            data = json_data(content, MAX_BYTES, MAX_DEPTH + 1)  # its witness stands one deeper
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        return witnesses.check_bytes(content, solvers)
    with limited(MAX_STEPS):
        return _check(data, solvers)


def _check(data: dict[str, Any], solvers: Sequence[str]) -> Report:
    """The witness's own claims first; the others rest on them and are not looked at where one fails."""
    try:
        _check_shape(data)
        witness = from_json(data["witness"])
    except TooMuchWork as error:
        return _report("", [Finding(_IS_ONE, "UNKNOWN", str(error))])
    except InvalidInput as error:
        return _report("", [Finding(_IS_ONE, "REFUTED", str(error))])
    found = check_witness(witness, solvers)
    findings = [*found.findings]
    if found.ok:
        for says, fault, reason in _claims(data, witness):
            findings.append(Finding(says, "REFUTED" if fault else "PROVED", fault or reason))
    return _report(found.key, findings, _COUNTED if data["randomised"] is not None else "")


def _report(key: str, findings: Sequence[Finding], besides: str = "") -> Report:
    return Report(key, tuple(findings), "a refutation", _BESIDES + besides)


def _check_shape(data: dict[str, Any]) -> None:
    """Is it a refutation, with a witness, of the types that we write?

    Raises
    ------
    InvalidInput : it is not.
    """
    optional = ("shown",) if "shown" in data else ()
    fields(data, (*_FIELDS, *optional), "the file")
    for name, kinds in _FIELDS.items():
        kinds = kinds if isinstance(kinds, tuple) else (kinds,)
        if type(data[name]) not in kinds:
            raise InvalidInput(f"{name}: {short(data[name])}; expected {kinds[0].__name__}")
    if data["version"] != VERSION:
        raise InvalidInput(f"version: {data['version']}; this trompe reads version {VERSION}")
    if (data["status"], data["exit_status"], data["members_checked"]) != ("refuted", 0, 0):
        raise InvalidInput(
            f"status: {short(data['status'])} with exit status {data['exit_status']}; only what is refuted (0) "
            "can be checked"
        )
    if data["witness"] is None:
        raise InvalidInput(
            f"witness: none ({short(data['witness_missing'])}); nothing can be checked"
        )


def _claims(data: dict[str, Any], witness: Witness) -> Iterator[tuple[str, str, str]]:
    """Each claim beside the witness's own: in words, what is wrong with it, and why it is right."""
    task, name = witness.task, data["function"]
    v = witness.v_of(name) if name in NAMES else witness.v
    wanted = {
        "key": witness.key,
        "dim": witness.dim,
        "eps": str(task.eps) if isinstance(task, Approx) else None,
        "visualization": visualization_json(v),
        "query": texts(witness.x),
        "witness_missing": None,
    }
    other = next((each for each in wanted if data[each] != wanted[each]), "")
    yield (
        "the witness is about the recorded question",
        f"{other}: {short(data[other])}, the witness has {short(wanted[other])}" if other else "",
        "same theorem, d, eps, visualization and query",
    )
    if "shown" in data or theorem(witness.key).level != EXTREMES:
        yield _as_shown(data, witness)
    values = {"f": witness.f_x, "g": witness.g_x}
    truth = values.get(name)
    says = f"{short(name)} is the function, and its value the recorded truth"
    if truth is None or fraction_of(data["truth"]) != truth:
        yield (
            says,
            f"{short(data['truth'])}; the witness has f(x) = {short(values['f'])}, g(x) = {short(values['g'])}",
            "",
        )
        return
    yield says, "", "as in the witness"
    number = fraction_of(data["prediction"])
    answer, fault = read_answer(task, data["prediction"] if number is None else number)
    says = f"the recorded answer {short(data['prediction'])} is wrong for {name}"
    is_right = not fault and task.right(answer, truth, v)
    yield says, fault or "it is right" * is_right, f"computed from {name}(x) = {short(truth)}"
    if fault or is_right:
        return
    error = task.error(answer, truth, v)
    told = fraction_of(data["error"]) == error
    yield "the recorded error is its distance", "" if told else f"it is {short(error)}", "computed"
    if data["randomised"] is not None:
        wrong: dict[str, bool] = {}
        wrong |= {each: not task.right(answer, values[each], witness.v_of(each)) for each in NAMES}
        yield (
            "the counts of errors are possible",
            _counts(data, wrong, bool(task.choices)),
            "computed, with their intervals",
        )


def _as_shown(data: dict[str, Any], witness: Witness) -> tuple[str, str, str]:
    """Was the decoder handed what both functions show at the level?"""
    level = theorem(witness.key).level
    told = observed(witness.v, level)
    wanted = {
        name: str(value) if name in ("minimum", "maximum") else texts(value)
        for name in LEVELS[level].shows
        for value in [getattr(told, name)]
    }
    is_so = level != EXTREMES and data.get("shown") == wanted
    fault = "" if is_so else f"both show {short(wanted)}"
    return "what the decoder was shown is what both functions show", fault, "computed"


def _counts(data: dict[str, Any], wrong: dict[str, bool], one_of_two: bool) -> str:
    """What is wrong with the error rates, "" if nothing.

    Parameters
    ----------
    wrong : for which functions the recorded answer is. one_of_two : are there two answers, each wrong for one of f and g?
    """
    rates, on = data["randomised"], {}
    try:
        fields(rates, ("coin", "on_f", "on_g", "coin_seed"), "randomised")
        if type(rates["coin_seed"]) not in (int, type(None)):
            return f"coin_seed: {short(rates['coin_seed'])}; expected an integer or null"
        for name in ("coin", "on_f", "on_g"):
            part = fields(rates[name], _RATE, f"randomised.{name}")
            errors, trials, ends = part["errors"], part["trials"], part["interval_95"]
            if not (type(errors) is type(trials) is int and 0 <= errors <= trials <= MAX_TRIALS):
                return f"{name}: {short(errors)} errors of {short(trials)}, at most {MAX_TRIALS}"
            on[name] = ErrorRate(errors, trials)
            true = list(on[name].interval())
            if not isinstance(ends, list) or [type(end) for end in ends] != [float, float]:
                return f"{name}: interval_95: expected two numbers"
            if max(abs(end - value) for end, value in zip(ends, true, strict=True)) > 1e-9:
                return f"{name}: the interval is {true[0]:.6f} to {true[1]:.6f}"
    except InvalidInput as error:
        return str(error)
    count, on_f, on_g = on["coin"].trials, on["on_f"], on["on_g"]
    both = on_f.errors + on_g.errors - count
    if count < 2 or {on_f.trials, on_g.trials} != {count} or not 0 <= both <= on["coin"].errors:
        return "every answer is wrong about f or about g, and the coin chooses one of them for each"
    for name, rate in (("f", on_f), ("g", on_g)):
        fewest, most = int(wrong[name]), count - (not wrong[name])
        if not data["answers_differ"]:
            fewest = most = count * wrong[name]
        elif one_of_two:  # both were given
            fewest, most = 1, count - 1
        if not fewest <= rate.errors <= most:
            return f"on_{name}: {rate.errors} errors do not fit the recorded answer"
    return ""
