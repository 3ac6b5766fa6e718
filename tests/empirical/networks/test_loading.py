"""Somebody's network by name: imported as Python would, with weights from a file."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

import sys

from safetensors.torch import save_file

from trompe.empirical.cache import TensorCache
from trompe.empirical.networks.loading import load_model
from trompe.theory import InvalidInput

nn = torch.nn

NET = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 3, 3)
        self.norm = nn.BatchNorm2d(3)
        self.linear = nn.Linear(3, 2)

    def forward(self, x):
        return self.linear(torch.relu(self.norm(self.conv(x))).mean((2, 3)))

def build():
    return Net().eval()
"""


@pytest.fixture(autouse=True)
def _imports_undone():
    """Modules and paths as before, and nothing left on `sys.path` by loading."""
    modules, path = dict(sys.modules), list(sys.path)
    yield
    assert sys.path == path
    for name in sys.modules.keys() - modules.keys():
        if name.startswith(("model_in_", "neighbour", "net", "package")):
            del sys.modules[name]


def write(folder, **files):
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    return folder


def test_load_model(tmp_path):
    good = tmp_path / "net.py"
    good.write_text(
        "import torch\ndef build(): return torch.nn.Linear(2, 2).eval()\ndef bad(): return 3\n"
    )
    assert isinstance(load_model(f"{good}:build"), nn.Linear)
    for spec, words in (
        ("net.py", "expected FILE.py:FUNCTION"), (f"{tmp_path}/no.py:build", "it is not there"),
        (f"{good}:make", "no function 'make'"), (f"{good}:bad", "returns int"),
    ):  # fmt: skip
        with pytest.raises(InvalidInput, match=words):
            load_model(spec)
    good.write_text(
        "import torch\ndef build(): return torch.nn.Linear(2, 2, device='meta').eval()\n"
    )
    with pytest.raises(InvalidInput, match="holds no data"):
        load_model(f"{good}:build")
    good.write_text("def build(): raise SystemExit(0)\n")
    with pytest.raises(InvalidInput, match="fails with SystemExit"):
        load_model(f"{good}:build")
    good.write_text("1/0")
    with pytest.raises(InvalidInput, match="ZeroDivisionError"):
        load_model(f"{good}:build")


def test_pickled_weights_are_not_run(tmp_path):
    """What a pickle would do on loading does not happen: not in our cache, and not through torch.load's default."""
    import pickle

    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    with open(tmp_path / "plain", "wb") as file:
        pickle.dump(Evil(), file)
    with open(tmp_path / "plain", "rb") as file:
        pickle.load(file).close()
    assert (tmp_path / "ran").exists()  # the pickle does bite
    (tmp_path / "ran").unlink()
    cache = TensorCache(tmp_path)
    cache.path("kind", {}).write_bytes((tmp_path / "plain").read_bytes())
    with pytest.warns(UserWarning, match="is damaged"):
        assert cache.load("kind", {}) is None
    (tmp_path / "net.py").write_text(
        f"import torch\ndef build(): return torch.load({str(tmp_path / 'weights')!r})\n"
    )
    torch.save(Evil(), tmp_path / "weights")
    with pytest.raises(InvalidInput, match="Weights only load failed"):
        load_model(f"{tmp_path / 'net.py'}:build")
    assert not (tmp_path / "ran").exists()


# -- as an import would ------------------------------------------------------------------------------


def test_a_file_finds_its_neighbours_also_when_its_function_runs(tmp_path):
    write(
        tmp_path,
        neighbour="from torch import nn\ndef make(): return nn.Linear(2, 2).eval()\n",
        neighbour_late="WIDTH = 3\n",
        model="import neighbour\ndef build():\n    from neighbour_late import WIDTH\n    return neighbour.make()\n",
    )
    assert isinstance(load_model(f"{tmp_path}/model.py:build"), nn.Linear)


