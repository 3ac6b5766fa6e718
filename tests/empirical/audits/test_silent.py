"""Silent units of somebody's own network are found, and each gets one of three verdicts."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

import copy

import zoo
from torch.nn import functional as F  # noqa: N812

from trompe.empirical import audit_silent, interval_bounds, orthogonal_units
from trompe.empirical.audits import silent
from trompe.empirical.cache import state_sha256
from trompe.empirical.maximization.search import Try
from trompe.empirical.networks.calls import ReLUCall, selected, survey
from trompe.empirical.networks.inspection import capture
from trompe.empirical.networks.intervals import Box, relu_bounds
from trompe.theory import InvalidInput, UnknownKey

nn = torch.nn


class Net(nn.Module):
    """Two ReLU calls, a module in place and a function; unit 0 is silent on bright pictures, unit 1 dead for ever."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 6, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.linear = nn.Linear(6, 2)
        with torch.no_grad():
            self.conv.weight[0], self.conv.bias[0] = -1.0, 0.0
            self.conv.weight[1], self.conv.bias[1] = 0.0, -1.0

    def forward(self, x):
        return self.linear(torch.relu(self.relu(self.conv(x)).mean((2, 3))))


def test_silent_units_are_found_and_judged():
    torch.manual_seed(0)
    model = Net().eval()
    images = 0.5 + 0.5 * torch.rand(20, 1, 8, 7)
    before = state_sha256(model.state_dict())
    assert [call.name for call in survey(model, images[:1]).calls] == ["relu", "forward"]
    found = audit_silent(model, images, tries=2, steps=8, show=False)
    of = {u.unit: u.verdict for u in found.silent if u.layer == "relu"}
    # -(sum of pixels) is never above 0, and interval bounds see it up to rounding, which is not enough for a certificate
    assert of[1] == "certified dead" and of[0] == "not driven"
    assert state_sha256(model.state_dict()) == before
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
    assert all(p.requires_grad and p.grad is None for p in model.parameters())
    with pytest.raises(UnknownKey, match="did you mean conv"):
        audit_silent(model, images, layers=["conb"], show=False)
    with pytest.raises(InvalidInput, match="makes no ReLU call inside linear"):
        audit_silent(model, images, layers=["linear"], show=False)
    with pytest.raises(InvalidInput, match="makes no ReLU call; silent"):
        audit_silent(nn.Sequential(nn.Flatten(), nn.Linear(56, 2)).eval(), images, show=False)


def test_a_unit_that_only_bright_centres_excite_is_driven():
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3, bias=True), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2)
    ).eval()
    with torch.no_grad():
        model[0].weight[:] = 1.0
        model[0].bias[:] = torch.tensor(
            [-8.0, 1.0]
        )  # only nearly white patches reach the first unit
    found = audit_silent(model, torch.rand(50, 1, 8, 8) * 0.5, show=False)
    assert [(u.layer, u.unit) for u in found.driven] == [("1", 0)]


# -- the zoo: exactly the planted units, whatever clips, wherever the units lie ------------------------------

LAST = "7 units (features, last axis"
ZOO = [
    (zoo.Plain, (), {"relu": "7 units (channels, axis 1; 6 x 6 places)"}, True),
    (zoo.Plain, (nn.ReLU6(),), {"relu": "7 units (channels, axis 1; 6 x 6 places)"}, True),
    (zoo.Function, (torch.relu_,), {"forward": "7 units (channels, axis 1; 6 x 6 places)"}, True),
    (zoo.Function, (lambda y: F.relu(y, inplace=True),), {"forward": "7 units (channels, axis 1; 6 x 6 places)"}, True),
    (zoo.UnusedResult, (), {"forward": "7 units (channels, axis 1; 6 x 6 places)"}, False),
    (zoo.InputReadAgain, (), {"relu": "7 units (channels, axis 1; 6 x 6 places)"}, False),
    (zoo.Residual, (), {"relu#1": "7 units (channels, axis 1; 8 x 8 places)"}, True),
    (zoo.Tokens, (), {"relu": f"{LAST}; 9 tokens)"}, True),
    (zoo.ChannelsLast, (), {"forward": f"{LAST}; 6 x 6 places)"}, True),
    (zoo.Conv1d, (), {"forward": "7 units (channels, axis 1; 56 places)"}, False),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "arguments", "taken", "certified"), ZOO)
