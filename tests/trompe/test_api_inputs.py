"""Every public function and method, each argument replaced in turn by values that it is not about.

The answer is a result, or one line of a TrompeError. Listed by hand are valid arguments, and what is left out, each list
with its reason (RECORDS, SENTENCES, REFUSED, CALLBACKS, FORMULAS). A public name without an entry, an entry without one of
its parameters, and an entry that is about no public name are failures.
"""

from __future__ import annotations

import importlib.util
import inspect
import itertools
import signal
import types
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import pytest

import trompe
from trompe.ground.errors import spelled
from trompe.theory import ROWS

pytestmark = pytest.mark.once

HAS_TORCH = importlib.util.find_spec("torch") is not None
MODULES = (
    "trompe", "trompe.theory", "trompe.constructions", "trompe.proofs", "trompe.strategies",
    *["trompe.empirical"] * HAS_TORCH,
)  # fmt: skip
SECONDS = 180.0
"""What hangs takes longer on any machine, also on one that does other work."""


class Hostile:
    """Whatever is asked of it, it raises."""

    def __str__(self):
        raise RuntimeError("no\ntext")

    __repr__ = __iter__ = __len__ = __float__ = __index__ = __hash__ = __bool__ = __str__

    def __eq__(self, other):
        raise RuntimeError("not comparable")


class Endless:
    """A list, it says, of 2 items, which never ends."""

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return 0


WRONG: dict[str, Any] = {
    "None": lambda: None,
    "an object": object,
    "a class": lambda: dict,
    "a function": lambda: lambda *args: args,
    "no text": lambda: "",
    "a long text": lambda: "x" * 100_000,
    "lines": lambda: "no\nsuch\nkey",
    "bytes": lambda: b"convex",
    "NaN": lambda: float("nan"),
    "infinity": lambda: float("inf"),
    "-1": lambda: -1,
    "0": lambda: 0,
    "10**400": lambda: 10**400,
    "10**5000": lambda: 10**5000,
    "3/2": lambda: 1.5,
    "True": lambda: True,
    "complex": lambda: 1j,
    "nested lists": lambda: [[0, [1]], [[[]]]],
    "a ragged list": lambda: [[0, 1], [1]],
    "a list of objects": lambda: [object(), None],
    "a dict": lambda: {"a": 1},
    "a set": lambda: {0, 1},
    "a generator": lambda: (i for i in (0, "x")),
    "without end": lambda: itertools.repeat(0),
    "a list without end": Endless,
    "a masked array": lambda: np.ma.masked_array([0.5, 0.5], [True, False]),
    "dates": lambda: np.array(["2024-01-01", "2024-01-02"], dtype="datetime64[D]"),
    "an array of objects": lambda: np.array([object(), {}], dtype=object),
    "complex numbers": lambda: np.array([0.5j, 1]),
    "an array without axes": lambda: np.array(7),
    "an array of three axes": lambda: np.zeros((1, 2, 2)),
    "hostile": Hostile,
    "hostile ones": lambda: [Hostile(), Hostile()],
}

if HAS_TORCH:

    def tensor(*values: Any, **more: Any) -> Any:
        import torch

        return lambda: torch.tensor(list(values), **more)

    WRONG |= {
        "an empty tensor": tensor(),
        "a tensor of integers": tensor(0, 3),
        "a tensor of truth values": tensor(True, False),
        "a complex tensor": tensor(0.5j, 1),
        "a tensor without data": tensor(0.5, 0.5, device="meta"),
    }

V = trompe.Visualization((0, 0), (1, 1), 0, 1)
X = (Fraction(1, 2), Fraction(1, 4))
NO = None


@cache
def pair() -> Any:
    return trompe.triple(trompe.function_class("convex"), V, X).pair()


@cache
def witness() -> Any:
    return trompe.witness_of(pair(), trompe.Exact())


@cache
def table() -> Any:
    return trompe.verify_table(rows=["constant"], solvers=["z3"], jobs=1, dims=[1])


def decode(v: Any, x: Any) -> Any:
    return v.mid


def fields(item: Any) -> dict[str, Any]:
    return {name: getattr(item, name) for name in item.__dataclass_fields__}


