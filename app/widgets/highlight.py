"""Finds what is what in Python source, by Pygments."""

from __future__ import annotations

from pygments.lexers.python import PythonLexer
from pygments.token import Token, _TokenType

Span = tuple[int, int, str]
"""Start and length in a line, and the kind: a key of `app.theme.tokens.Theme.code`."""

_KINDS: tuple[tuple[_TokenType, str], ...] = (
    (Token.Literal.String.Doc, "string"),
    (Token.Literal.String, "string"),
    (Token.Literal.Number, "number"),
    (Token.Comment, "comment"),
    (Token.Keyword, "keyword"),
    (Token.Operator.Word, "keyword"),
    (Token.Operator, "operator"),
    (Token.Name.Function, "name"),
    (Token.Name.Class, "name"),
    (Token.Name.Builtin.Pseudo, "operator"),
)

_LEXER = PythonLexer(stripnl=False, ensurenl=False)


def python_spans(text: str) -> list[list[Span]]:
    """The coloured spans of each line."""
    lines: list[list[Span]] = [[]]
    column = 0
    for token, value in _LEXER.get_tokens(text):
        kind = next((k for t, k in _KINDS if token in t), None)
        for part in value.splitlines(keepends=True):
            length = len(part.rstrip("\n"))
            if kind is not None and length:
                lines[-1].append((column, length, kind))
            column += length
            if part.endswith("\n"):
                lines.append([])
                column = 0
    return lines
