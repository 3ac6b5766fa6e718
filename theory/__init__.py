"""What is claimed: visualizations, tasks, function classes with their sharp envelopes, the theorems."""

from trompe.ground.errors import (
    InvalidInput,
    MissingDependency,
    QueryShown,
    TrompeError,
    UnknownKey,
)
from trompe.theory.catalogue import PAPER, THEOREMS, Form, Theorem
from trompe.theory.classes import (
    CLASSES,
    Affine,
    Affine1d,
    BlackBox,
    Comparison,
    Constant,
    Convex,
    EmpiricalRiskMinimizer,
    FunctionClass,
    Lipschitz,
    Monotone,
    NeuralNetwork,
    PiecewiseAffine,
    corner_reflection,
)
from trompe.theory.data import Dataset
from trompe.theory.exact import Point, as_eps, as_eta, as_number, as_point, show
from trompe.theory.extended import (
    EXTENDED,
    EXTENDED_THEOREMS,
    Additive,
    LipschitzUnknown,
    Neuron,
    Neuron1d,
)
from trompe.theory.inclusions import INCLUSIONS, Inclusion
from trompe.theory.links import LINKS, Link, link
from trompe.theory.registry import function_class, row_class, theorem
from trompe.theory.tasks import TASKS, Approx, Exact, Interval, Side, Task, task
from trompe.theory.visualization import Visualization

__all__ = [
    "CLASSES",
    "EXTENDED",
    "EXTENDED_THEOREMS",
    "INCLUSIONS",
    "LINKS",
    "PAPER",
    "TASKS",
    "THEOREMS",
    "Additive",
    "Affine",
    "Affine1d",
    "Approx",
    "BlackBox",
    "Comparison",
    "Constant",
    "Convex",
    "Dataset",
    "EmpiricalRiskMinimizer",
    "Exact",
    "Form",
    "FunctionClass",
    "Inclusion",
    "Interval",
    "InvalidInput",
    "Link",
    "Lipschitz",
    "LipschitzUnknown",
    "MissingDependency",
    "Monotone",
    "NeuralNetwork",
    "Neuron",
    "Neuron1d",
    "PiecewiseAffine",
    "Point",
    "QueryShown",
    "Side",
    "Task",
    "Theorem",
    "TrompeError",
    "UnknownKey",
    "Visualization",
    "as_eps",
    "as_eta",
    "as_number",
    "as_point",
    "corner_reflection",
    "function_class",
    "link",
    "row_class",
    "show",
    "task",
    "theorem",
]
