"""The gestures of the canvas, one file each, and the order in which they are asked whether one begins."""

from app.canvas.interactions.annotate import DragAnnotation
from app.canvas.interactions.base import Interaction, Pointer
from app.canvas.interactions.break_edge import BreakEdge
from app.canvas.interactions.connect import DrawEdge
from app.canvas.interactions.knife import Knife
from app.canvas.interactions.lasso import Lasso
from app.canvas.interactions.move import MoveNodes
from app.canvas.interactions.move_bend import MoveBend
from app.canvas.interactions.pan import Pan
from app.canvas.interactions.pick import PickEdge
from app.canvas.interactions.rubber_band import RubberBand

GESTURES: tuple[type[Interaction], ...] = (
    Pan,
    Lasso,
    Knife,
    BreakEdge,
    DrawEdge,
    MoveNodes,
    MoveBend,
    PickEdge,
    DragAnnotation,
    RubberBand,
)

__all__ = ["GESTURES", "Interaction", "Pointer"]
