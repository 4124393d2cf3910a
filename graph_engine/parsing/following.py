"""Follows a text as Python would run it, with tensors of which only shapes are known, and notes the nodes that come of it.

Nothing of the text is executed: its syntax is walked, names stand for the values in `graph_engine.parsing.drafts`, and what is not
understood is told with its line. Loops and conditions are decided by plain values; a condition on the numbers of a tensor cannot be drawn.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from graph_engine.parsing.calls import Given
from graph_engine.parsing.drafts import Content, Instance, Layer, snake
from graph_engine.parsing.expressions import Expressions
from graph_engine.parsing.groups import Groups, title_of
from graph_engine.parsing.names import Names
from graph_engine.parsing.objects import Objects
from graph_engine.parsing.statements import Statements
from graph_engine.parsing.text import Documented
from graph_engine.parsing.torch_calls import Calls
from graph_engine.parsing.walking import Frame
from graph_engine.spec.tensor import TensorSpec


class Follower(Statements, Expressions, Calls, Groups, Objects, Names):
    """Follows one text; what each kind of syntax means is told by the classes that it is made of."""

    def construct(self, name: str, call: ast.Call | None) -> Instance:
        """An object of a class.

        Args:
            name: of the class.
            call: a call in the text that makes one; else its arguments have their defaults.
        """
        args, kwargs = self.arguments(call, self.globals) if call is not None else ([], {})
        return self.made(self.text.classes[name], args, kwargs, call or self.text.classes[name])

    def network(self, instance: Instance, shapes: Mapping[str, TensorSpec]) -> Content:
        """What the ``forward`` of a network does.

        Args:
            instance: the network.
            shapes: what arrives at each argument.
        """
        content, frame, arguments = self.content(instance, "network")
        for name in arguments:
            self.argument(content, frame, name, shapes.get(name, TensorSpec(())))
        result = self.body(self.forward(instance), frame)
        self.outputs(content, result, content.documented.outputs)
        return content

    def row(self, parts: Sequence[Any], shape: TensorSpec) -> Content:
        """What layers in a row do, each with what the one before gives."""
        content = Content("network", "network", Documented(), 1)
        frame = Frame(None, content)
        self.argument(content, frame, "x", shape)
        value = frame.names["x"]
        for part in parts:
            name = part.name or (part.spec.stem if isinstance(part, Layer) else snake(title_of(part)))
            value = self.call_part(part, [Given(value)], {}, frame, part.line, name="" if not part.name else name)
        self.outputs(content, value, ())
        return content

    def evaluate(self, node: ast.expr) -> Any:
        """What an expression outside of all classes gives."""
        return self.value(node, self.globals)
