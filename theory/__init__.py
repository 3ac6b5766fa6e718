"""What is claimed: visualizations, tasks, function classes with their sharp envelopes, the theorems."""

from trompe.ground.errors import (
    InvalidInput,
    MissingDependency,
    QueryShown,
    TrompeError,
    UnknownKey,
)
from trompe.theory.catalogue import (
    ALL_THEOREMS,
    CLASSES,
    EXTENDED,
    EXTENDED_THEOREMS,
    ROWS,
    THEOREMS,
    function_class,
    row_class,
    task,
    theorem,
)
from trompe.theory.classes import Comparison, FunctionClass, Inclusion, corner_reflection
from trompe.theory.data import Dataset
from trompe.theory.exact import Point, as_eps, as_eta, as_number, as_point, show
from trompe.theory.inclusions import INCLUSIONS
from trompe.theory.links import LINKS, Link, link
from trompe.theory.rows.additive import Additive
from trompe.theory.rows.affine import Affine, Affine1d
from trompe.theory.rows.constant import Constant
from trompe.theory.rows.convex import Convex
from trompe.theory.rows.free import (
    BlackBox,
    EmpiricalRiskMinimizer,
    LipschitzUnknown,
    NeuralNetwork,
    PiecewiseAffine,
)
from trompe.theory.rows.lipschitz import Lipschitz
from trompe.theory.rows.monotone import Monotone
from trompe.theory.rows.neuron import Neuron, Neuron1d
from trompe.theory.statements import PAPER, Form, Statement, Theorem
from trompe.theory.tasks import TASKS, Approx, Exact, Interval, Side, Task
from trompe.theory.visualization import Visualization

__all__ = [
    "ALL_THEOREMS",
    "CLASSES",
    "EXTENDED",
    "EXTENDED_THEOREMS",
    "INCLUSIONS",
    "LINKS",
    "PAPER",
    "ROWS",
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
    "Statement",
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