def test_a_file_may_have_dataclasses_with_postponed_annotations(tmp_path):
    write(
        tmp_path,
        model="from __future__ import annotations\nfrom dataclasses import KW_ONLY, dataclass\nfrom torch import nn\n"
        "@dataclass\nclass Config:\n    _: KW_ONLY\n    width: int = 3\n"
        "def build(): return nn.Linear(2, Config().width).eval()\n",
    )
    assert load_model(f"{tmp_path}/model.py:build").out_features == 3


def test_a_file_may_pickle_its_own_classes(tmp_path):
    own = "import copy, pickle\ndef again(): return pickle.loads(pickle.dumps(build()))\n"
    write(tmp_path, net=NET + own, **{"net-2.b": NET + own})
    for stem in ("net", "net-2.b"):
        assert type(load_model(f"{tmp_path}/{stem}.py:again")).__name__ == "Net"
    kept = "def kept(): return torch.load('whole.pt', weights_only=False)\n"
    write(tmp_path, net=NET + kept.replace("whole.pt", str(tmp_path / "whole.pt")))
    sys.path.insert(0, str(tmp_path))
    try:
        import net

        torch.save(net.build(), tmp_path / "whole.pt")
        del sys.modules["net"]
    finally:
        sys.path.remove(str(tmp_path))
    assert type(load_model(f"{tmp_path}/net.py:kept")).__name__ == "Net"


def test_a_file_replaces_no_module_of_its_name(tmp_path):
    import json

    load_model(f"{write(tmp_path, json=NET)}/json.py:build")
    assert sys.modules["json"] is json
    write(tmp_path, broken="x = 1\n1/0\n")
    with pytest.raises(InvalidInput, match="ZeroDivisionError"):
        load_model(f"{tmp_path}/broken.py:build")
    assert "model_in_broken" not in sys.modules


def test_a_module_is_imported(tmp_path, monkeypatch):
    (tmp_path / "package").mkdir()
    write(
        tmp_path / "package",
        __init__="", nets=NET + "ready = build()\ndef raw(): return Net()\n", bad="import absent_thing\n", worse="1/0",
    )  # fmt: skip
    monkeypatch.chdir(tmp_path)
    said = []
    assert type(load_model("package.nets:build", say=said.append)).__name__ == "Net"
    assert type(load_model("package.nets:ready")).__name__ == "Net" and not said
    assert not load_model("package.nets:raw", say=said.append).training
    assert said == ["raw() returns a network in training mode; it was put into eval mode."]
    assert isinstance(load_model("torch.nn:Identity"), nn.Identity)
    for spec, words in (
        ("package.absent:build", "no module 'package.absent' is installed; expected FILE.py:FUNCTION or MODULE"),
        ("no_such_package.nets:build", "no module 'no_such_package' is installed"),
        ("package.bad:build", "module package.bad fails with No module named 'absent_thing'"),
        ("package.worse:build", "module package.worse fails with ZeroDivisionError"),
        ("package.nets:biuld", r"package.nets has no function 'biuld'; did you mean build\?"),
    ):  # fmt: skip
        with pytest.raises(InvalidInput, match=words):
            load_model(spec)


# -- what the function returns -----------------------------------------------------------------------


def returning(folder, line):
    write(folder, net=f"{NET}def other():\n    {line}\n")
    return f"{folder}/net.py:other"


