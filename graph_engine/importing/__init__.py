"""``nn.Module`` → graph: what a module does is recorded while it runs, and told in blocks.

The ways in are `from_module` and, for a checkpoint alone, `from_checkpoint`.
"""

from graph_engine.importing.module import from_checkpoint, from_module
from graph_engine.importing.report import ImportReport

__all__ = ["ImportReport", "from_checkpoint", "from_module"]