def asked(**more: Any) -> dict[str, Any]:
    return {"function_class": "convex", "visualization": V, "x": X, **more}


ARGUMENTS: dict[str, Any] = {
    "bound": lambda: asked(exemplars=(), eps="1/4", progress=NO, limits=(-1, 2), tolerance=NO, noise="1/8"),
    "bounds": lambda: {
        "function_class": "convex", "visualization": V, "xs": [X], "exemplars": (), "eps": "1/4", "progress": NO,
        "limits": NO, "tolerance": "1/4", "noise": NO,
    },
    "budget": lambda: {"constant": 3, "range": 1, "dim": 2, "metric": "l1", "task": "side", "eps": "1/4"},
    "check_witness": lambda: {"witness": witness(), "solvers": ["z3"]},
    "example": lambda: {"row": "convex", "dim": 2},
    "function_class": lambda: {
        "key": "lipschitz", "constant": 2, "metric": "l1", "data": NO, "link": NO, "slope": NO, "other": NO
    },
    "pair_networks": lambda: {"pair": pair()},
    "refute": lambda: {
        "decoder": decode, "function_class": "convex", "task": "exact", "dim": 2, "visualization": V, "query": X, "eps": NO,
        "numbers": "float", "repeats": 1, "members": 1, "seed": NO, "time_limit": NO, "level": "extremes", "shortfall": NO,
    },
    "theorem": lambda: {"key": "convex/side"},
    "triple": lambda: {"cls": "convex", "v": V, "x": X},
    "verify_keys": lambda: {
        "keys": "exact/fools", "solvers": "z3", "jobs": 1, "progress": NO, "constructions": NO
    },
    "verify_table": lambda: {
        "rows": "constant", "dims": [1], "solvers": "z3", "jobs": 1, "progress": NO, "theorems": NO, "extended": False, "levels": "extremes", "constructions": NO
    },
    "witness_of": lambda: {"pair": pair(), "task": "exact", "level": "extremes"},
    "Approx": lambda: {"eps": "1/4"},
    "Dataset": lambda: {"inputs": [X], "labels": ["1/2"]},
    "Dataset.reduced": lambda: {"inputs": [X], "labels": ["1/2"]},
    "EmpiricalRiskMinimizer": lambda: {"data": trompe.Dataset()},
    "FoolingPair": lambda: fields(pair()),
    "Interval": lambda: {"lower": 0, "upper": 1},
    "LinkedPair": lambda: fields(linked_pair()),
    "LinkedTriple": lambda: fields(linked_pair().triple),
    "Lipschitz": lambda: {"constant": 1, "metric": "l1"},
    "Network": lambda: fields(network()),
    "Layer": lambda: fields(network().layers[0]),
    "Neuron": lambda: {"link": "leaky-relu", "slope": "1/4"},
    "Neuron1d": lambda: {"link": "leaky-relu", "slope": "1/4"},
    "Triple": lambda: fields(pair().triple),
    "Visualization": lambda: {"argmin": (0, 0), "argmax": (1, 1), "minimum": 0, "maximum": 1},
    "Witness": lambda: fields(witness()),
    "as_eps": lambda: {"value": "1/4"},
    "as_eta": lambda: {"value": "1/4"},
    "as_number": lambda: {"value": "1/4", "what": "number"},
    "as_point": lambda: {"values": X, "what": "point", "dim": 2},
    "corner_reflection": lambda: {"b": (Fraction(0), Fraction(1))},
    "link": lambda: {"key": "leaky-relu", "slope": "1/4"},
    "row_class": lambda: {"key": "convex"},
    "show": lambda: {"point": X},
    "task": lambda: {"key": "side"},
    "affine_1d": lambda: {"v": trompe.Visualization((0,), (1,), 0, 1), "x": (Fraction(1, 2),)},
    "centre": lambda: {"cls": "convex", "v": V, "x": X},
    "compile_network": lambda: {"function": lambda z, xp: xp.max(z), "dim": 2},
    "constant_value": lambda: {"v": trompe.Visualization((0, 0), (1, 1), 1, 1), "x": X},
    "construction": lambda: {"row": "convex"},
    "exact_decoder": lambda: {"cls": "constant"},
    "exemplar_triple": lambda: {"cls": "convex", "v": V, "x": X, "exemplars": ()},
    "midrange": lambda: {"v": V, "x": X},
    "neuron_1d": lambda: {
        "cls": trompe.function_class("neuron-1d"), "v": trompe.Visualization((0,), (1,), "1/4", "3/4"), "x": (Fraction(1, 2),)
    },
    "side_of": lambda: {"prediction": 0, "v": V},
    "assumed_by": lambda: {"key": "convex/side"},
    "case": lambda: {"key": "convex/side"},
    "check_obligation": lambda: {
        "item": importlib.import_module("trompe.proofs").registered(["exact/fools"], [1])[0],
        "solvers": "z3", "constructions": NO,
    },
    "earned_label": lambda: {"key": "convex/side", "proved": {}, "inherited": NO},
    "registered": lambda: {"keys": "exact/fools", "dims": [1]},
    "solve": lambda: {"name": "z3", "text": "(set-logic QF_LRA)(check-sat)", "divisor": 1},
    "solver_version": lambda: {"name": "z3"},
    "decoders": lambda: {"question": "exact"},
    "fooling_pairs": lambda: {"function_class": "convex", "dim": 2},
    "members": lambda: {"function_class": "convex", "dim": 2},
    "networks": lambda: {"dim": 2, "max_depth": 1, "max_width": 2},
    "queries": lambda: {"cls": "convex", "v": V},
    "questions": lambda: {"key": "convex/side/argmax", "dim": 2},
    "triples": lambda: {"function_class": "convex", "dim": 2},
    "visualizations": lambda: {"function_class": "convex", "dim": 2},
}  # fmt: skip
"""Valid arguments of every public function and class, all of them by name."""