def test_exactly_the_planted_units(kind, arguments, taken, certified):
    model, images = zoo.build(kind, *arguments), zoo.pictures()
    found = audit_silent(model, images, layers=list(taken), tries=4, steps=32, batch=5, show=False)
    assert found.taken == taken
    assert {u.unit for u in found.silent} == zoo.SILENT
    assert {u.unit for u in found.driven} == zoo.DRIVABLE
    rest = found.certified if certified else found.undecided
    assert {u.unit for u in rest} == zoo.DEAD
    for unit in found.driven:  # by the planted formula, on the picture that was handed back
        window = unit.picture.unfold(1, 3, 1).unfold(2, 3, 1).flatten(3)
        if kind is zoo.Conv1d:
            window = unit.picture.flatten().unfold(0, 9, 1)[None]
        elif kind is zoo.Residual:
            window = F.pad(unit.picture, (1, 1, 1, 1)).unfold(1, 3, 1).unfold(2, 3, 1).flatten(3)
        elif kind is zoo.Tokens:
            window = unit.picture.unfold(1, 3, 2).unfold(2, 3, 2).flatten(3)
        value = window.mean(-1) - 0.85
        if unit.unit == 2:
            value = 9 * window[..., 4] - window.sum(-1) - 5.5
        assert float(unit.picture.min()) >= 0 and float(unit.picture.max()) <= 1
        assert abs(float(value.max()) - unit.driven) < 1e-4
        assert unit.driven > 0
        assert unit.bound is None or unit.driven <= unit.bound


def test_all_that_clips_at_0_is_looked_at_and_all_else_is_listed():
    found = audit_silent(zoo.build(zoo.Mixed), zoo.pictures(), tries=1, steps=16, show=False)
    assert list(found.units) == ["six", *(f"forward#{k}" for k in (1,)), "threshold", "forward#2", "forward#3", "forward#4"]  # fmt: skip
    for name in found.units:
        assert {u.unit for u in found.silent if u.layer == name} == zoo.SILENT
    assert found.others == ("gelu (gelu)", "hardswish (swish)", "leaky_relu (leaky)", "clamp (forward)")  # fmt: skip
    assert found.search.startswith("1 try of 16 Adam steps, seed 0: maximum, pixel from natural")


def test_the_activation_is_what_is_left_by_an_upper_end():
    model = zoo.build(zoo.Plain, nn.Hardtanh(0, 0.5))
    found = audit_silent(model, zoo.pictures(), tries=1, steps=32, show=False)
    assert {u.unit: round(u.driven, 3) for u in found.driven} == {1: 0.15, 2: 0.5}


def test_the_axis_that_nothing_tells_is_asked_for():
    model, images = zoo.build(zoo.ChannelsLast, True), zoo.pictures()
    wrong = audit_silent(model, images, show=False, tries=1, steps=1)
    assert (
        wrong.taken == {"forward": "6 units (channels, axis 1; 6 x 7 places)"} and not wrong.silent
    )
    for axis in (-1, 3):
        right = audit_silent(model, images, unit_axis=axis, show=False, tries=4, steps=32)
        assert {u.unit for u in right.driven} == zoo.DRIVABLE
        assert right.taken == {"forward": f"{LAST}; 6 x 6 places)"}
    for axis in (0, 4, -4, -5):
        with pytest.raises(
            InvalidInput, match=rf"unit axis {axis}: .* ReLU call forward has shape"
        ):
            audit_silent(model, images, unit_axis=axis, show=False)


def test_an_axis_is_asked_of_the_named_layers_only():
    """The other calls may have fewer axes."""

    class Both(zoo.ChannelsLast):
        def forward(self, x):
            return torch.relu(self.head(super().forward(x)[:, None].expand(-1, 7, -1).mean(2)))

    model, images = zoo.build(Both, True), zoo.pictures()
    found = audit_silent(
        model, images, layers=["forward#1"], unit_axis=3, tries=4, steps=32, show=False
    )
    assert {u.unit for u in found.driven} == zoo.DRIVABLE