IMAGES = torch.rand(3, 1, 8, 8, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("kind", ["half", "bfloat16"])
def test_half_precision_is_computed_in_float32_with_the_same_weights(tmp_path, kind):
    said = []
    model = load_model(returning(tmp_path, f"return build().{kind}()"), say=said.append)
    assert model(IMAGES).dtype == torch.float32
    for value in model.parameters():
        assert torch.equal(getattr(value, kind)().float(), value)
    assert len(said) == 1 and f"Its weights are {'float16' if kind == 'half' else kind};" in said[0]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_compiled_and_parallel_networks_are_taken_out_of_their_wrappers(tmp_path):
    """Nothing is compiled by this; layers have the names that the user gave them."""
    torch.manual_seed(0)
    for line in (
        "return torch.compile(build())",
        "net = build(); net.compile(); return net",
        "net = build(); net.linear = torch.compile(net.linear); return net",
        "return nn.DataParallel(torch.compile(build()))",
    ):
        model = load_model(returning(tmp_path, line))
        assert [n for n, _ in model.named_children()] == ["conv", "norm", "linear"], line
        assert all(m._compiled_call_impl is None for m in model.modules())
        assert "OptimizedModule" not in {type(m).__name__ for m in model.modules()}
        assert model(IMAGES).shape == (3, 2)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("return torch.jit.script(build())", r"model: the network is scripted or traced \(torch\.jit\).*return the nn\.Module"),
        ("return torch.jit.trace(build(), torch.rand(1, 1, 8, 8))", "scripted or traced"),
        ("net = build(); net.linear = torch.jit.script(net.linear); return net", "model: linear is scripted"),
        ("return build().double()", r"conv\.weight is float64, .* return model\.float\(\)"),
        ("net = build(); net.linear.double(); return net", r"linear\.weight is float64"),
        ("return build(), 224", "returns tuple of Net, int; expected a torch.nn.Module, so return the network alone"),
        ("return build().state_dict()", "returns OrderedDict of Tensor, Tensor, Tensor, ...; expected"),
        ("return build().forward", "returns method; expected"),
        ("return None", "returns NoneType; expected"),
        ("return build().to('meta')", "holds no data .device meta.; load its weights in FUNCTION, or name"),
        ("return nn.Sequential(nn.Flatten(), nn.LazyLinear(2)).eval()", "has no shape yet .a lazy layer.; call"),
        ("return torch.load('absent.pt')", "fails with FileNotFoundError"),
        ("return Net(3)", "fails with TypeError"),
    ],
)  # fmt: skip
def test_what_cannot_be_looked_into_is_one_line(tmp_path, line, words):
    with pytest.raises(InvalidInput, match=words) as error:
        load_model(returning(tmp_path, line))
    assert "\n" not in str(error.value)


# -- weights -----------------------------------------------------------------------------------------


@pytest.fixture
def net(tmp_path):
    return f"{write(tmp_path, net=NET)}/net.py:build"


@pytest.fixture
def trained(net):
    torch.manual_seed(1)
    model = load_model(net)
    for parameter in model.parameters():
        nn.init.normal_(parameter)
    return model.state_dict()


def same(model, state):
    found = model.state_dict()
    return found.keys() == state.keys() and all(torch.equal(found[k], state[k]) for k in state)


def test_weights_are_read_from_every_kind_of_file(net, trained, tmp_path):
    assert not same(load_model(net), trained)
    torch.save(trained, tmp_path / "w.pt")
    torch.save(
        {"epoch": 3, "state_dict": {f"module.{k}": v for k, v in trained.items()}},
        tmp_path / "w.pth",
    )
    save_file(trained, tmp_path / "w.safetensors")
    torch.save({k: v for k, v in trained.items() if "tracked" not in k}, tmp_path / "old.pt")
    for name in ("w.pt", "w.pth", "w.safetensors", "old.pt"):
        said = []
        assert same(load_model(net, weights=tmp_path / name, say=said.append), trained), name
        assert said == (
            ["The weights are those under 'state_dict' in w.pth."] if name == "w.pth" else []
        )


def test_weights_fill_a_network_without_data(net, trained, tmp_path):
    write(tmp_path, net=NET + "def empty():\n    with torch.device('meta'): return build()\n")
    torch.save(trained, tmp_path / "w.pt")
    assert same(load_model(net.replace("build", "empty"), weights=tmp_path / "w.pt"), trained)
    with pytest.raises(InvalidInput, match=r"holds no data .*--weights"):
        load_model(net.replace("build", "empty"))