def tensors(*names: str, **more: Any) -> Any:
    """Images for the names, and more."""
    import torch

    return lambda: (
        {name: torch.full((4, 1, 4, 4), 0.25) for name in names}
        | {key: value() if callable(value) else value for key, value in more.items()}
    )


@cache
def model(units: int = 3) -> Any:
    from collections import OrderedDict

    from torch import nn

    found = nn.Sequential(
        OrderedDict(
            conv=nn.Conv2d(1, 2, 3, padding=1),
            relu=nn.ReLU(),
            flat=nn.Flatten(),
            last=nn.Linear(32, units),
        )
    )
    return found.eval()


@cache
def shown_units() -> Any:
    from trompe.empirical import visualize

    return visualize(model(), "", (0,), shape=(1, 4, 4), steps=1, seeds=(0,), show=False)


def detector() -> Any:
    return model(1)


@cache
def digits(classes: int = 2) -> Any:
    """Six images of two classes, or of one, which no experiment takes."""
    from trompe.empirical.inputs.data import ImageData, Split

    pixels = np.arange(96, dtype=np.uint8).reshape(6, 1, 4, 4) % 17
    labels = np.array([0, 1, 0, 1, 0, 1]) % classes
    train, test = Split(pixels[:4], labels[:4], 16), Split(pixels[4:], labels[4:], 16)
    return ImageData("six", train, test, ("a", "b")[:classes])


@cache
def erm() -> Any:
    from trompe.empirical import erm_pair

    dark, light = np.zeros((1, 4, 4), np.uint8), np.full((1, 4, 4), 16, np.uint8)
    return erm_pair(digits(), dark, light, show=False)


def labels() -> Any:
    import torch

    return torch.tensor([0, 1, 0, 1])


def bent() -> dict[str, Any]:
    """What an attack that shows pictures is given."""
    import torch

    given = tensors("images", model=model, units=(0,))()
    return given | {"targets": torch.zeros(1, 1, 4, 4)}


def pixel() -> Any:
    from trompe.empirical import Pixel

    return Pixel()


