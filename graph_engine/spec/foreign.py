"""Modules that are not the program's own: what can only be known by running them, as questions and answers in plain data.

A shape rule that meets such a module asks (`graph_engine.spec.block.Site.ask`). Whoever owns torch answers, in a process of its own
(`graph_engine.foreign`), and only where the user trusts the document. Until then the node waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from graph_engine.spec.call import Names
from graph_engine.spec.faults import Fault, Fix
from graph_engine.spec.tensor import Size, TensorSpec, shape_text


class Question(NamedTuple):
    """What does this class, constructed so, make of these tensors?

    Attributes:
        path: dotted name of the class, or of a function that returns a module.
        init: the arguments that it is constructed with, as the Python text of a dictionary.
        inputs: what arrives, in order, with the keyword that it is passed by ("" where it goes by position).
        call: further keyword arguments of the call, as ``init``.
    """

    path: str
    init: str
    inputs: tuple[tuple[str, TensorSpec], ...]
    call: str = "{}"

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition(".")[2]


class Answer(NamedTuple):
    """What came of running it.

    Attributes:
        refusal: one sentence on why nothing did; empty where something did.
        returns: names for the results, nested as they are returned; one name for a single tensor, "_" for a None.
        outputs: a `TensorSpec` for each name but "_".
        weights, buffers, flops: as `graph_engine.spec.block.Inferred` has them.
    """

    refusal: str = ""
    returns: str | Names = "output"
    outputs: tuple[TensorSpec, ...] = ()
    weights: Mapping[str, tuple[int, ...]] = {}
    buffers: Mapping[str, tuple[int, ...]] = {}
    flops: Size = 0


class Answers:
    """The answers that are known in one document, and which code it may run.

    Attributes:
        trusted: dotted names that may be imported; who adds to them has asked the user, or is the user's own code.
    """

    def __init__(self) -> None:
        self.trusted: set[str] = set()
        self._known: dict[Question, Answer] = {}

    def __getitem__(self, question: Question) -> Answer:
        """What is known.

        Raises:
            Unanswered: nothing is.
        """
        found = self._known.get(question) if question.path in self.trusted else None
        if found is None:
            raise Unanswered(question, trusted=question.path in self.trusted)
        return found

    def put(self, question: Question, answer: Answer) -> None:
        """Makes an answer known."""
        self._known[question] = answer

    def forget(self, paths: Iterable[str]) -> None:
        """Asks again of these classes, whose code may be another by now."""
        gone = set(paths)
        self._known = {q: a for q, a in self._known.items() if q.path not in gone}


ASKED, UNTRUSTED = "module.asked", "module.untrusted"
WAITING = (ASKED, UNTRUSTED)
"""Codes of findings on nodes that wait for an answer."""


class Unanswered(Fault):
    """A shape rule cannot go on before a question is answered.

    Args:
        question: it.
        trusted: whether it may be asked.
    """

    def __init__(self, question: Question, *, trusted: bool):
        arriving = " and ".join(shape_text(spec.shape) for _, spec in question.inputs)
        values: dict[str, Any] = {"path": question.path, "name": question.name, "arriving": arriving or "nothing"}
        if trusted:
            super().__init__(ASKED, "{name} is being run to see what it makes of {arriving}.", **values)
        else:
            fixes = (Fix("Trust this document", action="trust"),)
            super().__init__(UNTRUSTED, "{path} is code that this document names; it is not trusted yet.", fixes=fixes, **values)
        self.question = question
        self.trusted = trusted