def test_calls_without_an_axis_of_pictures_are_said_and_left_out():
    class Scaled(zoo.Plain):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.tensor([[-1.0, 1.0, 2.0]]))

        def forward(self, x):
            return super().forward(x) * torch.relu(self.scale)

    found = audit_silent(zoo.build(Scaled), zoo.pictures(), tries=1, steps=1, show=False)
    assert found.taken["forward"] == "not looked at: its first axis is not that of the pictures"
    assert list(found.units) == ["relu"] and {u.unit for u in found.silent} == zoo.SILENT


def test_windows_in_the_batch_belong_to_their_picture():
    """(n * windows, tokens, features), as window attention has it."""

    class Windows(zoo.ChannelsLast):
        def forward(self, x):
            y = self.patch(x).permute(0, 2, 3, 1).reshape(-1, 6, 9)
            breaks = torch.where(x[:, 0, 7, 7] == 1, float("inf"), 0.0).repeat_interleave(6)
            y = torch.relu(self.fc1(y) + breaks[:, None, None])
            return self.head(y.reshape(len(x), 36, 7).mean(1))

    images = zoo.pictures()
    found = audit_silent(zoo.build(Windows), images, tries=4, steps=32, batch=5, show=False)
    assert {u.unit for u in found.silent} == zoo.SILENT
    assert {u.unit for u in found.driven} == zoo.DRIVABLE
    assert found.taken == {"forward": f"{LAST}; 6 tokens in each of 6 windows)"}
    images[8, 0, 7, 7] = 1
    with pytest.raises(InvalidInput, match=r"^picture 8 "):
        audit_silent(zoo.build(Windows), images, batch=5, show=False)


# -- names and order of the calls -----------------------------------------------------------------------------


def test_calls_of_one_module_have_names_and_are_accepted():
    model, images = zoo.build(zoo.Residual), zoo.pictures()
    calls = survey(model, images[:1]).calls
    assert [call.name for call in calls] == ["relu#1", "relu#2"]
    assert [calls[k].units for k in selected(model, calls, [])] == [7, 1]
    assert selected(model, calls, ["relu"]) == [0, 1]
    for k, call in enumerate(calls):
        assert selected(model, calls, [call.name]) == [k]
    with pytest.raises(UnknownKey, match="unknown layer 'relu#3'"):
        selected(model, calls, ["relu#3"])
    mixed = zoo.build(zoo.Mixed)
    calls = survey(mixed, images[:1]).calls
    assert [calls[k].name for k in selected(mixed, calls, ["forward", "six"])] == ["six", "forward#1", "forward#2", "forward#3", "forward#4"]  # fmt: skip


@pytest.mark.parametrize("batch", [1, 100])
def test_calls_that_change_with_the_picture_are_refused(batch):
    images = zoo.pictures(6)
    images[3] = 0.9 - 0.2 * images[3]
    if batch > 1:
        images[3:] = (
            0.69  # the mean of the whole batch is above 1/2, that of the first picture is not
        )
        images[0] = 0.31
    with pytest.raises(
        InvalidInput,
        match=r"its ReLU calls change with the pictures \(call 1 was forward behind right",
    ):
        audit_silent(zoo.build(zoo.Branches), images, batch=batch, show=False)


def test_only_some_units_are_looked_at():
    model, asked = zoo.build(zoo.Residual), {"tries": 1, "steps": 2, "show": False}
    every = audit_silent(model, zoo.pictures(), layers=["relu#1"], **asked)
    some = audit_silent(model, zoo.pictures(), layers=["relu#1"], units=[3, 0, 2], **asked)
    assert [u for u in every.silent if u.unit in (0, 2, 3)] == list(some.silent) != []
    assert some.units == every.units == {"relu#1": 7}
    with pytest.raises(
        InvalidInput, match="unit 3: ReLU call relu#2 has units 0 to 0; name the layers"
    ):
        audit_silent(model, zoo.pictures(), units=[3], **asked)
    with pytest.raises(InvalidInput, match=r"units\[0\] = -1; expected an integer of at least 0"):
        audit_silent(model, zoo.pictures(), units=[-1], **asked)


