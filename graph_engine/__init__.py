"""Archloom's engine: graphs of blocks, checked, lowered to PyTorch source, trained. Knows no window."""

from graph_engine.api import Graph, blocks
from graph_engine.errors import ArchloomError, GraphError

__all__ = ["ArchloomError", "Graph", "GraphError", "blocks"]