def of_torch() -> dict[str, Any]:
    from trompe.empirical import box_around
    from trompe.empirical.maximization.ascent import Settings

    one, shape = (0,), (1, 4, 4)
    looked = {"seeds": (0,), "steps": 1, "batch": 2, "show": False}
    trained = {"seed": 0, "steps": 1, "batch": 2, "rate": 0.01, "show": False}
    return {
        "accentuate": lambda: {
            "model": model(), "units": one, "start": tensors("x")()["x"][:1], "layer": "relu", "strength": 1.0, "seeds": (0,),
            "steps": 1, "rate": 0.1, "redirect": False, "show": False, "batch": 2,
        },
        "run_arena": lambda: {
            "data": digits(1), "output": "no", "networks": 5, "references": 2, "attacks": (), "methods": (), "checks": (),
            "quick": False, "model": NO, "units": (), "photos": NO, "plugins": (), "cache": NO, "jobs": 1, "force": False,
            "show": False, "done": NO,
        },
        "audit_compare": tensors(
            "images", a=model, b=model, labels=labels, layers=["relu"], units=[0], unit_axis=1, tolerance=0.001,
            redirect=False, **looked
        ),
        "audit_conclusions": tensors(
            "images", model=model, shown=shown_units, norms=["l2"], eps="1/4", exemplars=[0, 1], starts=1, steps=1,
            programs=1, batch=2, show=False,
        ),
        "audit_paths": tensors(
            "images", model=model, layers=["relu"], labels=labels, units=(), measure="spearman",
            groups=[0, 1, 2, 3], **looked
        ),
        "audit_silent": tensors(
            "images", model=model, layers=["relu"], unit_axis=1, units=[0], tries=1, steps=1, batch=2, seed=0,
            show=False,
        ),
        "box_around": tensors("images", radius=0.1),
        "certified_k": tensors(modules=lambda: [model()], shape=shape),
        "certify_natural": tensors("images", detector=detector, radius=0.1),
        "certify_shown": tensors("images", detector=detector, radius=0.1),
        "classifier": tensors(
            network="cnn", data=digits, seed=0, device="cpu", cache=stored, show=False
        ),
        "correlations": lambda: {"x": rows(), "y": rows(), "measure": "pearson"},
        "erm_pair": tensors(
            data=digits, argmin=lambda: np.zeros((1, 4, 4), np.uint8),
            argmax=lambda: np.full((1, 4, 4), 16, np.uint8), eta="1/10", device="cpu", show=False,
        ),
        "fool": tensors("images", model=model, units=(0,), targets=NO, seed=0, steps=1, show=False),
        "identical": lambda: {"a": rows(), "b": rows()},
        "interval_bounds": lambda: {
            "model": model(), "box": box_around(tensors("x")()["x"], 0.1), "layer": "relu"
        },
        "is_flagged": tensors("images", detector=detector),
        "imagenet_accuracy": tensors(model=squeezenet),
        "imagenet_classes": dict,
        "imagenet_network": dict,
        "load_data": lambda: {"name": "digits", "resize": (), "crop": (), "groups": NO},
        "load_photographs": lambda: {
            "folder": photos(), "packages": NO, "seed": 0, "crops": 1, "most": NO, "cache": photos() / "cache",
            "show": False,
        },
        "maximize": tensors(
            model=model, units=one, shape=shape, parametrization=pixel, objective=NO, transforms=False,
            seeds=(0,), steps=1, rate=0.1, keep=(), redirect=False, start=NO, penalty=NO, device="cpu", show=False, batch=2,
            precision="bfloat16",
        ),
        "mean_spectrum": tensors("images"),
        "open_images": lambda: {"name": "digits", "device": "cpu", "resize": (), "crop": ()},
        "orthogonal_units": tensors(
            "images", model=model, conv="conv", relu="relu", ratio=4.0, factor=100.0, slack=1.15, batch=2,
            show=False,
        ),
        "path_similarity": tensors(
            "natural", model=model, layers=["relu"], labels=labels, probes={}, measure="pearson", batch=2,
            show=False, errors=False, groups=[0, 1, 2, 3],
        ),
        "pgd_difference": tensors(
            "images", circuit=model, reference=model, detector=detector, radius=0.1, steps=1, seed=0
        ),
        "picture_units": bent,
        "prototypes": tensors(
            model=model, units=one, shape=shape, seeds=(0,), steps=1, rate=0.1, strength=1.0, redirect=False, device="cpu",
            show=False, batch=2,
        ),
        "proxpulse": lambda: bent() | {"radius": 0.1, "keep": 0.5} | trained,
        "slingshot": lambda: bent() | {"keep": 0.5} | trained,
        "reproduce": tensors(
            experiment="erm-witness", data=lambda: digits(1), device="cpu", seed=0, output="no", target=NO,
            cache=NO, threads=1, force=False, show=False, done=NO, model=NO, units=(), names=(), layers=(), photos=NO,
        ),
        "train_bounded_detector": tensors(
            "natural", "synthetic", radius=0.01, widths=(2,), shown=0.25, **trained
        ),
        "train_detector": tensors("natural", "synthetic", detector=detector, margin=1.0, **trained),
        "trajectories": tensors(
            model=model, units=one, shape=shape, settings=lambda: [Settings(pixel(), False)], seeds=(0,),
            steps=1, keep=(0,), device="cpu", batch=2, show=False,
        ),
        "visualize": tensors(
            "images", model=model, layer="relu", units=one, shape=NO, objective="channel", unit_axis=1,
            parametrization="fourier", transforms=True, redirect=False, seeds=(0,), steps=1, rate=0.1, batch=2, output=NO,
            jobs=1, show=False,
        ),
        "FoolingCircuit": tensors(
            network=model, other=model, detector=detector, bound=1.0, two_sided=True, ramp=True, units=(0,)
        ),
        "Maco": lambda: {"magnitude": rows().view(1, 2, 3), "mean": rows()[0]},
        "Objective": lambda: {
            "layer": "", "kind": "logit", "unit_axis": 1, "sums": [[0, 1]], "directions": NO, "negative": False
        },
        "RedirectedReLU": lambda: {"unit_axis": 1},
        "PictureUnit": lambda: {"target": rows(), "units": 1, "paper": False, "top": 0.0, "slope": 1.0},
    }  # fmt: skip


