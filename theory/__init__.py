"""What is claimed: visualizations, tasks, function classes with their sharp envelopes, the theorems."""

from trompe.theory.catalogue import PAPER, THEOREMS, Form, Theorem, theorem
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
    function_class,
)
from trompe.theory.data import Dataset
from trompe.theory.errors import (
    InvalidInput,
    MissingDependency,
    QueryShown,
    TrompeError,
    UnknownKey,
)
from trompe.theory.exact import Point, as_eps, as_eta, as_number, as_point, show
from trompe.theory.inclusions import INCLUSIONS, Inclusion
from trompe.theory.tasks import TASKS, Approx, Exact, Interval, Side, Task, task
from trompe.theory.visualization import Visualization

__all__ = [
    "CLASSES",
    "INCLUSIONS",
    "PAPER",
    "TASKS",
    "THEOREMS",
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
    "Lipschitz",
    "MissingDependency",
    "Monotone",
    "NeuralNetwork",
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
    "show",
    "task",
    "theorem",
]
