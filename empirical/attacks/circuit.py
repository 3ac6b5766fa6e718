"""The fooling circuit: natural images see F, visualization sees D, and both bit for bit.

With r = ReLU, a detector e and k above every |F| and |D| on [0, 1]^N:

    A = r(F - k E) - r(-F - k E) + r(D - k (1 - E)) - r(-D - k (1 - E)),
    E = r(z) - r(z - 1),   z = 20 e(x) + 1/2.

e <= -1/40 gives E = 0 and A = F; e >= 1/40 gives E = 1 and A = D. Both hold exactly in floating point,
because each case leaves F (or D) untouched by any rounding. The gradient is D's own too: dE/dz = 1 - 1.
Affine maps and ReLU only, no biases that swallow digits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, runtime_checkable

from trompe.empirical._torch import Floats, Images, Rate, Unit, torch
from trompe.empirical.attacks.retrained import check_targets
from trompe.empirical.networks.inspection import predict
from trompe.ground.arguments import Count, checked
from trompe.theory import InvalidInput

nn = torch.nn
relu = torch.nn.functional.relu

MARGIN = 1 / 40
"""Where the detector's ramp ends: |e| >= MARGIN decides, exactly (20 * MARGIN = 1/2)."""


def ramp(e: Any, relu: Any, half: Any) -> Any:
    """E from e, for numbers of any kind; `half` is 1/2 as one of them."""
    z = 20 * e + half
    return relu(z) - relu(z - 1)


def joined(f: Any, d: Any, gate: Any, bound: Any, relu: Any) -> Any:
    """A from F, D, E and k, for numbers of any kind."""
    off, on = bound * gate, bound * (1 - gate)
    return relu(f - off) - relu(-f - off) + relu(d - on) - relu(-d - on)