@cache
def squeezenet() -> Any:
    from trompe.empirical.imagenet.network import SqueezeNet

    return SqueezeNet()


@cache
def photos() -> Any:
    """A folder of three photographs."""
    from pathlib import Path
    from tempfile import mkdtemp

    from PIL import Image

    folder = Path(mkdtemp())
    for seed in range(3):
        coarse = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((220, 220), resample=3).save(folder / f"{seed}.png")
    return folder


@cache
def photographs() -> Any:
    return empirical().load_photographs(photos(), crops=1, cache=photos() / "cache", show=False)


def rows() -> Any:
    import torch

    return torch.arange(6.0).view(2, 3)


@cache
def stored() -> Any:
    from tempfile import mkdtemp

    from trompe.empirical.cache import TensorCache

    return TensorCache(mkdtemp())


ARGUMENTS |= of_torch() if HAS_TORCH else {}


@cache
def network() -> Any:
    return trompe.pair_networks(pair())[0]


@cache
def linked_pair() -> Any:
    return trompe.triple(*trompe.example("neuron")).pair()


def of_class(key: str) -> dict[str, tuple[Any, Any]]:
    cls, v, x = trompe.example(key, ROWS[key].max_dim or 2)
    given: dict[str, Any] = {
        "bound": {"y": x, "z": x},
        "check_dim": {"dim": v.dim},
        "check_query": {"v": v, "x": x},
        "check_shown": {"v": v},
        "check_visualization": {"v": v},
        "envelope": {"v": v, "x": x},
        "named": {"width": 5},
        "sharp_row": {"setting": NO},
        "shown_value": {"v": v, "x": x},
        "between": {"v": v, "share": Fraction(1, 2)},
        "coordinates": {"v": v, "x": x},
        "distance": {"y": x, "z": x},
        "gauge": {"v": v, "x": x},
    }
    return {
        name: (lambda: cls, lambda values=values: values)
        for name, values in given.items()
        if hasattr(cls, name)
    }


def of_task(key: str) -> dict[str, tuple[Any, Any]]:
    task, fibre = trompe.TASKS[key](), trompe.Interval(Fraction(0), Fraction(1))
    answer = "min" if key == "side" else Fraction(1, 2)
    judged = {"answer": answer, "truth": Fraction(1, 2), "v": V}
    given = {
        "right": judged,
        "error": judged,
        "decidable": {"fibre": fibre, "v": V},
        "eta": {"fibre": fibre, "v": V},
        "margin": {"fibre": fibre, "v": V, "of_upper": None},
        "largest_eta": {"fibre": fibre, "strict": Fraction(1, 3), "v": V},
        "refuted": {"margin": task.margin(fibre, V)},
    }
    return {name: (lambda: task, lambda values=values: values) for name, values in given.items()}


