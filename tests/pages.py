"""Pages of the docs whose commands and Python are run as printed."""

from __future__ import annotations

import doctest
import re
import shlex

import pytest

from trompe.cli import run

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


def sessions(text: str) -> list[tuple[str, str]]:
    """(command, expected output) of every `$ trompe ...` line of the console blocks."""
    found = []
    for block in blocks(text, "console"):
        assert block.startswith("$ "), block
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, expected = part.partition("\n")
            found.append((command, expected))
    return found


def files(text: str) -> dict[str, str]:
    """The files that the reader is asked to save."""
    return dict(
        re.findall(
            r"<!-- file: (\S+) -->\n```python\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE
        )
    )


def shell(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What a terminal shows for `trompe ...`, with the status after `; echo $?`."""
    asks = command.endswith("; echo $?")
    program, *arguments = shlex.split(command.removesuffix("; echo $?"))
    assert program == "trompe", command
    capsys.readouterr()
    status = run(arguments)
    shown = "".join(capsys.readouterr())
    assert asks or status == 0, f"{command}: status {status}: {shown}"
    return f"{shown}{status}\n" if asks else shown


def matches(expected: str, shown: str) -> bool:
    return doctest.OutputChecker().check_output(expected, shown, FLAGS)
