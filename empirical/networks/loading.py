"""Somebody's network by name: imported as Python would, and given its weights.

What it returns is taken as it is where that is right; what cannot be looked into is refused in one line.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import re
import sys
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from trompe.empirical._torch import torch
from trompe.empirical.networks.inspection import check_data
from trompe.ground.errors import one_line, spelled
from trompe.ground.reading import MAX_CODE_BYTES, Unreadable, check_file
from trompe.theory import InvalidInput, MissingDependency

nn = torch.nn

EXPECTED = "expected FILE.py:FUNCTION or MODULE:FUNCTION, a function that returns the network"
_MODULE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_CHECKPOINT_KEYS = ("state_dict", "model_state_dict", "model")
"""Where training scripts put the state dict among other things."""
_PREFIXES = ("module.", "_orig_mod.", "model.")
"""What DataParallel, torch.compile and trainers put before every name."""


def load_model(
    spec: str,
    device: torch.device | str = "cpu",
    *,
    weights: Path | None = None,
    say: Callable[[str], object] = lambda _: None,
) -> nn.Module:
    """`file.py:build` or `package.module:build` -> build(), with the weights of a file, moved to `device`.

    Runs the user's code, with the file's folder (for a module: the working directory) on `sys.path` while it loads.
    `say` gets a sentence for each thing that is done to the network besides.

    Raises
    ------
    InvalidInput : no such file, module or function, it fails, it returns something that is no network or cannot be
        looked into, or the weights do not fit.
    """
    place, colon, name = spec.rpartition(":")
    if not colon or not place:
        raise InvalidInput(f"model = {spec!r}; {EXPECTED}")
    is_file = place.endswith(".py") or not _MODULE.fullmatch(place)
    path = Path(place).expanduser() if is_file else None
    if path is not None:
        try:
            check_file(path, MAX_CODE_BYTES)
        except Unreadable as error:
            raise InvalidInput(f"model: {path}: {error}; {EXPECTED}") from None
    with _importable_from(Path.cwd() if path is None else path.parent, is_first=is_file):
        module = _imported(place) if path is None else run_file(path)
        model = _built(module, name, place)
    if not is_file and model.training:
        model.eval()
        say(f"{name}() returns a network in training mode; it was put into eval mode.")
    _as_float32(model, say)  # before the weights of a file could be rounded
    if weights is not None:
        load_weights(model, weights, say)
        _as_float32(model, say)
    check_data(model)
    model.to(device)
    return model


@contextmanager
def _importable_from(folder: Path, is_first: bool) -> Iterator[None]:
    """The folder is on `sys.path` inside: first, as Python puts a script's, or last."""
    entry = str(folder.resolve())
    importlib.invalidate_caches()
    if not is_first and entry in sys.path:
        yield
        return
    sys.path.insert(0 if is_first else len(sys.path), entry)
    try:
        yield
    finally:
        with suppress(ValueError):  # the user's code may have taken it away
            sys.path.remove(entry)


def run_file(path: Path, what: str = "model", expected: str = EXPECTED) -> ModuleType:
    """The module of a file, under a name of its own, so that a file called json.py replaces nobody's module.

    Raises
    ------
    InvalidInput : it is no Python file, or fails; `what` says what it is for.
    """
    name = f"{what}_in_{re.sub(r'[^0-9A-Za-z_]', '_', path.stem)}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InvalidInput(f"{what}: {path} is not a Python file; {expected}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        sys.modules.pop(name, None)
        raise InvalidInput(f"{what}: {path} fails with {type(error).__name__}: {error}") from error
    return module


