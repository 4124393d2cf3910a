"""The process that exports for the window what needs torch: ``python -m graph_engine.exporter``.

One request arrives on stdin, one reply leaves on stdout, as lines of JSON; meanwhile lines with a ``stage`` tell how far it is.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from graph_engine.api import Graph
from graph_engine.errors import ArchloomError
from graph_engine.export.formats import FORMATS, export, export_weights

Say = Callable[[str, float], None]


def reply(request: Mapping[str, Any], say: Say) -> dict[str, Any]:
    """Carries out a request.

    Args:
        request: ``document``: a copy of it; ``folder``: where the document itself lies, or None; ``trusted``: whether the code it names
            may be run; ``format``; ``path``: what to write; ``run``: whose weights, or None.
        say: told of each stage.
    """
    try:
        graph = Graph.load(request["document"])
        graph.folder = Path(request["folder"]) if request["folder"] else None
        if request["trusted"]:
            graph.trust()
        graph.answer()
        path, run = Path(request["path"]), Path(request["run"]) if request["run"] else None
        if request["format"] in FORMATS:
            return {"told": export(graph, request["format"], path, run, say)}
        return {"told": export_weights(graph, path, run)}
    except ArchloomError as error:
        return {"refusal": str(error)}


def main() -> None:
    """Answers until stdin ends."""
    protocol = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what torch prints must not end up between the replies

    def write(message: Mapping[str, Any]) -> None:
        protocol.write(json.dumps(message).encode() + b"\n")
        protocol.flush()

    write({"ready": True})
    for line in sys.stdin:
        write(reply(json.loads(line), lambda text, share: write({"stage": text, "share": share})))


if __name__ == "__main__":
    main()
