"""Interval bounds hold, certificates mean what they say, and the solver agrees."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

from fractions import Fraction

from trompe.empirical import (
    Box,
    FoolingCircuit,
    box_around,
    certified_k,
    certify_natural,
    certify_shown,
    interval_bounds,
)
from trompe.empirical.attacks.certified import pgd_difference
from trompe.empirical.attacks.detector import moved_round, train_bounded_detector
from trompe.empirical.attacks.exact import (
    TinyCircuit,
    decide,
    interval_of_e,
    largest_e,
    rational,
)
from trompe.empirical.experiments.certified import pooled, tiny_circuit
from trompe.empirical.networks.architectures import BoundedCNN, BoundedMLP, MiniInception, SmallCNN
from trompe.theory import InvalidInput

nn = torch.nn


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 3, padding=1)
        self.pool = nn.AvgPool2d(2)

    def forward(self, x):
        y = torch.relu(self.conv(x)) + 0.5 * x
        return torch.flatten(self.pool(-y - 1.0), 1)


@pytest.mark.parametrize(
    "model",
    [
        SmallCNN((1, 8, 8), 3, width=4),
        MiniInception((1, 8, 8), 3, width=4),
        BoundedMLP((1, 8, 8), (9,)),
        Residual(),
    ],
)
def test_bounds_hold_on_random_points_of_random_boxes(model):
    model.eval()
    torch.manual_seed(0)
    centre = torch.rand(6, 1, 8, 8)
    for radius in (0.0, 0.02, 0.3):
        box = box_around(centre, radius)
        bounds = interval_bounds(model, box)
        for _ in range(20):
            x = (box.low + (box.high - box.low) * torch.rand(box.low.shape)).float().clamp(0, 1)
            with torch.no_grad():
                y = model(x).double()
            assert (bounds.low <= y).all()
            assert (y <= bounds.high).all()


def test_a_bound_without_slack_is_seen_to_fail():
    """float32 rounding leaves the naive zero-width bound; the widened one holds."""
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(500, 50), nn.ReLU(), nn.Linear(50, 1)).eval()
    x = torch.rand(200, 500)
    with torch.no_grad():
        y, exact = model(x).double(), model.double()(x.double())
    model.float()
    assert (y != exact).any()
    bounds = interval_bounds(model, Box(x.double(), x.double()))
    assert ((bounds.low <= y) & (y <= bounds.high)).all()
    assert float((bounds.high - bounds.low).max()) < 1e-3


class Means(nn.Module):
    def forward(self, x):
        return torch.cat(
            [x.mean((2, 3)), torch.mean(x, dim=(2, 3)), nn.functional.avg_pool2d(x, 8)[:, :, 0, 0]],
            1,
        )


def test_means_of_terms_that_cancel_have_slack_for_the_terms():
    """Large numbers of both signs: the float32 mean is off by far more than its own size suggests."""
    generator = torch.Generator().manual_seed(0)
    x = 1e4 * torch.rand(400, 1, 8, 8, generator=generator)
    x[:, :, 4:] = -x[:, :, :4].flip(2) + 0.01 * torch.rand(400, 1, 4, 8, generator=generator)
    y, exact = Means()(x).double(), Means()(x.double())
    bounds = interval_bounds(Means(), Box(x.double(), x.double()))
    assert ((bounds.low <= y) & (y <= bounds.high)).all()
    naive = 64 * 4 * 2.0**-24 * exact.abs()  # slack by the mean's own size: the planted fault
    assert ((y - exact).abs() > naive).any()


def test_unknown_operations_are_refused():
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 2), nn.Tanh()).eval()
    with pytest.raises(
        InvalidInput, match=r"no rule for layer 2 \(Tanh\).*give the bound k yourself"
    ):
        interval_bounds(model, box_around(torch.rand(1, 1, 8, 8), 0.1))


class Factor(nn.Module):
    """An operation of two operands, with a factor of the second."""

    def __init__(self, apply):
        super().__init__()
        self.apply_to = apply

    def forward(self, x):
        return self.apply_to(x.flatten(1))


@pytest.mark.parametrize(
    ("apply", "name"),
    [
        (lambda y: torch.add(y, y, alpha=5), "add"),
        (lambda y: torch.add(1.0, y, alpha=5), "add"),
        (lambda y: torch.sub(y, y, alpha=5), "sub"),
        (lambda y: torch.mul(y, y, out=torch.ones(1, 4)), "mul"),
    ],
)
def test_a_factor_of_the_second_operand_is_refused(apply, name):
    box = box_around(torch.full((1, 1, 2, 2), 0.5), 0.1)
    with pytest.raises(InvalidInput, match=f"no rule for {name} with more than") as error:
        interval_bounds(Factor(apply).eval(), box)
    assert "\n" not in str(error.value)
    for plain in (lambda y: torch.add(y, y), lambda y: torch.sub(1.0, y), lambda y: y * 2 / 4):
        assert interval_bounds(Factor(plain).eval(), box).low.shape == (1, 4)


def test_certificates_on_digits(cnn, natural, digits):
    torch.manual_seed(0)
    bright = torch.rand(500, 1, 8, 8)
    detector = train_bounded_detector(natural, bright, steps=150, widths=(32,), show=False)
    k, bound = certified_k([cnn], digits.shape)
    assert k >= 2 * bound
    circuit = FoolingCircuit(cnn, [1, 0, *range(2, 10)], detector, k)
    test = digits.test.tensor()
    certificate = certify_natural(detector, test, 2 / 255)
    assert certificate.share > 0.9
    inside = test[certificate.certified]
    differing, largest = pgd_difference(circuit, cnn, detector, inside, 2 / 255, steps=10)
    assert differing == 0
    assert largest <= float(certificate.bound[certificate.certified].max())
    assert certify_shown(detector, torch.rand(50, 1, 8, 8), 0.0).share > 0.9
    # the attack is not blind: with a huge radius it does find differences
    found, _ = pgd_difference(circuit, cnn, detector, test[:20], 1.0, steps=10)
    assert found > 0


def test_the_convolutional_detector_begins_as_if_pictures_were_centred():
    torch.manual_seed(0)
    first = BoundedCNN((3, 64, 64))[0]
    torch.manual_seed(0)
    plain = nn.Conv2d(3, 24, 5, 4, 2)
    x = torch.rand(2, 3, 64, 64)
    found, wanted = first(x), plain(4 * x - 2)
    assert torch.allclose(found[..., 1:-1, 1:-1], wanted[..., 1:-1, 1:-1], atol=1e-5)
    assert not torch.allclose(found, plain(x), atol=0.1)


def test_an_image_that_is_moved_round_keeps_its_pixels():
    image, generator = torch.rand(3, 5, 7), torch.Generator().manual_seed(0)
    moved = torch.stack([moved_round(image, generator) for _ in range(120)])
    assert len(moved.flatten(1).unique(dim=0)) > 20
    assert torch.equal(
        moved.flatten(2).sort(2).values, image.flatten(1).sort(1).values.expand(120, -1, -1)
    )
    rows = {
        tuple(sorted(map(tuple, part.permute(1, 2, 0).reshape(5, -1).tolist()))) for part in moved
    }
    assert len(rows) == 14  # seven places for the columns, mirrored or not; rows stay whole
    flat = torch.arange(12.0).view(1, 3, 4)
    seen = {tuple(moved_round(flat, generator).flatten().tolist()) for _ in range(900)}
    assert len(seen) == 3 * 4 * 2 * 2  # rows, columns, mirrored, and half a turn
    square = torch.arange(4.0).view(1, 2, 2)
    seen = {tuple(moved_round(square, generator).flatten().tolist()) for _ in range(300)}
    assert len(seen) == 8 and (0, 2, 1, 3) in seen  # a square is turned too: rows become columns


@pytest.mark.parametrize("moves", [True, False])
def test_the_convolutional_detector_knows_noise_that_it_has_not_seen(moves, monkeypatch):
    """The second case is the planted fault: trained on one image of coarse noise as it is, it does not know another."""
    if not moves:
        monkeypatch.setattr("trompe.empirical.attacks.detector.moved_round", lambda image, _: image)
    generator = torch.Generator().manual_seed(0)
    slope = torch.linspace(0, 1, 64)
    natural = torch.rand(40, 3, 1, 1, generator=generator) * 0.6 + 0.2 * (slope + slope[:, None])
    coarse = torch.rand(41, 3, 16, 16, generator=generator)
    one, others = nn.functional.interpolate(coarse, (64, 64)).split([1, 40])
    detector = train_bounded_detector(
        natural, one, steps=60, batch=16, widths=(), radius=0.0, show=False
    )
    known = certify_shown(detector, others, 0.0).share
    assert known > 0.9 if moves else known < 0.1
    assert certify_natural(detector, natural, 0.0).share > 0.9


@pytest.fixture(scope="module")
def tiny(digits):
    return tiny_circuit(digits.train.tensor()[:500], digits.train.targets()[:500], 0)


def boxes(digits, radius, count=3):
    for row in pooled(digits.test.tensor()[:count]).double().tolist():
        centre = [Fraction(v) for v in row]
        yield (
            [max(Fraction(0), v - radius) for v in centre],
            [min(Fraction(1), v + radius) for v in centre],
        )


def test_solver_and_intervals_agree(tiny, digits):
    for low, high in boxes(digits, Fraction(8, 255)):
        exact = largest_e(tiny, low, high)
        _, above = interval_of_e(tiny, low, high)
        assert exact <= Fraction(above)
        if above <= -1 / 40:
            assert decide(tiny, low, high, "natural").verdict == "PROVED"


def test_the_solver_refutes_a_planted_fault(tiny, digits):
    low, high = next(boxes(digits, Fraction(8, 255)))
    wrong = TinyCircuit(
        tiny.network, tiny.detector, Fraction(1, 64)
    )  # k below |D|: D leaks through
    found = decide(wrong, low, high, "natural")
    assert found.verdict == "REFUTED"
    assert all(lo <= p <= hi for lo, p, hi in zip(low, found.point, high, strict=True))
    # the wrong side of the statement
    assert decide(tiny, low, high, "shown").verdict == "REFUTED"


def test_the_extreme_is_what_a_search_cannot_beat(tiny, digits):
    """A grid of points stays below the maximum, and the optimiser's own answer is not taken on trust."""
    low, high = next(boxes(digits, Fraction(32, 255)))
    exact = float(largest_e(tiny, low, high))
    least = float(largest_e(tiny, low, high, smallest=True))
    sides = [
        torch.linspace(float(lo), float(hi), 7).double() for lo, hi in zip(low, high, strict=True)
    ]
    with torch.no_grad():
        values = tiny.detector(torch.cartesian_prod(*sides))
    assert least - 1e-9 <= float(values.min()) <= float(values.max()) <= exact + 1e-9
    assert exact > least


