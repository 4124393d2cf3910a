"""``nn.Module`` → graph: what a module does is recorded while it runs, and told in blocks. The only way in is `from_module`."""

from graph_engine.importing.module import from_module
from graph_engine.importing.report import ImportReport

__all__ = ["ImportReport", "from_module"]
