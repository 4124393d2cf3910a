"""Python text → graph: classes with ``__init__`` and ``forward`` are read and never run, and torch is not needed.

`from_source` follows the text (`following`), notes nodes (`calls`), finds what classes have in common (`forms`) and fills a graph
(`assemble`). Where the text does not say what arrives, shapes are tried until all fits.
"""

from __future__ import annotations

from graph_engine.parsing.source import Parsed, from_source, networks, read_text

__all__ = ["Parsed", "from_source", "networks", "read_text"]
