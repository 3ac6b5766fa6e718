"""The fooling circuit with one part missing, and its detector in front of another network."""

from __future__ import annotations

from typing import Any

from trompe.empirical._torch import share, torch
from trompe.empirical.attacks.certified import certified_k
from trompe.empirical.attacks.circuit import FoolingCircuit, identical
from trompe.empirical.attacks.detector import missed
from trompe.empirical.experiments.context import Context
from trompe.empirical.experiments.detector import UNSEEN, fit, training_images
from trompe.empirical.training import predict
from trompe.empirical.witness import Witness

__all__ = ["ablations", "transfer"]


def transfer(ctx: Context, witness: Witness, circuit: FoolingCircuit) -> None:
    """The same detector, made on the CNN's trajectories, in front of another network."""
    k, _ = certified_k([ctx.inception], ctx.data.shape)
    other = FoolingCircuit(ctx.inception, list(circuit.permutation or ()), circuit.detector, k)
    same = share(identical(predict(ctx.inception, ctx.test), predict(other, ctx.test)))
    witness.settings["k for MiniInception"] = k
    witness.add(
        "transfer to MiniInception: natural test outputs bit-identical",
        same,
        "share",
        at_least=0.999,
    )
    for setting in ctx.settings[:4]:
        if not setting.transforms:
            _, _, shown = ctx.agreement(other, setting, ctx.seeds(UNSEEN, 1))
            witness.add(f"transfer to MiniInception, {setting.name}: bit-identical to D's own",
                        share(shown), "share")  # fmt: skip


def ablations(
    ctx: Context, witness: Witness, circuit: FoolingCircuit, images: torch.Tensor
) -> None:
    """Variants that fail by design, on natural test images or on MACO."""
    base = predict(ctx.cnn, ctx.test)

    def same(variant: torch.nn.Module) -> float:
        return share(identical(base, predict(variant, ctx.test)))

    parts = (ctx.cnn, list(circuit.permutation or ()), circuit.detector, circuit.bound)
    fail: dict[str, Any] = {"unit": "share", "designed_to_fail": True}
    witness.add(
        "ablation: one-sided circuit without bias, natural test outputs bit-identical",
        same(FoolingCircuit(*parts, two_sided=False)), **fail,
    )  # fmt: skip
    witness.add(
        "ablation: published one-sided circuit with a bias of 100, natural test outputs bit-identical",
        same(Biased(*parts)), **fail,
    )  # fmt: skip
    witness.add(
        "ablation: sigmoid instead of the ramp, natural test outputs bit-identical",
        same(FoolingCircuit(*parts, ramp=False)), **fail,
    )  # fmt: skip
    bare = fit(ctx, "no-maco", training_images(ctx, "no-maco"))
    maco = images[len(training_images(ctx, "no-maco")) :]
    witness.add(
        "ablation: MACO left out of training, share of its trajectories missed",
        missed(bare, maco),
        **fail,
    )
    witness.add("the same share with MACO in training", missed(circuit.detector, maco), "share")
    firsts = ctx.first_images()
    pixel = ctx.settings[0]
    stuck = ctx.visualize(circuit, pixel, ctx.seeds(UNSEEN, 1), start=firsts)
    with torch.no_grad():
        gate = circuit.gate(stuck.images).view(-1)
    witness.add(
        "ablation: start from a natural image, share where D is shown (E = 1)",
        share(gate == 1),
        **fail,
    )
    witness.add(
        "ablation: start from a natural image, share where F is still shown (E = 0)", share(gate == 0),
        **fail, note="the rest stalls in the ramp, where neither is shown",
    )  # fmt: skip


class Biased(FoolingCircuit):
    """The published wiring: a bias of 100 keeps values positive through the ReLU, and swallows their last bits."""

    def join(self, original: torch.Tensor, shown: torch.Tensor, gate: torch.Tensor) -> torch.Tensor:
        relu = torch.nn.functional.relu
        off, on = self.bound * gate, self.bound * (1 - gate)
        return relu(original + 100 - off) + relu(shown + 100 - on) - 100