def empirical() -> Any:
    return importlib.import_module("trompe.empirical")


def parametrization(name: str) -> Any:
    import torch

    given = (torch.ones(1, 2, 2), torch.ones(1)) if name == "Maco" else ()
    return getattr(empirical(), name)(*given)


def silent() -> Any:
    return empirical().orthogonal_units(**of_torch()["orthogonal_units"]())


METHODS: dict[str, dict[str, tuple[Any, Any]]] = {
    "Bound": {"__getitem__": (lambda: trompe.bound(**asked()), lambda: {"task": "side"})},
    "Bounds": {"__getitem__": (lambda: trompe.bound(**asked(x=[X])), lambda: {"i": 0})},
    "Dataset": {"label_of": (lambda: trompe.Dataset([X], [1]), lambda: {"x": X})},
    "FoolingPair": {
        **{name: (pair, lambda: {"z": X}) for name in ("f", "g", "both")},
        "defeats": (pair, lambda: {"task": "exact"}),
        "v_of": (pair, lambda: {"name": "f"}),
    },
    "Witness": {"v_of": (witness, lambda: {"name": "f"})},
    "LinkedPair": {
        **{name: (linked_pair, lambda: {"z": X}) for name in ("f", "g", "both")},
        "defeats": (linked_pair, lambda: {"task": "exact"}),
        "v_of": (linked_pair, lambda: {"name": "g"}),
    },
    "Interval": {
        "__contains__": (lambda: trompe.Interval(0, 1), lambda: {"value": Fraction(1, 2)}),
        "radius": (lambda: trompe.Interval(0, 1), lambda: {"v": V}),
    },
    "Link": {"has": (trompe.theory.LINKS["tanh"], lambda: {"value": Fraction(1, 2)})},
    "Network": {
        "__call__": (network, lambda: {"z": X}),
        "to_torch": (network, lambda: {"dtype": NO}),
    },
    "Table": {
        "__getitem__": (table, lambda: {"key": "constant/side"}),
        "line": (table, lambda: {"row": "constant", "at": "extremes"}),
    },
    "Triple": {
        **{
            name: (lambda: pair().triple, lambda: {"z": X}) for name in ("upper", "lower", "strict")
        },
        "pair": (lambda: pair().triple, lambda: {"eta": "1/4"}),
        **{
            name: (lambda: pair().triple, lambda: {"task": "exact"})
            for name in ("pair_for", "weight")
        },
    },
    **{kind.__name__: of_class(key) for key, kind in ROWS.items()},
    **{kind.__name__: of_task(key) for key, kind in trompe.TASKS.items()},
}
METHODS |= {
    "ErmPair": {
        "by_constructions": (erm, lambda: {"test": 0}),
        "evaluate": (
            erm,
            lambda: {"points": erm().sites[:2], "device": "cpu", "chunk": 2, "show": False},
        ),
        "values": (erm, lambda: {"sign": 1}),
        "torch_network": (erm, lambda: {"sign": 1}),
    },
    **{
        name: {
            "initial": (
                lambda name=name: parametrization(name),
                lambda: {"shape": (1, 2, 3), "seed": 0},
            )
        }
        for name in ("Fourier", "Maco", "Pixel")
    },
    "Photographs": {
        "indices": (photographs, lambda: {"part": "test", "each": 1}),
        "save_manifest": (photographs, lambda: {"path": "manifest.json"}),
        "tensor": (photographs, lambda: {"indices": [0], "device": "cpu"}),
    },
    "Objective": {
        "value": (
            lambda: empirical().Objective(),
            lambda: {"output": rows(), "units": labels()[:2], "axis": 1},
        ),
        "each": (
            lambda: empirical().Objective(),
            lambda: {"output": rows(), "units": [0, 1], "axis": 1},
        ),
        "axis": (lambda: empirical().Objective(), lambda: {"output": rows(), "known": 1}),
        "check_unit": (lambda: empirical().Objective(), lambda: {"unit": 0, "count": 2}),
        "enclosure": (
            lambda: empirical().Objective(),
            lambda: {"box": empirical().Box(rows(), rows()), "unit": 0, "axis": 1},
        ),
        "weights": (lambda: empirical().Objective(sums=[[0, 1]]), lambda: {"count": 2}),
    },
    "ShownUnits": {
        "__getitem__": (
            lambda: empirical().visualize(**of_torch()["visualize"]()),
            lambda: {"unit": 0},
        )
    },
    "SilentUnits": {"installed": (silent, lambda: {"model": model(), "look": print})},
}
METHODS["LinkedTriple"] = {
    name: (lambda: linked_pair().triple, given) for name, (_, given) in METHODS["Triple"].items()
}
"""An object and valid arguments for every public method that takes some."""