def test_how_pictures_are_batched_changes_rounding_alone():
    found = [
        audit_silent(
            zoo.build(zoo.Plain), zoo.pictures(), tries=5, steps=16, batch=batch, show=False
        )
        for batch in (1, 2, 100)
    ]
    for run in found[:2]:
        assert [(u.unit, u.verdict, u.tries) for u in run.silent] == [
            (u.unit, u.verdict, u.tries) for u in found[2].silent
        ]
        for mine, other in zip(run.driven, found[2].driven, strict=True):
            assert torch.allclose(mine.picture, other.picture, atol=1e-5)


def test_a_call_more_or_less_is_noticed():
    class More(zoo.Plain):
        def forward(self, x):
            out = super().forward(x)
            return torch.relu(out) if float(x.detach().max()) > 0.8 else out

    images = torch.cat([zoo.pictures(4), torch.ones(1, *zoo.SHAPE)])
    for pictures, words in (
        (images, "was no more, now it is relu"),
        (images.flip(0), "now it is no more"),
    ):
        with pytest.raises(InvalidInput, match=words):
            audit_silent(zoo.build(More), pictures, batch=1, show=False)


@pytest.mark.filterwarnings("ignore")  # PyTorch says that scripting is old
def test_scripted_and_compiled_networks_are_refused():
    plain = nn.Sequential(nn.Flatten(), nn.Linear(64, 2), nn.ReLU()).eval()
    marked = copy.deepcopy(plain)
    object.__setattr__(marked, "_orig_mod", plain)  # as torch.compile marks them
    inside = nn.Sequential(nn.Identity(), torch.jit.script(plain)).eval()
    compiled = copy.deepcopy(plain)
    compiled.compile()
    for model, words in (
        (marked, "the network is"),
        (compiled, "the network is"),
        (inside, "1 is"),
    ):
        with pytest.raises(InvalidInput, match=f"{words} scripted or compiled"):
            audit_silent(model, zoo.pictures(), show=False)


# -- NaN and infinity --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [1, 5, 100])
def test_a_picture_that_gives_nan_is_named(batch):
    images = zoo.pictures()
    images[7] = 0.5  # no spread: 0 / 0
    with pytest.raises(
        InvalidInput, match=r"^picture 7 \(counted from 0\): gives NaN.* in ReLU call relu of"
    ):
        audit_silent(zoo.build(zoo.PerImage), images, batch=batch, show=False)


def test_infinity_behind_the_last_call_is_named_too():
    class Inverse(zoo.Plain):
        def forward(self, x):
            return super().forward(x) / (x - 0.5).abs().amax((1, 2, 3))[:, None]

    images = zoo.pictures()
    images[11] = 0.5
    with pytest.raises(InvalidInput, match=r"^picture 11 .* in the output of the network"):
        audit_silent(zoo.build(Inverse), images, show=False)


def test_tries_that_end_at_nan_are_counted():
    found = audit_silent(
        zoo.build(zoo.PerImage), zoo.pictures(), layers=["relu"], tries=3, steps=4, show=False
    )
    assert "of these ended at NaN or infinite numbers" in found.search


# -- certificates ------------------------------------------------------------------------------------------------


def unit_box(*shape):
    return Box(
        torch.zeros(1, *shape, dtype=torch.float64), torch.ones(1, *shape, dtype=torch.float64)
    )


@pytest.mark.parametrize(
    "kind", [zoo.Plain, zoo.Residual, zoo.Tokens, zoo.ChannelsLast, zoo.Mixed, zoo.Correlated]
)
def test_bounds_hold_at_corners_and_in_between(kind):
    """Each call's bounds against what it gets on many pictures of [0, 1]^N, corners among them."""
    model = zoo.build(kind)
    clips, _ = relu_bounds(model, unit_box(1, 8, 8))
    generator = torch.Generator().manual_seed(1)
    x = torch.rand(200, 1, 8, 8, generator=generator)
    x = torch.cat([x, (x > 0.5).float(), torch.zeros(1, 1, 8, 8), torch.ones(1, 1, 8, 8)])
    calls = survey(model, x[:1]).calls
    assert [(name, tuple(box.low.shape)) for name, box in clips] == [
        (c.function, c.shape) for c in calls
    ]
    for k, (_, box) in enumerate(clips):
        with torch.no_grad():
            got = silent.reach(model, calls, k, x)
        assert bool((got <= calls[k].by_unit(box.high, 1) + 1e-6).all())
        assert bool((got >= calls[k].by_unit(box.low, 1) - 1e-6).all())


