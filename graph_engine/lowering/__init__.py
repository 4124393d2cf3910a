"""CheckedGraph → Program: the linear form from which source is written."""

from graph_engine.lowering.lower import lower, lower_part
from graph_engine.lowering.program import Argument, Program, Ref, Step, Turn, Unit, Written

__all__ = ["Argument", "Program", "Ref", "Step", "Turn", "Unit", "Written", "lower", "lower_part"]
