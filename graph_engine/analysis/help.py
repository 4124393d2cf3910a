"""The pages that explain the findings: what each means, why it matters, what to do."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def pages() -> Mapping[str, str]:
    """Markdown of every page, by the code of its finding; the file has a paragraph a line, and one page for findings that are alike."""
    text = (files("assets") / "help" / "findings.md").read_text(encoding="utf-8")
    sections = (section.partition("\n") for section in text.split("\n## ")[1:])
    return {code: body.strip().replace("\n", "\n\n") for heading, _, body in sections for code in heading.strip().split(", ")}


def page(code: str) -> str | None:
    """Markdown of the page on a finding; None where it has none."""
    return pages().get(code)
