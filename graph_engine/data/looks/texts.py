"""A look at texts: those with classes, and those to be continued."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from graph_engine.data.looks.files import count_repeated, stamp
from graph_engine.data.looks.table import SUFFIXES as TABLES
from graph_engine.data.looks.table import TOLD, measure
from graph_engine.data.tokens import read_text
from graph_engine.data.unreadable import UnreadableError
from graph_engine.settings.facts import Facts

SUFFIXES = (".txt", ".md")

_WORD = re.compile(r"\w+|[^\w\s]")


def class_folders(folder: Path) -> list[str]:
    """Names of the folders with text files in a folder."""
    inside = sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    return [entry.name for entry in inside if any(file.suffix.lower() in SUFFIXES for file in entry.iterdir())]


def look_labelled(path: Path) -> tuple[Facts, Mapping[str, Any]]:
    """What texts with classes there are: two columns of a table, or a folder of text files for each class.

    Raises:
        UnreadableError: there are none.
    """
    facts, params, texts = _table(path) if path.is_file() else _folder(path)
    letters, words, longest = _count(texts)
    length = max(8, min(256, longest))
    found = facts.model_copy(update={"letters": letters, "words": words, "length": longest})
    return found, {**params, "vocabulary": min(letters + 2, 4096), "length": length}


def _table(file: Path) -> tuple[Facts, Mapping[str, Any], Iterable[str]]:
    if not file.name.lower().endswith(TABLES):
        raise UnreadableError(f"{file.name} is no table, and no folder of texts.")
    facts = measure(file)
    longest = sorted((column for column in facts.columns if column.kind in ("text", "word")), key=lambda column: -column.longest)
    classes = [column for column in facts.columns if column.values and column is not next(iter(longest), None)]
    if not longest or not classes:
        raise UnreadableError(f"{file.name} has no column with texts and another one with few words, the classes.")
    label = next((column for column in classes if column.name.lower() in TOLD), classes[-1])
    from graph_engine.data.tables import collect, scan

    cells = collect(file, scan(file, facts.separator).select(longest[0].name))[longest[0].name]
    split = "stratified" if min(label.counts) >= 3 else "random"
    return facts, {"text": (longest[0].name,), "label": (label.name,), "split": split}, cells


def _folder(folder: Path) -> tuple[Facts, Mapping[str, Any], Iterable[str]]:
    classes = class_folders(folder)
    if not classes:
        raise UnreadableError(f"{folder} has no folders with text files: it needs a folder for each class.")
    files = sorted(file for name in classes for file in (folder / name).iterdir() if file.suffix.lower() in SUFFIXES)
    texts: dict[Path, str] = {}
    bad = []
    for file in files:
        try:
            texts[file] = read_text(file)
        except UnreadableError:
            bad.append(file.relative_to(folder).as_posix())
    if not texts:
        raise UnreadableError(f"{folder}: none of its {len(files)} texts can be read: save them as UTF-8.")
    counts = tuple(sum(file.parent.name == name for file in texts) for name in classes)
    size, changed = stamp(folder)
    facts = Facts(
        size=size,
        changed=changed,
        samples=len(texts),
        classes=tuple(classes),
        counts=counts,
        unreadable=tuple(bad),
        repeated=count_repeated(texts),
    )
    return facts, {"split": "stratified" if min(counts) >= 3 else "random"}, texts.values()


def look_plain(path: Path) -> tuple[Facts, Mapping[str, Any]]:
    """What a text holds, or several in a folder.

    Raises:
        UnreadableError: it is no text, or empty.
    """
    files = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES) if path.is_dir() else [path]
    texts = [read_text(file) for file in files]
    if not any(text.strip() for text in texts):
        raise UnreadableError(f"{path} holds no text.")
    if any("\0" in text for text in texts):
        raise UnreadableError(f"{path} is not text: it holds zeros, as binary files do.")
    letters, words, _ = _count(texts)
    length = sum(map(len, texts))
    size, changed = stamp(path)
    facts = Facts(size=size, changed=changed, samples=max(1, length // 64), letters=letters, words=words, length=length)
    return facts, {"vocabulary": min(letters + 2, 4096), "length": max(2, min(64, length // 100))}


def _count(texts: Iterable[str]) -> tuple[int, int, int]:
    """How many different letters and words there are, and letters of the longest text."""
    letters: set[str] = set()
    words: set[str] = set()
    longest = 0
    for text in texts:
        letters |= set(text)
        words.update(_WORD.findall(text))
        longest = max(longest, len(text))
    return len(letters), len(words), longest