RECORDS = {
    "Answer", "Bound", "Bounds", "Budget", "Case", "Cell", "CompareAudit", "Comparison", "ConclusionsAudit", "Example", "Form", "Inclusion", "Member",
    "Opponent", "Outcome", "Refutation", "Statement", "Table", "Theorem", "Box", "ErmPair", "ImageData",
    "LayerSimilarity", "Maximization", "PathAudit", "Photograph", "Photographs", "ShownUnits", "SilentAudit", "SilentUnits",
}  # fmt: skip
"""They hold what a computation found, and compute nothing when they are made."""

SENTENCES = {"Claim", "Fault", "Obligation", "Scope", "obligation"}
"""What obligations are written with, by the proof room itself; they are about solver terms."""

REFUSED = {"fool", "run_arena", "reproduce", "Neuron.sharp_row"}
"""What takes minutes is given data that it refuses, after a look at everything else; a row without numbers."""

CALLBACKS = {"progress", "done"}
"""What these raise is the caller's."""

FORMULAS = {
    "mix", "Task.correct", "Task.criterion", "Triple.evaluate", "FoolingPair.evaluate", "FoolingPair.evaluate_both",
    "Network.evaluate", "FunctionClass.fibres", "FunctionClass.near_fibres", "FunctionClass.law", "FunctionClass.premise", "Additive.exchange",
}  # fmt: skip
"""What is written once for numbers, terms and symbols, behind doors that have read what the user gave."""

NETWORKS = {
    "FoolingCircuit.forward", "FoolingCircuit.gate", "FoolingCircuit.join", "PictureUnit.forward",
    "Parametrization.image", "Parametrization.of", "Maco.unclipped",
}  # fmt: skip
"""What PyTorch calls with the tensors of a network's layers."""


def is_formula(owner: type, name: str) -> bool:
    from trompe.constructions import Construction

    arithmetic = issubclass(owner, Construction) or owner.__name__ in ("Box", "RedirectedReLU")
    inherited = next(kind for kind in owner.__mro__ if name in vars(kind)).__module__
    named = FORMULAS | NETWORKS
    is_named = any(f"{kind.__name__}.{name}" in named for kind in owner.__mro__)
    return is_named or arithmetic or not inherited.startswith("trompe")


def doors() -> dict[str, tuple[Any, Any]]:
    """Every public function, class and method with its valid arguments."""
    found: dict[str, tuple[Any, Any]] = {}
    seen = set()
    for module in MODULES:
        home = importlib.import_module(module)
        for name in home.__all__:
            item = getattr(home, name)
            is_function = isinstance(item, types.FunctionType)
            if (
                id(item) in seen
                or not (is_function or inspect.isclass(item))
                or name in SENTENCES | FORMULAS
            ):
                continue
            seen.add(id(item))
            if is_function:
                found[name] = (lambda item=item: item, ARGUMENTS.get(name))
            elif not issubclass(item, BaseException) and type(item) is not types.GenericAlias:
                found |= doors_of(item)
    return found


