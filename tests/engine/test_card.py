"""Model cards and curves: what stands in them is what the document and the run say."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from graph_engine.codegen.card import write_card
from graph_engine.codegen.curves import Point, draw_curves, read_curves, ticks
from graph_engine.errors import RunError
from graph_engine.templates import template, templates


def test_a_card_lists_every_layer_with_its_figures() -> None:
    graph = template("cnn_digits").open()
    card = write_card(graph, "net.svg", {"val/accuracy": 0.98765}, ["net-loss.svg"], "003")
    assert "| conv1 | Conv2d | (N, 32, 26, 26) | 320 | 389,376 |" in card
    assert "| val/accuracy | 0.9877 |" in card and "run 003" in card and "![net-loss](net-loss.svg)" in card
    assert all(f"| {node.name} |" in card for node in graph)
    assert "| 93,322 |" in card and "optimizer.name" in card and "facts" not in card


def test_the_tables_of_every_template_are_whole() -> None:
    for one in templates():
        rows = [line for line in write_card(one.open(), "n.svg", {}, [], "").splitlines() if line.startswith("|")]
        assert len(rows) > 10 and "## Result" not in rows
        for before, after in itertools.pairwise(rows):
            if after.startswith("| ---"):
                assert before.count("|") == after.count("|")


def test_curves_are_read_and_drawn(tmp_path: Path) -> None:
    rows = [{"step": i, "epoch": 1, "name": "train/loss", "value": 1 / (i + 1)} for i in range(2000)]
    rows += [{"step": i, "epoch": 1, "name": "val/loss", "value": 0.5} for i in (1000, 2000)]
    rows += [{"step": 1, "epoch": 1, "name": "lr", "value": 0.1}, {"step": 2, "epoch": 1, "name": "train/loss", "value": "NaN"}]
    (tmp_path / "metrics.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    curves = read_curves(tmp_path / "metrics.jsonl")
    assert set(curves) == {"loss"} and len(curves["loss"]["train"]) == 2000 and curves["loss"]["val"][1] == Point(2000, 0.5)
    picture = ElementTree.fromstring(draw_curves("loss", curves["loss"]))
    lines = picture.findall("{http://www.w3.org/2000/svg}polyline")
    assert len(lines) == 2 and max(len(line.attrib["points"].split()) for line in lines) <= 400
    (tmp_path / "metrics.jsonl").write_text("{", encoding="utf-8")
    with pytest.raises(RunError, match="cannot be read"):
        read_curves(tmp_path / "metrics.jsonl")


@pytest.mark.parametrize(("least", "greatest"), [(0, 1), (0.3, 0.31), (5, 5), (0, 0), (-3, 12_000), (1e-9, 2e-9)])
def test_ticks_are_few_and_hold_the_range(least: float, greatest: float) -> None:
    found = ticks(least, greatest)
    assert 2 <= len(found) <= 9 and found[0] <= least and found[-1] >= greatest
