"""Each mistake in data of the user's own is told once, with evidence, and mended where that is certain; sound data raises no alarm."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from graph_engine import Graph
from graph_engine.analysis.diagnostics import Diagnostic
from graph_engine.analysis.fixes import commands
from graph_engine.graph.history import History
from tests.engine.data.makers import carbon_dioxide, network, pictures, wine, wine_rows, write_csv


def repeated(folder: Path) -> Graph:
    head, rows = wine_rows()
    return network(write_csv(folder / "t.csv", head, rows + rows[:9]), targets=["cultivar"])


def leaky(folder: Path) -> Graph:
    head, rows = wine_rows()
    return network(write_csv(folder / "t.csv", [*head, "wine"], [[*row, row[-2].upper()] for row in rows]), targets=["cultivar"])


def leaky_number(folder: Path) -> Graph:
    head, rows = wine_rows()
    return network(write_csv(folder / "t.csv", [*head, "in litres"], [[*row, row[12] / 1000] for row in rows]), targets=["proline"])


def among(folder: Path) -> Graph:
    return network(wine(folder / "t.csv"), targets=["cultivar"], features=["alcohol", "cultivar"])


def shuffled(folder: Path) -> Graph:
    return network(carbon_dioxide(folder / "t.csv"), split="random")


def gaps(folder: Path) -> Graph:
    head, rows = wine_rows()
    return network(
        write_csv(folder / "t.csv", head, [["", *row[1:]] if i % 8 == 0 else row for i, row in enumerate(rows)]), targets=["cultivar"]
    )


def rare(folder: Path) -> Graph:
    head, rows = wine_rows()
    return network(write_csv(folder / "t.csv", head, [*rows[1:], [*rows[0][:13], "cultivar 9", "north"]]), targets=["cultivar"])


def sizes(folder: Path) -> Graph:
    pictures(folder / "t", 60)
    Image.new("L", (20, 10)).save(folder / "t" / "digit 1" / "large.png")
    return network(folder / "t")


def damaged(folder: Path) -> Graph:
    pictures(folder / "t", 60)
    (folder / "t" / "digit 1" / "bad.png").write_bytes(b"tea")
    return network(folder / "t")


def not_finite(folder: Path) -> Graph:
    x = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    x[3, 1] = np.nan
    np.savez(folder / "t.npz", x=x, y=np.arange(50) % 3)
    return network(folder / "t.npz")


def below_zero(folder: Path) -> Graph:
    np.savez(folder / "t.npz", x=np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32), y=np.arange(50) % 3 - 1)
    return network(folder / "t.npz")


def tokens(folder: Path) -> Graph:
    np.savez(folder / "t.npz", x=np.random.default_rng(0).integers(0, 20, size=(50, 4)), y=np.arange(50) % 3)
    graph = Graph("tokens")
    graph.learn_from(folder / "t.npz")
    table = graph.add("Embedding", num_embeddings=20, embedding_dim=4)
    graph.connect(next(iter(graph)), table)
    return graph


def no_file(folder: Path) -> Graph:
    graph = Graph("none")
    graph.configure(data={"dataset": "table"})
    return graph


def no_target(folder: Path) -> Graph:
    graph = Graph("none")
    graph.learn_from(wine(folder / "t.csv"), targets=[])
    return graph


CASES: tuple[tuple[Callable[[Path], Graph], str, str, bool], ...] = (
    (repeated, "data.repeated-samples", "9 of 187 samples (4.8%) are the same as another one", True),
    (leaky, "data.leak", "wine of t.csv gives the answer away: it has 3 values, and each of them goes with one of cultivar", True),
    (leaky_number, "data.leak", "in litres of t.csv gives the answer away", True),
    (among, "data.leak", "cultivar of t.csv gives the answer away: it is itself to be told", True),
    (shuffled, "data.shuffled-series", "windows are divided by chance", True),
    (gaps, "data.missing-values", "values are missing (alcohol 12.9%)", False),
    (rare, "data.rare-class", "cultivar 9 (1)", False),
    (sizes, "data.picture-sizes", "8×8 (60), 20×10 (1). All are brought to 8×8; those of other proportions are squeezed", False),
    (damaged, "data.unreadable", "1 file cannot be read and is left out: digit 1/bad.png", False),
    (not_finite, "data.not-finite", "x of t.npz: 1 values are not a number", False),
    (below_zero, "data.label-range", "3 whole numbers from -1 to 1", False),
    (tokens, "data.tokens", "x of t.npz holds whole numbers", True),
    (no_file, "data.no-file", "no file or folder is chosen yet", False),
    (no_target, "data.nothing-told", "choose its targets", False),
)


def told(graph: Graph, code: str) -> list[Diagnostic]:
    return [d for d in graph.check().diagnostics if d.code == code]


@pytest.mark.parametrize(("make", "code", "words", "mends"), CASES, ids=[make.__name__ for make, *_ in CASES])
def test_a_mistake_is_told_with_evidence_and_mended(
    make: Callable[[Path], Graph], code: str, words: str, mends: bool, tmp_path: Path
) -> None:
    graph = make(tmp_path)
    [found] = told(graph, code)
    assert words in found.message
    assert bool(found.fixes) == mends
    if mends:
        before, history = graph.settings, History(graph)
        history.execute(commands(graph, found, found.fixes[0]))
        assert not told(graph, code)
        history.undo()
        assert graph.settings == before
