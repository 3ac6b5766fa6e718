"""The options of somebody's network: the same in every command that takes one."""

from __future__ import annotations

import inspect
from dataclasses import fields
from pathlib import Path

from trompe.commands.audit import compare, paths, silent
from trompe.commands.networks import NetworkOptions, with_network
from trompe.commands.reproduce import reproduce
from trompe.commands.visualize import visualize


def test_every_command_has_all_of_them():
    for command in (visualize, reproduce, silent, paths, compare):
        parameters = inspect.signature(command).parameters
        assert "how" not in parameters
        for field in fields(NetworkOptions):
            assert field.name in parameters, (command.__name__, field.name)
            if (command, field.name) != (compare, "weights"):
                assert parameters[field.name].default == field.default


def test_a_command_gets_them_as_one_and_keeps_its_own():
    @with_network
    def command(model: str, how: NetworkOptions, weights: str = "mine") -> tuple[str, str, object]:
        """Says what it got."""
        return model, weights, how

    given = {f.name: f.default for f in fields(NetworkOptions) if f.name != "weights"}
    assert command(model="m", weights="w", **given | {"batch": 3, "crop": "8"}) == (
        "m", "w", NetworkOptions(batch=3, crop="8")
    )  # fmt: skip
    hints = {name: p.annotation for name, p in inspect.signature(command).parameters.items()}
    assert hints["model"] is str and hints["weights"] is str
    assert NetworkOptions(weights=Path("x"), resize="9,7").sizes == {"resize": (9, 7), "crop": ()}
