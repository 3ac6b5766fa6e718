"""`trompe check`: certificates, witnesses, refutations, shown-files and conclusions that one was given."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from trompe.commands.networks import Batch, Weights
from trompe.commands.options import Device, Jobs, Solvers
from trompe.commands.reporting import emit, progress_bar


def check(
    path: Annotated[
        Path,
        typer.Argument(
            help="A folder that trompe certify or visualize wrote, or a .json file of trompe witness, refute, visualize or audit conclusions "
            "(- for standard input)."
        ),
    ],
    solver: Solvers = None,
    jobs: Jobs = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="For a shown-file or conclusions: FILE.py:FUNCTION or MODULE:FUNCTION that returns the network."
        ),
    ] = None,
    weights: Weights = None,
    images: Annotated[
        Path | None, typer.Option(help="For a shown-file or conclusions: the folder of pictures.")
    ] = None,
    device: Device = "auto",
    batch: Batch = 100,
) -> int:
    """Check a certificate set, a witness, a refutation, a shown-file or conclusions that need not be trusted. Exit status 0 only if all holds.

    Of a shown-file the arrays are compared with their hashes. With --model (and --weights) its values are computed anew, with
    --images also those of the natural images; no code that the file names is run. A value whose error is
    only an estimate is EVALUATED, which proves nothing and leaves the status 0. Of conclusions the slopes are checked in exact
    arithmetic; with --model and --images the audit is made anew with the pairs of the file.

    In a folder that has both, both are checked; --model and --images are for both, where the shown-file has natural images.

    A set: every file is compared with what this trompe generates for the claims, and that is solved again. Each
    failure is one line that begins with its kind: missing, extra, different, not proved, unknown.
    """
    both = [path / name for name in ("shown.json", "conclusions.json") if (path / name).is_file()]
    if len(both) == 2:
        return _check_both(both[0], both[1], model, weights, images, device, batch)
    if both:
        (path,) = both
    if path.is_dir():
        from trompe.ground.processes import import_ahead

        import_ahead(jobs, ("trompe.proofs.solvers", "z3", "cvc5"))
    from trompe.proofs.solvers import SOLVERS, chosen

    solvers = chosen(solver or tuple(SOLVERS))
    if path == Path("-") or (path.suffix == ".json" and not path.is_dir()):
        if path.name == "manifest.json":
            from trompe.theory import InvalidInput

            raise InvalidInput(f"{path} is the manifest of a set; give its folder {path.parent}")
        from trompe.proofs.handover.concluded import is_conclusions
        from trompe.proofs.handover.shown.file import is_shown
        from trompe.proofs.handover.witnesses.checking import content_of
        from trompe.refuting.checking import check_bytes

        content = content_of(path)
        if isinstance(content, bytes) and is_shown(content):
            report = _check_shown(content, path, model, weights, images, device, batch)
        elif isinstance(content, bytes) and is_conclusions(content):
            report = _check_conclusions(content, path, model, weights, images, device)
        else:
            _only_for_shown(model, weights, images)
            report = check_bytes(content, solvers) if isinstance(content, bytes) else content
        emit(report.text())
        return 0 if report.ok else 1
    _only_for_shown(model, weights, images)
    from trompe.proofs.handover.certificates import check_set

    with progress_bar("checking") as progress:
        found = check_set(path, solvers=solvers, jobs=jobs, progress=progress)
    emit(found.text())
    return 0 if found.ok else 1


def _only_for_shown(*options: Any) -> None:
    if any(option is not None for option in options):
        from trompe.theory import InvalidInput

        raise InvalidInput(
            "--model, --weights, --images: are for shown-files (trompe visualize) and conclusions (trompe audit conclusions); leave "
            "them out"
        )


def _check_both(
    shown: Path,
    conclusions: Path,
    model: str | None,
    weights: Path | None,
    images: Path | None,
    device: str,
    batch: int,
) -> int:
    """The conclusions of a folder, and the shown-file that they are about."""
    from trompe.proofs.handover.witnesses.checking import Report, content_of

    contents = [content_of(path) for path in (shown, conclusions)]
    _together(model, weights, images)
    status = 0
    for path, content in zip((shown, conclusions), contents, strict=True):
        if isinstance(content, Report):
            report: Any = content
        elif path is conclusions:
            report = _check_conclusions(content, path, model, weights, images, device)
        else:
            own = images if images is not None and _has_images(content) else None
            report = _check_shown(content, path, model, weights, own, device, batch)
        emit(f"{path}:\n{report.text()}")
        status = status or (0 if report.ok else 1)
    return status


def _has_images(content: bytes) -> bool:
    from trompe.proofs.handover.shown.file import parse
    from trompe.theory import InvalidInput

    try:
        return parse(content).images is not None
    except InvalidInput:
        return False  # the report says so


def _together(model: str | None, weights: Path | None, images: Path | None) -> None:
    from trompe.theory import InvalidInput

    if (model is None) != (images is None) or (weights is not None and model is None):
        raise InvalidInput(
            "--model, --images: of conclusions they go together (and --weights with them); give both or neither"
        )


def _check_shown(
    content: bytes,
    path: Path,
    model: str | None,
    weights: Path | None,
    images: Path | None,
    device: str,
    batch: int,
) -> Any:
    from trompe.proofs.handover.shown import check_shown
    from trompe.theory import InvalidInput

    if model is None:
        if weights is not None or images is not None:
            raise InvalidInput("--weights, --images: are for --model; give it too")
        return check_shown(content, path)
    from trompe.empirical._torch import pick_device, repeatable
    from trompe.empirical.visualization.shown_network import network_of
    from trompe.ground.arguments import Integer

    Integer(1)(batch, "batch")
    place = pick_device(device)
    with repeatable(device=place):
        return check_shown(content, path, network_of(model, weights, images, place, batch))


def _check_conclusions(
    content: bytes,
    path: Path,
    model: str | None,
    weights: Path | None,
    images: Path | None,
    device: str,
) -> Any:
    from trompe.proofs.handover.concluded import check_conclusions

    _together(model, weights, images)
    if model is None or images is None:
        return check_conclusions(content, path)
    from trompe.empirical._torch import pick_device, repeatable
    from trompe.empirical.audits.concluded_again import audit_again

    place = pick_device(device)
    with repeatable(device=place):
        return check_conclusions(content, path, audit_again(path, model, weights, images, place))
