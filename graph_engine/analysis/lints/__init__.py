"""Advice on networks that run but will learn badly: one function each. To add one, write it in a module here; the checks find it.

A lint warns only of what is almost certainly not meant, and can be silenced on the node that it is told of. Its code begins with
``lint.``; the page that explains it is found by `graph_engine.analysis.help.page`.
"""

from __future__ import annotations

import importlib
import pkgutil

for _module in pkgutil.iter_modules(__path__, f"{__name__}."):
    importlib.import_module(_module.name)