def test_weights_are_not_rounded_to_a_network_in_half_precision(net, trained, tmp_path):
    write(tmp_path, net=NET + "def small(): return build().half()\n")
    torch.save(trained, tmp_path / "w.pt")
    assert same(load_model(net.replace("build", "small"), weights=tmp_path / "w.pt"), trained)
    halves = {k: v.half() if v.is_floating_point() else v for k, v in trained.items()}
    assert not all(torch.equal(halves[k].float(), trained[k]) for k in ("conv.weight",))
    save_file(halves, tmp_path / "w.safetensors")
    found = load_model(net, weights=tmp_path / "w.safetensors").state_dict()
    assert all(torch.equal(found[k], halves[k].to(found[k].dtype)) for k in halves)
    write(tmp_path, net=NET + "def bare():\n    with torch.device('meta'): return build()\n")
    said = []
    model = load_model(
        net.replace("build", "bare"), weights=tmp_path / "w.safetensors", say=said.append
    )
    assert model(IMAGES).dtype == torch.float32 and "float16" in said[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: s.pop("linear.bias"), r"1 missing \(linear\.bias\); expected the state dict"),
        (lambda s: s.update(fc=s["linear.bias"]), r"1 unexpected \(fc\)"),
        (lambda s: s.update({"linear.bias": torch.zeros(3)}), r"1 of another shape \(linear\.bias \(3,\), expected \(2,\)\)"),
        (lambda s: s.update({"linear.bias": s["linear.bias"].double()}), "linear.bias is float64 and would be rounded to float32"),
        (lambda s: s.update({"linear.bias": 3}), "linear.bias is 3, expected a tensor"),
        (lambda s: [s.pop(k) for k in [*s][:4]], r"4 missing \(conv\.weight, conv\.bias, norm\.weight, \.\.\.\)"),
        (lambda s: s.clear(), "holds {}; expected a state dict"),
    ],
)  # fmt: skip
def test_weights_that_do_not_fit_are_one_line(net, trained, tmp_path, change, words):
    state = dict(trained)
    change(state)
    torch.save(state, tmp_path / "w.pt")
    with pytest.raises(InvalidInput, match=words) as error:
        load_model(net, weights=tmp_path / "w.pt")
    assert "\n" not in str(error.value)


def test_a_lazy_network_is_refused_before_its_weights_are_compared(trained, tmp_path):
    torch.save(trained, tmp_path / "w.pt")
    spec = returning(tmp_path, "return nn.Sequential(nn.Flatten(), nn.LazyLinear(2)).eval()")
    with pytest.raises(InvalidInput, match="has no shape yet"):
        load_model(spec, weights=tmp_path / "w.pt")


def test_files_that_hold_no_weights_are_one_line(net, tmp_path):
    torch.save([1, 2], tmp_path / "list.pt")
    torch.save(load_model(net), tmp_path / "whole.pt")
    for name in ("junk.pt", "junk.safetensors", "empty.pt"):
        (tmp_path / name).write_bytes(b"" if name == "empty.pt" else b"no weights at all" * 9)
    for name, words in (
        ("none.pt", "it is not there"), (".", "no regular file"), ("list.pt", "expected a state dict"),
        ("whole.pt", "not read without running code"), ("junk.pt", "not read without running code"),
        ("junk.safetensors", "not read"), ("empty.pt", "not read"),
    ):  # fmt: skip
        with pytest.raises(InvalidInput, match=words) as error:
            load_model(net, weights=tmp_path / name)
        assert "\n" not in str(error.value)


def test_a_pickle_among_the_weights_is_not_run(net, tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    torch.save({"linear.bias": Evil()}, tmp_path / "w.pt")
    torch.load(tmp_path / "w.pt", weights_only=False)["linear.bias"].close()
    assert (tmp_path / "ran").exists()  # it does bite
    (tmp_path / "ran").unlink()
    with pytest.raises(InvalidInput, match="not read without running code"):
        load_model(net, weights=tmp_path / "w.pt")
    assert not (tmp_path / "ran").exists()