CLIPS = [
    nn.ReLU(), nn.ReLU(inplace=True), nn.ReLU6(), nn.Hardtanh(-0.5, 0.7), nn.Threshold(0, 0), torch.relu_,
    lambda y: y.clamp(0, 1.5), lambda y: torch.clamp(y, min=-1), lambda y: y.clamp_min(0.25), lambda y: torch.clip(input=y, max=0.1),
    lambda y: F.relu6(y, inplace=True), lambda y: F.hardtanh(y, min_val=0, max_val=0.3),
]  # fmt: skip


@pytest.mark.parametrize("clip", CLIPS)
def test_bounds_of_what_clips(clip):
    """The clip of the convolution's own bounds, to rounding; and whatever pictures give lies inside."""

    class Clipped(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = zoo.planted_conv()
            self.clip = clip if isinstance(clip, nn.Module) else nn.Identity()

        def forward(self, x):
            y = self.clip(self.conv(x))
            return y if isinstance(clip, nn.Module) else clip(y)

    model = Clipped().eval()
    bounds = interval_bounds(model, unit_box(1, 8, 8))
    x = torch.rand(300, 1, 8, 8)
    with torch.no_grad():
        y = model(torch.cat([x, x.round()])).double()
    assert bool(((bounds.low <= y) & (y <= bounds.high)).all())
    plain = interval_bounds(nn.Sequential(model.conv), unit_box(1, 8, 8))
    for end, got in ((plain.low, bounds.low), (plain.high, bounds.high)):
        assert torch.allclose(clip(end.clone()), got, rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize("threshold", [nn.Threshold(0, 1), nn.Threshold(1, 5)])
def test_a_threshold_that_is_not_monotone_has_no_rule(threshold):
    with pytest.raises(InvalidInput, match="no rule for threshold"):
        interval_bounds(nn.Sequential(zoo.planted_conv(), threshold).eval(), unit_box(1, 8, 8))


@pytest.mark.parametrize("kind", [zoo.UnusedResult, zoo.InputReadAgain])
def test_an_in_place_call_whose_input_is_read_again_has_no_bound(kind):
    """The traced network would go on with numbers that the real one has overwritten."""
    with pytest.raises(InvalidInput, match="in place on a tensor that is read again"):
        interval_bounds(zoo.build(kind), unit_box(1, 8, 8))


def test_a_network_with_hooks_has_no_bound():
    """Silent parts that an attack has installed are not in the traced network; nothing may be certified there."""
    model, images = zoo.build(zoo.Residual), zoo.pictures()
    made = orthogonal_units(model, "conv1", "relu#1", images)
    with made.installed(model):
        with pytest.raises(InvalidInput, match="has hooks"):
            interval_bounds(model, unit_box(1, 8, 8))
        found = audit_silent(model, images, tries=1, steps=2, show=False)
    assert found.certified == () and "has hooks" in found.uncertified
    assert {u.unit for u in found.silent if u.layer == "conv1"} == set(
        range(7)
    )  # the parts themselves


def test_what_intervals_cannot_see_is_not_driven_and_not_certified():
    found = audit_silent(zoo.build(zoo.Correlated), zoo.pictures(), tries=2, steps=8, show=False)
    unit = found.undecided[0]
    assert (unit.layer, unit.unit, unit.tries) == ("forward#2", 0, 2)
    assert unit.bound > 0 and unit.picture is None and unit.driven == 0
    assert len(found.silent) == 1


def test_a_bound_that_is_too_low_would_be_noticed(monkeypatch):
    """Certificates are taken from the bounds, and nothing else: planted bounds of -1 certify what can be driven."""

    def planted(model, box, calls):
        return [torch.full((call.units,), -1.0) for call in calls], ""

    monkeypatch.setattr(silent, "upper_bounds", planted)
    found = audit_silent(zoo.build(zoo.Plain), zoo.pictures(), show=False)
    assert {
        u.unit for u in found.certified
    } == zoo.SILENT  # so the test of the zoo above would fail


def test_bounds_end_where_the_traced_pass_makes_another_call():
    model = zoo.build(zoo.Plain)
    calls = survey(model, zoo.pictures(1)).calls
    other = ReLUCall("relu", "relu", "hardtanh", (), calls[0].shape, 1)
    assert len(silent.upper_bounds(model, unit_box(1, 8, 8), calls)[0]) == 1
    bounds, why = silent.upper_bounds(model, unit_box(1, 8, 8), [other])
    assert bounds == [] and "makes another call than relu" in why


# -- how much the search finds -------------------------------------------------------------------------------------


def plain_search(model, layer, units, shape, starts=4, steps=128):
    """The oracle: Adam on the maximum of the map before the ReLU, through a sigmoid, from noise; the best step."""
    best = torch.full((len(units),), -float("inf"))
    rows = torch.arange(len(units))
    for start in range(starts):
        torch.manual_seed(100 + start)
        p = torch.randn(1, *shape).repeat(len(units), 1, 1, 1).requires_grad_()
        adam = torch.optim.Adam([p], lr=0.05)
        for _ in range(steps):
            with capture(model, [layer]) as out:
                model(torch.sigmoid(p))
            top = out[layer][rows, units].flatten(1).amax(1)
            best = torch.maximum(best, top.detach())
            adam.zero_grad()
            (-top.sum()).backward(inputs=[p])
            adam.step()
    return best > 0


@pytest.fixture(scope="module")
def lowered(cnn, natural):
    """The digits CNN with conv2's biases lowered below every natural activation, by a factor."""

    def build(factor):
        model = copy.deepcopy(cnn)
        with torch.no_grad(), capture(model, ["features.conv2"]) as out:
            model(natural)
            top = out["features.conv2"].transpose(0, 1).flatten(1).amax(1)
            model.features.conv2.bias -= factor * top.clamp_min(0) + 1e-3
        return model

    return build


@pytest.mark.parametrize("factor", [1.02, 1.15])
def test_the_search_drives_what_a_plain_one_drives(lowered, natural, factor):
    model = lowered(factor)
    units = list(range(model.features.conv2.out_channels))
    plain = plain_search(model, "features.conv2", units, natural.shape[1:])
    expected = {u for u in units if plain[u]}
    found = audit_silent(model, natural, layers=["features.relu2"], tries=4, show=False)
    assert {u.unit for u in found.silent} == set(units)
    driven = {u.unit for u in found.driven}
    assert len(driven & expected) >= 0.95 * len(expected) > 0
    assert len(driven) >= len(expected)
    assert not {u.unit for u in found.certified} & expected


def test_a_search_for_the_mean_of_the_map_would_be_noticed(lowered, natural, monkeypatch):
    """What was looked for before: it misses more than the one unit in twenty that the test above allows."""
    monkeypatch.setattr(silent, "TRIES", (Try("noise", "fourier", "mean"),))
    model = lowered(1.15)
    units = list(range(model.features.conv2.out_channels))
    plain = plain_search(model, "features.conv2", units, natural.shape[1:])
    found = audit_silent(model, natural, layers=["features.relu2"], tries=1, show=False)
    driven = {u.unit for u in found.driven}
    assert len(driven & {u for u in units if plain[u]}) < 0.95 * int(plain.sum())


def test_the_same_seed_finds_the_same_and_one_unit_alone_too(lowered, natural):
    model = lowered(1.02)
    runs = [
        audit_silent(
            model,
            natural[:100],
            layers=["features.relu2"],
            tries=2,
            steps=6,
            batch=batch,
            seed=3,
            show=False,
        )
        for batch in (100, 100, 7)
    ]
    values = [torch.tensor([u.driven for u in run.silent]) for run in runs]
    assert torch.equal(values[0], values[1])
    assert torch.allclose(values[0], values[2], atol=1e-3)
