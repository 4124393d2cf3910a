"""Every exception that the engine raises on purpose.

    ArchloomError
    ├── GraphError                  an edit or a request that the graph refuses
    │   ├── UnknownBlockError       no block of that id
    │   ├── UnknownNodeError        no node of that id
    │   ├── ParamError              unknown hyper-parameter, or a value it cannot take
    │   ├── NodeNameError              not an identifier, or taken by another node
    │   ├── CheckError              compiling or exporting a graph that has errors
    │   ├── ImportModuleError       a module that cannot be told as a graph
    │   ├── SourceError             Python text that cannot be told as a graph
    │   └── EdgeError               an edge that may not exist
    │       ├── UnknownPortError    the node has no port of that name
    │       ├── SelfLoopError       source and target are one node
    │       ├── PortTakenError      the input already has its edge
    │       └── CycleError          the edge would close a cycle
    ├── DocumentError               a file that cannot be read or written as a document
    │   ├── NewerVersionError       written by a later version of the program
    │   └── UnwritableError         the place cannot be written to (permissions, full disk)
    ├── DataError                   a data set that cannot be read, or does not fit the network
    └── RunError                    a training run that cannot start or go on

Messages are one sentence for a person: they name the thing at fault and say what to do.
"""

from __future__ import annotations

from collections.abc import Sequence


class ArchloomError(Exception):
    """Base of all errors that a user can cause."""


class GraphError(ArchloomError):
    """An edit or a request that the graph refuses."""


class UnknownBlockError(GraphError):
    """No block of that id is known."""


class UnknownNodeError(GraphError):
    """The graph has no node of that id."""


class ParamError(GraphError):
    """A hyper-parameter that does not exist, or a value that it cannot take."""


class NodeNameError(GraphError):
    """A node name that is not an identifier, or that another node has."""


class CheckError(GraphError):
    """The graph has errors, so it cannot be compiled or exported."""


class EdgeError(GraphError):
    """An edge that may not exist; the subclass is the reason."""


class UnknownPortError(EdgeError):
    """The node has no port of that name."""


class SelfLoopError(EdgeError):
    """Source and target of the edge are one node."""


class PortTakenError(EdgeError):
    """The input takes one edge and has it already."""


class CycleError(EdgeError):
    """The edge would close a cycle.

    Attributes:
        path: node ids along the cycle, beginning and ending with the edge's target.
    """

    def __init__(self, message: str, path: Sequence[str]):
        super().__init__(message)
        self.path = tuple(path)


class ImportModuleError(GraphError):
    """A module, or a part of one, that cannot be told as a graph; the message names the line where there is one."""


class SourceError(GraphError):
    """Python text that cannot be told as a graph, or not yet; the message names the line.

    Attributes:
        line: the line at fault, counted from 1.
        reason: the message without the line.
    """

    def __init__(self, reason: str, line: int):
        super().__init__(f"Line {line}: {reason}")
        self.line = line
        self.reason = reason


class DocumentError(ArchloomError):
    """A file that cannot be read or written as a document."""


class NewerVersionError(DocumentError):
    """The document was written by a later version of the program."""


class UnwritableError(DocumentError):
    """The place cannot be written to: permissions, a missing folder, a full disk."""


class DataError(ArchloomError):
    """A data set that cannot be read, or that does not fit the network."""


class RunError(ArchloomError):
    """A training run that cannot start or go on."""


def quoted(value: object) -> str:
    """A value as messages quote it: Python's own text, cut where it goes beyond a line."""
    text = repr(value)
    return text if len(text) < 60 else text[:57] + "…"
