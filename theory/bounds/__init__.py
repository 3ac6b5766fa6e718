"""What follows from what was shown: sharp bounds, with exemplars, and how many exemplars decide everywhere."""

from trompe.theory.bounds.bounding import Bound, Bounds, Verdict, bound

__all__ = ["Bound", "Bounds", "Verdict", "bound"]