@pytest.mark.parametrize("liar", ["z3", "cvc5"])
def test_one_solver_alone_proves_nothing(tiny, digits, liar, monkeypatch):
    """Planted: a solver that gives up, and one that names a point which refutes nothing."""
    from trompe.proofs import solvers

    low, high = next(boxes(digits, Fraction(8, 255)))
    for result, point in (("unknown", {}), ("sat", {f"x{i}": str(low[i]) for i in range(4)})):
        answer = solvers.Answer(liar, result, 0.0, 0, point, reason="planted")
        monkeypatch.setitem(solvers.SOLVERS, liar, lambda _text, _part, answer=answer: answer)
        found = decide(tiny, low, high, "natural")
        assert found.verdict == "UNKNOWN"
        assert found.reason.startswith(liar)
        assert largest_e(tiny, low, high) is None


def test_the_scripts_say_the_same_without_us(tiny, digits):
    """The text alone, read by a solver that has never seen the network; numbers as both solvers print them."""
    z3 = pytest.importorskip("z3", reason="the second reader is Z3's own parser")
    low, high = next(boxes(digits, Fraction(8, 255)))
    solver = z3.Solver()
    solver.from_string(decide(tiny, low, high, "natural").script)
    assert solver.check() == z3.unsat
    for text, value in (
        ("-1/2", Fraction(-1, 2)), ("(- (/ 1 2))", Fraction(-1, 2)), ("(/ (- 1) 2)", Fraction(-1, 2)),
        ("3.0", Fraction(3)), ("(/ 1 0)", None), ("x", None), ("", None),
    ):  # fmt: skip
        assert rational(text) == value