def doors_of(item: type) -> dict[str, tuple[Any, Any]]:
    name, found = item.__name__, {}
    is_made = not inspect.isabstract(item) and inspect.signature(item).parameters
    if is_made and name not in RECORDS:
        found[name] = (lambda: item, ARGUMENTS.get(name))
    if (inspect.isabstract(item) and name != "Link") or name in RECORDS - METHODS.keys():
        return found
    for method, _ in inspect.getmembers(item, callable):
        hidden = method.startswith("_") and method not in (
            "__getitem__",
            "__contains__",
            "__call__",
        )
        static = inspect.getattr_static(item, method)
        if (
            hidden
            or inspect.isclass(static)
            or is_formula(item, method)
            or (name, method) == ("Link", "between")
        ):
            continue
        default = (lambda: item, ARGUMENTS.get(f"{name}.{method}"))
        owner, given = METHODS.get(name, {}).get(method, default)
        if {*inspect.signature(getattr(item, method)).parameters} - {"self"}:
            found[f"{name}.{method}"] = (
                lambda owner=owner, method=method: getattr(owner(), method),
                given,
            )
    return found


@cache
def walked() -> dict[str, tuple[Any, Any]]:
    return doors()


def test_every_door_has_valid_arguments_for_every_parameter():
    assert len(walked()) > 150
    for name, (door, given) in walked().items():
        assert given is not None, f"{name}: give it valid arguments in this file"
        parameters = inspect.signature(door()).parameters.values()
        named = {p.name for p in parameters if p.kind is not p.VAR_KEYWORD}
        open_ended = any(p.kind is p.VAR_KEYWORD for p in parameters)
        assert named <= set(given()) and (open_ended or named == set(given())), name


@pytest.mark.skipif(not HAS_TORCH, reason="the doors of PyTorch's room are not there without it")
def test_every_entry_is_about_a_door():
    methods = {f"{name}.{method}" for name, given in METHODS.items() for method in given}
    assert sorted((ARGUMENTS.keys() | methods) - walked().keys()) == []


class Hangs(BaseException):
    """What no `except Exception` on the way takes for an error of its own."""


def called(function: Any, arguments: dict[str, Any]) -> str:
    """What is wrong with the answer, "" if nothing is."""

    def too_long(*_: Any) -> None:
        raise Hangs

    before = signal.signal(signal.SIGALRM, too_long)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        answer = function(**arguments)
        if isinstance(answer, types.GeneratorType):
            next(answer, None)
    except trompe.TrompeError as error:
        said = str(error)
        fits = said.isprintable() and 0 < len(said) <= 1000
        return "" if fits else f"{len(said)} characters: {said[:60]!r}"
    except BaseException as error:
        signal.setitimer(signal.ITIMER_REAL, 0)
        return f"{type(error).__name__}: {spelled(error)}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    return ""


@pytest.fixture(autouse=True)
def _trained_for_a_moment(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # a text may be the name of a folder, or of a file to write
    if HAS_TORCH:
        monkeypatch.setenv("TROMPE_CACHE", str(tmp_path))
        monkeypatch.setenv("TROMPE_PHOTOS", str(photos()))
        from trompe.empirical.networks.training import RECIPES, Recipe

        monkeypatch.setitem(RECIPES, ("cnn", True), Recipe("cnn", epochs=1, width=2))


@pytest.mark.parametrize("name", sorted(walked()))
def test_a_wrong_argument_is_one_line(name):
    door, given = walked()[name]
    function = door()
    valid = {key: value for key, value in given().items() if value is not NO}
    if name not in REFUSED:
        try:
            function(**valid)
        except trompe.MissingDependency as error:
            if HAS_TORCH and "trompe[imagenet]" not in str(error):
                raise
            pytest.skip(str(error))
    failures = []
    for parameter in given():
        for kind, make in WRONG.items():
            if parameter in CALLBACKS and callable(make()):
                continue
            said = called(function, valid | {parameter: make()})
            if said:
                failures.append(f"{name}({parameter} = {kind}): {said}")
    assert not failures, f"{len(failures)}\n" + "\n".join(failures)


def test_many_calls_were_made():
    assert sum(len(given()) for _, given in walked().values() if given) * len(WRONG) >= 1980


def test_a_hang_is_noticed_where_errors_are_taken_for_wrong_input(monkeypatch):
    def function(value):
        try:
            while True:
                pass
        except Exception:
            raise trompe.InvalidInput("a line") from None

    monkeypatch.setitem(globals(), "SECONDS", 0.05)
    assert called(function, {"value": 1}).startswith("Hangs")
