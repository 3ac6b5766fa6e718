"""What does it look like in a trained network? PyTorch experiments and their witnesses.

Names are imported when they are first used, so that `import trompe.empirical` does not import torch.
Needs the extra: pip install 'trompe[empirical]'.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trompe.empirical.arena.run import run_arena
    from trompe.empirical.attacks.certified import (
        certified_k,
        certify_natural,
        certify_shown,
        pgd_difference,
    )
    from trompe.empirical.attacks.circuit import FoolingCircuit, PictureUnit, picture_units
    from trompe.empirical.attacks.detector import is_flagged, train_bounded_detector, train_detector
    from trompe.empirical.attacks.erm import ErmPair, erm_pair
    from trompe.empirical.attacks.proxpulse import proxpulse
    from trompe.empirical.attacks.silent import SilentUnits, orthogonal_units
    from trompe.empirical.attacks.slingshot import slingshot
    from trompe.empirical.audits.compare import CompareAudit, audit_compare
    from trompe.empirical.audits.conclusions import ConclusionsAudit, audit_conclusions
    from trompe.empirical.audits.paths import (
        LayerSimilarity,
        PathAudit,
        audit_paths,
        path_similarity,
    )
    from trompe.empirical.audits.silent import SilentAudit, audit_silent
    from trompe.empirical.experiments.circuit import fool
    from trompe.empirical.experiments.runner import EXPERIMENTS, reproduce
    from trompe.empirical.imagenet.network import (
        imagenet_accuracy,
        imagenet_classes,
        imagenet_network,
    )
    from trompe.empirical.imagenet.photographs import Photograph, Photographs, load_photographs
    from trompe.empirical.inputs.data import ImageData, load_data
    from trompe.empirical.inputs.streams import ImageStream, open_images
    from trompe.empirical.maximization.accentuation import accentuate
    from trompe.empirical.maximization.ascent import Maximization, maximize, trajectories
    from trompe.empirical.maximization.objectives import Objective
    from trompe.empirical.maximization.parametrizations import Fourier, Maco, Pixel, mean_spectrum
    from trompe.empirical.maximization.prototype import prototypes
    from trompe.empirical.networks.intervals import Box, box_around, interval_bounds
    from trompe.empirical.networks.relu import RedirectedReLU
    from trompe.empirical.networks.training import classifier
    from trompe.empirical.similarity import correlations, identical
    from trompe.empirical.visualization.run import ShownUnits, visualize

_HOMES = {
    "arena.run": ("run_arena",),
    "attacks.certified": ("certified_k", "certify_natural", "certify_shown", "pgd_difference"),
    "attacks.circuit": ("FoolingCircuit", "PictureUnit", "picture_units"),
    "attacks.detector": ("is_flagged", "train_bounded_detector", "train_detector"),
    "attacks.erm": ("ErmPair", "erm_pair"),
    "attacks.proxpulse": ("proxpulse",),
    "attacks.silent": ("SilentUnits", "orthogonal_units"),
    "attacks.slingshot": ("slingshot",),
    "audits.compare": ("CompareAudit", "audit_compare"),
    "audits.conclusions": ("ConclusionsAudit", "audit_conclusions"),
    "audits.paths": ("LayerSimilarity", "PathAudit", "audit_paths", "path_similarity"),
    "audits.silent": ("SilentAudit", "audit_silent"),
    "experiments.circuit": ("fool",),
    "experiments.runner": ("EXPERIMENTS", "reproduce"),
    "imagenet.network": ("imagenet_accuracy", "imagenet_classes", "imagenet_network"),
    "imagenet.photographs": ("Photograph", "Photographs", "load_photographs"),
    "inputs.data": ("ImageData", "load_data"),
    "inputs.streams": ("ImageStream", "open_images"),
    "maximization.accentuation": ("accentuate",),
    "maximization.ascent": ("Maximization", "maximize", "trajectories"),
    "maximization.objectives": ("Objective",),
    "maximization.parametrizations": ("Fourier", "Maco", "Pixel", "mean_spectrum"),
    "maximization.prototype": ("prototypes",),
    "networks.intervals": ("Box", "box_around", "interval_bounds"),
    "networks.relu": ("RedirectedReLU",),
    "networks.training": ("classifier",),
    "similarity": ("correlations", "identical"),
    "visualization.run": ("ShownUnits", "visualize"),
}  # fmt: skip
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "EXPERIMENTS",
    "Box",
    "CompareAudit",
    "ConclusionsAudit",
    "ErmPair",
    "FoolingCircuit",
    "Fourier",
    "ImageData",
    "ImageStream",
    "LayerSimilarity",
    "Maco",
    "Maximization",
    "Objective",
    "PathAudit",
    "Photograph",
    "Photographs",
    "PictureUnit",
    "Pixel",
    "RedirectedReLU",
    "ShownUnits",
    "SilentAudit",
    "SilentUnits",
    "accentuate",
    "audit_compare",
    "audit_conclusions",
    "audit_paths",
    "audit_silent",
    "box_around",
    "certified_k",
    "certify_natural",
    "certify_shown",
    "classifier",
    "correlations",
    "erm_pair",
    "fool",
    "identical",
    "imagenet_accuracy",
    "imagenet_classes",
    "imagenet_network",
    "interval_bounds",
    "is_flagged",
    "load_data",
    "load_photographs",
    "maximize",
    "mean_spectrum",
    "open_images",
    "orthogonal_units",
    "path_similarity",
    "pgd_difference",
    "picture_units",
    "prototypes",
    "proxpulse",
    "reproduce",
    "run_arena",
    "slingshot",
    "train_bounded_detector",
    "train_detector",
    "trajectories",
    "visualize",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
