"""The process that imports for the window: ``python -m graph_engine.importer``.

Requests arrive on stdin and replies leave on stdout, as lines of JSON; while a request is under way, lines with a ``stage`` tell how far it
is. What foreign code prints goes to stderr. Whoever asks ends the process to cancel, or when it takes too long.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from torch import nn

from graph_engine.api import Graph
from graph_engine.errors import ArchloomError, ImportModuleError
from graph_engine.foreign.outline import CHECKPOINTS
from graph_engine.importing.programs import Interpreted
from graph_engine.importing.proposals import propose, texts
from graph_engine.importing.source import examples, load

DOCUMENT = "network.archloom"
"""What the document is called that an import leaves in the folder which it is given."""

Say = Callable[[str, float], None]


class Serving:
    """Answers requests; a module that was looked at is kept, so that it is made once.

    Args:
        say: told of each stage: a sentence, and how much of the whole is done.
    """

    def __init__(self, say: Say):
        self._say = say
        self._source = ""
        self._module: nn.Module | None = None

    def reply(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The reply to a request."""
        try:
            return self._look(request["path"]) if request["do"] == "look" else self._import(request)
        except ArchloomError as error:
            return {"refusal": str(error)}
        except Exception as error:  # the user's own code, and torch in it, may raise anything
            return {"refusal": f"{type(error).__name__}: {' '.join(str(error).split())[:500]}"}

    def _look(self, source: str) -> dict[str, Any]:
        """What a module is, and what it most likely takes."""
        self._say("Loading", 0.2)
        self._module, self._source = load(source), source
        self._say("Looking for what it takes", 0.7)
        proposal = propose(self._module)
        return {
            "name": Path(source).stem if isinstance(self._module, Interpreted) else type(self._module).__name__,
            "is_file": isinstance(self._module, Interpreted),
            "parameters": sum(p.numel() for p in self._module.parameters()),
            "inputs": [one._asdict() for one in proposal.inputs],
            "problem": proposal.problem,
        }

    def _import(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Leaves a document, and its weights, in a folder."""
        if request["path"].lower().endswith(CHECKPOINTS):
            self._say("Reading", 0.5)
            return self._leave(Graph.from_checkpoint(request["path"], request["name"]), request["into"])
        if self._module is None or request["path"] != self._source:
            raise ImportModuleError("The module has to be loaded first.")
        inputs = examples(texts(request["arguments"], request["inputs"]))
        graph = Graph.from_module(self._module, inputs, request["name"] or None, self._say)
        return self._leave(graph, request["into"])

    def _leave(self, graph: Graph, folder: str) -> dict[str, Any]:
        assert graph.report is not None
        self._say("Writing", 0.95)
        graph.save(Path(folder) / DOCUMENT)
        return {"report": graph.report.to_plain()}


def main() -> None:
    """Answers until stdin ends."""
    protocol = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what the code prints must not end up between the replies
    warnings.simplefilter("ignore")

    def write(message: Mapping[str, Any]) -> None:
        protocol.write(json.dumps(message).encode() + b"\n")
        protocol.flush()

    serving = Serving(lambda text, share: write({"stage": text, "share": share}))
    write({"ready": True})
    for line in sys.stdin:
        write(serving.reply(json.loads(line)))


if __name__ == "__main__":
    main()