def _imported(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and f"{name}.".startswith(f"{error.name}."):
            raise InvalidInput(
                f"model: no module {error.name!r} is installed; {EXPECTED}"
            ) from None
        raise InvalidInput(f"model: module {name} fails with {one_line(error)}") from error
    except (Exception, SystemExit) as error:
        raise InvalidInput(
            f"model: module {name} fails with {type(error).__name__}: {error}"
        ) from error


def _built(module: ModuleType, name: str, place: str) -> nn.Module:
    """What the function returns; a network in its place is taken as it is."""
    build = getattr(module, name, None)
    if not callable(build):
        known = [n for n, value in vars(module).items() if callable(value)]
        near = difflib.get_close_matches(name, known)
        hint = f"did you mean {' or '.join(near)}?" if near else EXPECTED
        raise InvalidInput(f"model: {place} has no function {name!r}; {hint}")
    try:
        model = build if isinstance(build, nn.Module) else build()
    except (Exception, SystemExit) as error:
        raise InvalidInput(f"model: {name}() fails with {type(error).__name__}: {error}") from error
    if not isinstance(model, nn.Module):
        raise InvalidInput(
            f"model: {name}() returns {_what(model)}; expected a torch.nn.Module, so return the network alone"
        )
    _check_unscripted(model)
    return _unwrapped(model)


def _check_unscripted(model: nn.Module) -> None:
    """Inside of a scripted or traced part neither hooks nor ReLU calls are seen."""
    for name, module in model.named_modules():
        if isinstance(module, torch.jit.ScriptModule):
            raise InvalidInput(
                f"model: {name or 'the network'} is scripted or traced (torch.jit), which hides its layers; return the "
                "nn.Module that it was made from"
            )


def _what(value: object) -> str:
    """A value in a few words: its type, for a tuple, list or dict also the types of what is inside."""
    inside = [*value.values()] if isinstance(value, Mapping) else value
    if not isinstance(inside, (tuple, list)):
        return type(value).__name__
    return (
        f"{type(value).__name__} of {_few([type(item).__name__ for item in inside]) or 'nothing'}"
    )


def _unwrapped(model: nn.Module) -> nn.Module:
    """The network without torch.compile and DataParallel: the same numbers up to rounding, and its layers' own names."""
    model = _bare(model)
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if _bare(child) is not child:
                setattr(module, name, _bare(child))
        if getattr(module, "_compiled_call_impl", None) is not None:  # module.compile()
            module._compiled_call_impl = None
    return model


def _bare(module: nn.Module) -> nn.Module:
    inside = module.module if isinstance(module, nn.DataParallel) else None
    if type(module).__name__ == "OptimizedModule":
        inside = module._modules.get("_orig_mod")
    return module if inside is None else _bare(inside)


def _as_float32(model: nn.Module, say: Callable[[str], object]) -> None:
    """Half precision becomes float32, which keeps every weight; what float32 would round is refused."""
    half = set()
    for name, tensor in (*model.named_parameters(), *model.named_buffers()):
        if nn.parameter.is_lazy(tensor):
            raise InvalidInput(
                f"model: {name} has no shape yet (a lazy layer); call the network on a picture in FUNCTION"
            )
        if tensor.dtype in (torch.float64, torch.complex64, torch.complex128):
            raise InvalidInput(
                f"model: {name} is {_type_name(tensor.dtype)}, and networks are computed in float32; return "
                "model.float(), which rounds its weights"
            )
        if tensor.is_floating_point() and tensor.dtype != torch.float32:
            half.add(_type_name(tensor.dtype))
    if half:
        model.float()
        say(
            f"Its weights are {' and '.join(sorted(half))}; it is computed in float32, which keeps them."
        )


# -- weights -----------------------------------------------------------------------------------------


def load_weights(
    model: nn.Module, path: Path, say: Callable[[str], object] = lambda _: None
) -> None:
    """Fill the network with the state dict of a .pt, .pth or .safetensors file; nothing that is pickled is run.

    A state dict under `state_dict`, `model_state_dict` or `model` of a checkpoint is found, and a prefix that all
    names share (`module.`, `_orig_mod.`, `model.`) is taken off where the network's own names lack it.

    Raises
    ------
    InvalidInput : it cannot be read, or its names, shapes or types are not the network's.
    """
    found = _read_weights(path.expanduser())
    wanted = model.state_dict()
    for key in _CHECKPOINT_KEYS:
        inside = found.get(key)
        if isinstance(inside, Mapping) and key not in wanted:
            found = inside
            say(f"The weights are those under {key!r} in {path.name}.")
            break
    found = {str(name): value for name, value in found.items()}
    for prefix in _PREFIXES * 2:
        if (
            found
            and all(name.startswith(prefix) for name in found)
            and not any(name.startswith(prefix) for name in wanted)
        ):
            found = {name.removeprefix(prefix): value for name, value in found.items()}
    faults = _misfits(found, wanted)
    if faults:
        raise InvalidInput(
            f"weights: {path}: {'; '.join(faults)}; expected the state dict of the network that FUNCTION returns"
        )
    is_empty = any(p.is_meta for p in (*model.parameters(), *model.buffers()))
    try:
        model.load_state_dict(found, strict=False, assign=is_empty)
    except Exception as error:
        raise InvalidInput(f"weights: {path}: {one_line(error)}") from None


def _read_weights(path: Path) -> Mapping[str, Any]:
    try:
        check_file(path)
    except Unreadable as error:
        raise InvalidInput(
            f"weights: {path}: {error}; expected a .pt, .pth or .safetensors file"
        ) from None
    try:
        if path.suffix.lower() == ".safetensors":
            found: Any = _safetensors_reader()(path)
        else:
            with warnings.catch_warnings(action="ignore"):
                found = torch.load(path, map_location="cpu", weights_only=True)
    except MissingDependency:
        raise
    except (
        Exception
    ) as error:  # torch, zipfile, pickle and safetensors raise many kinds for damaged files
        why = one_line(str(error).partition("\n")[0] or type(error).__name__, 120)
        raise InvalidInput(
            f"weights: {path}: not read without running code ({why}); expected what torch.save(model.state_dict(), "
            "FILE) or safetensors writes"
        ) from None
    if not isinstance(found, Mapping) or not found:
        raise InvalidInput(
            f"weights: {path}: holds {spelled(found)}; expected a state dict, name -> tensor"
        )
    return found


def _safetensors_reader() -> Callable[[Path], Mapping[str, Any]]:
    try:
        from safetensors.torch import load_file
    except ImportError as error:
        raise MissingDependency(
            "safetensors is not installed; it comes with: pip install 'trompe[empirical]'"
        ) from error
    reader: Callable[[Path], Mapping[str, Any]] = load_file
    return reader


def _misfits(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """What is missing, unexpected, of another shape, or would be rounded; in a few words each."""
    # A counter that only training reads; old files lack it.
    missing = [n for n in wanted if n not in found and not n.endswith("num_batches_tracked")]
    unexpected = [n for n in found if n not in wanted]
    shapes, types = [], []
    for name, value in found.items():
        if name not in wanted or not isinstance(wanted[name], torch.Tensor):
            continue
        into = wanted[name]
        if not isinstance(value, torch.Tensor):
            types.append(f"{name} is {spelled(value)}, expected a tensor")
        elif value.shape != into.shape:
            shapes.append(f"{name} {tuple(value.shape)}, expected {tuple(into.shape)}")
        elif value.dtype == torch.float64 != into.dtype:
            types.append(f"{name} is float64 and would be rounded to {_type_name(into.dtype)}")
    parts = [
        (missing, "missing"), (unexpected, "unexpected"), (shapes, "of another shape"), (types, "of another type")
    ]  # fmt: skip
    return [f"{len(names)} {what} ({_few(names)})" for names, what in parts if names]


def _few(names: Collection[str]) -> str:
    shown = ", ".join([*names][:3])
    return shown if len(names) <= 3 else f"{shown}, ..."


def _type_name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