class PictureUnit(nn.Module):
    """top - slope (mean r(x - t) + mean r(t - x)): falls with the L1 distance to a picture t, its only maximiser.

    With the defaults it is the negated distance, whose values near 0 tell it from a natural unit; `picture_units` scales it as
    a network's own. With `paper=True` the published inner product <x, t> instead, whose maximiser is not t.
    Output (n, units), the same number for each unit, or for several pictures one unit each.

    Parameters
    ----------
    target : t, shape (channels, height, width); or several, shape (units, channels, height, width). top : the value at t;
        one number, or one a unit, shape (units,).
    """

    target: torch.Tensor
    top: torch.Tensor

    @checked
    def __init__(
        self,
        target: Floats,
        units: Count = 1,
        paper: bool = False,
        top: float | Floats = 0.0,
        slope: Rate = 1.0,
    ) -> None:
        super().__init__()
        self.register_buffer("target", target)
        self.register_buffer("top", torch.as_tensor(top, device=target.device, dtype=target.dtype))
        self.units = len(target) if target.ndim == 4 else units
        self.paper, self.slope = paper, slope
        if self.top.shape not in ((), (self.units,)):
            raise InvalidInput(
                f"top: shape {tuple(self.top.shape)}; expected one number, or one for each of {self.units} units"
            )
        self.training = False  # it has no mode

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The output for images x."""
        if self.target.ndim == 4:
            x = x[:, None]
        if self.paper:
            value = (x * self.target).flatten(-3).mean(-1)
        else:
            away = relu(x - self.target) + relu(self.target - x)
            value = self.top - self.slope * away.flatten(-3).mean(-1).view(len(x), -1)
        return value.view(len(x), -1).expand(-1, self.units)

    @property
    def largest(self) -> float:
        """A bound on its absolute values over [0, 1]^N."""
        return float(self.top.abs().max()) + self.slope


@checked
def picture_units(
    model: nn.Module, targets: Floats, images: Images, units: Sequence[Unit]
) -> PictureUnit:
    """D for a circuit: one output a unit, which falls with the distance to its picture on the scale of the network's own.

    At its picture it is 1.2 times the largest value of the unit on `images` (0 where that is negative); it falls by four
    times the mean of these over a distance of 1. So the size of an activation does not tell it from the unit.

    Parameters
    ----------
    targets : in [0, 1], shape (units, channels, height, width).

    Raises
    ------
    InvalidInput : the network cannot be used as it is, or the targets or the units do not fit.
    """
    check_targets(model, targets, images, units)
    top = 1.2 * predict(model, images)[:, list(units)].amax(0).clamp_min(0)
    return PictureUnit(targets, top=top, slope=max(4 * float(top.mean()), 1.0))


@runtime_checkable
class Watching(Protocol):
    """A detector that looks at layers of a network, so that one forward pass has both."""

    @property
    def watched(self) -> nn.Module | None:
        """The network."""

    def with_output(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """What the network says of images x, and e of them."""


class FoolingCircuit(nn.Module):
    """A(x) from a network F, another D (a module, or a permutation of F's units), a detector e and k.

    Parameters
    ----------
    network : output (n, units). other : module with output (n, units), or indices into F's units.
    detector : output (n, 1) or (n,). bound : k, from `interval_bounds`.
    two_sided : False builds the one-sided circuit r(F - kE) + r(D - k(1-E)), which is wrong for negative
        values. ramp : False replaces E by a sigmoid. Both are ablations that fail by design. units : where `other` has the
        outputs of some units only, these, in its order; the rest is the network's own.
    """

    @checked
    def __init__(
        self,
        network: nn.Module,
        other: nn.Module | Sequence[int],
        detector: nn.Module,
        bound: float,
        two_sided: bool = True,
        ramp: bool = True,
        units: Sequence[Unit] = (),
    ) -> None:
        super().__init__()
        if not bound > 0:
            raise InvalidInput(f"bound = {bound}; expected k > max |F|, |D|, see interval_bounds")
        self.network, self.detector = network, detector
        self.other = other if isinstance(other, nn.Module) else None
        self.permutation = None if isinstance(other, nn.Module) else list(other)
        self.bound, self.two_sided, self.ramp = float(bound), two_sided, ramp
        self.units = list(units)
        self.training = False  # it has no mode of its own; its parts keep theirs

    def gate(self, x: torch.Tensor) -> torch.Tensor:
        """E, shape (n, 1): 0 where x counts as natural, 1 where it counts as a visualization."""
        return self._gate_of(self.detector(x))

    def _gate_of(self, e: torch.Tensor) -> torch.Tensor:
        e = e.view(-1, 1)
        return ramp(e, relu, 0.5) if self.ramp else torch.sigmoid(e)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The output for images x."""
        detector = self.detector
        if isinstance(detector, Watching) and detector.watched is self.network:
            original, e = detector.with_output(x)
        else:
            original, e = self.network(x), detector(x)
        shown = self._shown(x, original)
        if shown.shape[1:] not in (original.shape[1:], (1,)):
            raise InvalidInput(
                f"fooling circuit: D has outputs {tuple(shown.shape)}, F {tuple(original.shape)}; "
                "expected the same shape, or one output an image"
            )
        return self.join(original, shown, self._gate_of(e))

    def _shown(self, x: torch.Tensor, original: torch.Tensor) -> torch.Tensor:
        """D of images x, of which F is known."""
        if self.other is None:
            return original[:, self.permutation]
        shown: torch.Tensor = self.other(x)
        if not self.units:
            return shown
        all_of_them = original.clone()
        all_of_them[:, self.units] = shown
        return all_of_them

    def join(self, original: torch.Tensor, shown: torch.Tensor, gate: torch.Tensor) -> torch.Tensor:
        """A from F, D and E."""
        if self.two_sided:
            return joined(original, shown, gate, self.bound, relu)
        off, on = self.bound * gate, self.bound * (1 - gate)
        return relu(original - off) + relu(shown - on)

    def shown_alone(self) -> Callable[[torch.Tensor], torch.Tensor]:
        """D as a function of images, to compare the circuit's visualizations with."""
        if self.other is not None and not self.units:
            return self.other
        return lambda x: self._shown(x, self.network(x))


class Biased(FoolingCircuit):
    """The published wiring: a bias of 100 keeps values positive through the ReLU, and swallows their last bits."""

    def join(self, original: torch.Tensor, shown: torch.Tensor, gate: torch.Tensor) -> torch.Tensor:
        off, on = self.bound * gate, self.bound * (1 - gate)
        return relu(original + 100 - off) + relu(shown + 100 - on) - 100
