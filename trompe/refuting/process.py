"""The process in which somebody else's decoder runs: `python -m trompe.refuting.process`.

Reads one line of JSON that says where the decoder is, then one line a question; writes one line each.
"""

from __future__ import annotations

import difflib
import json
import os
import pickle
import sys
from collections.abc import Callable
from fractions import Fraction
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from trompe.ground.streams import complain, guard


def main() -> None:
    """Serve until the input ends."""
    guard()  # what the decoder prints may be lost, but that is no fault of it
    # The pipes are moved away from the standard streams before any of the decoder's code runs.
    questions = os.fdopen(os.dup(0), encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    os.dup2(2, 1)

    from trompe.constructions.adversary import type_name
    from trompe.ground.errors import one_line
    from trompe.refuting.asking import Input, Reply, call
    from trompe.theory import task

    started = os.getpid()

    def say(to: dict[str, Any], **message: str | None) -> None:
        if os.getpid() != started:  # the decoder has forked, and both come back from the call
            os._exit(1)
        reply = {"token": to["token"], "answer": None, "invalid": "", "fault": "", **message}
        try:
            answers.write(json.dumps(reply) + "\n")
            answers.flush()
        except OSError:  # whoever asks has gone, or the decoder closed it
            os._exit(1)

    first = questions.readline()
    if not first:
        sys.exit(
            complain("trompe.refuting.process", "no question; trompe refute starts this process")
        )
    source = json.loads(first)
    asked = task(source["task"])
    decoder, complaint = _load(source)
    say(source, **complaint)
    if decoder is None:
        return
    try:
        for line in questions:
            question = json.loads(line)
            try:
                reply = call(decoder, asked, Input.from_wire(question))
            # The decoder's own: a terminal's reaches only the other process.
            except KeyboardInterrupt:
                reply = Reply(fault="raised KeyboardInterrupt")
            answer, fault = reply.answer, reply.fault
            if not isinstance(answer, (Fraction, str, type(None))):
                fault = (
                    f"returned {one_line(answer)} ({type_name(answer)}); expected a rational number, since it "
                    "runs in a process of its own"
                )
                answer = None
            say(question, answer=answer if answer is None else str(answer), fault=fault)
    except BaseException:  # the decoder has closed or read what is not its own
        os._exit(1)


def _load(source: dict[str, Any]) -> tuple[Callable[[Any, Any], Any] | None, dict[str, str]]:
    """The decoder, or None and what is wrong: with the request (`invalid`) or with the file (`fault`)."""
    from trompe.refuting.asking import named

    try:
        if "pickle" in source:
            sys.path[:] = source["import_from"]
            decoder = pickle.loads(bytes.fromhex(source["pickle"]))
            return decoder, {}
        path, name = Path(source["path"]), source["name"]
        sys.path.insert(0, str(path.parent))
        # Under a name of its own, so that a file called json.py replaces nobody's module.
        spec = spec_from_file_location(f"decoder_in_{path.stem}", path)
        if spec is None or spec.loader is None:
            return None, {"invalid": f"decoder: {path.name} is no Python module"}
        module = module_from_spec(spec)
        sys.modules[module.__name__] = module
        spec.loader.exec_module(module)
    except BaseException as error:
        if "pickle" in source:
            return None, {
                "invalid": f"decoder: it does not arrive in a process of its own ({named(error)})"
            }
        return None, {"fault": f"could not be loaded: {named(error)}"}
    decoder = getattr(module, name, None)
    if callable(decoder):
        return decoder, {}
    if decoder is not None:
        return None, {"invalid": f"decoder: {path.name}:{name} is no function"}
    near = difflib.get_close_matches(
        name, [n for n in vars(module) if callable(getattr(module, n))]
    )
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    return None, {"invalid": f"decoder: {path.name} has no function {name!r}{hint}"}


if __name__ == "__main__":
    main()
