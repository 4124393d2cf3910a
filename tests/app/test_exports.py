"""What a document is exported to: each row of the table writes something that is what it says, from the terminal and from the window."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtGui import QImage
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QComboBox, QDialog, QFileDialog
from pytestqt.qtbot import QtBot

from app import cli
from app.canvas.figure import EDGE, Figure
from app.canvas.geometry import WIDTH
from app.exports import EXPORTS, part_named, shown
from app.window import MainWindow
from graph_engine import Graph
from graph_engine.errors import GraphError
from graph_engine.templates import template

_SVG = "{http://www.w3.org/2000/svg}"


def words(svg: bytes) -> list[str]:
    return ["".join(text.itertext()).strip() for text in ElementTree.fromstring(svg).iter(f"{_SVG}text")]


@pytest.fixture
def drawn(qapp: QApplication) -> Callable[..., Figure]:
    def draw(graph: Graph, group: str = "", *nodes: str) -> Figure:
        part = part_named(graph, group, nodes)
        return Figure(*shown(graph, part.place), part.nodes)

    return draw


def test_a_figure_is_vectors_and_words(drawn: Callable[..., Figure]) -> None:
    graph = template("cnn_digits").open()
    svg = drawn(graph).svg("Digits")
    assert {node.name for node in graph} | {"32×26×26", "18,496"} <= set(words(svg))
    assert b"<image" not in svg
    assert b"Phosphor" not in svg, "nobody has the font of the icons"
    assert all("textLength" in text.attrib for text in ElementTree.fromstring(svg).iter(f"{_SVG}text"))
    assert QSvgRenderer(svg).isValid()


def test_a_page_is_as_large_as_its_figure_and_has_its_fonts(drawn: Callable[..., Figure]) -> None:
    figure = drawn(template("cnn_digits").open())
    pdf = figure.pdf("Digits")
    found = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert found is not None
    assert float(found[1]) == pytest.approx(figure.rect.width() * 0.75, abs=1)
    assert b"Inter" in pdf and b"/ToUnicode" in pdf and b"/Subtype /Image" not in pdf


def test_a_picture_has_300_pixels_an_inch(drawn: Callable[..., Figure]) -> None:
    figure = drawn(template("mlp_digits").open())
    image = QImage.fromData(figure.png("Digits"))
    assert image.dotsPerMeterX() == round(300 / 0.0254)
    assert image.pixelColor(2, 2).name() == "#ffffff"
    assert image.width() == round(figure.rect.width() * 300 / 96)


def test_a_figure_of_thousands_of_nodes_shows_them_whole(drawn: Callable[..., Figure]) -> None:
    graph = Graph("deep")
    last = graph.add("Input", shape=[8])
    for i in range(400):
        node = graph.add("Linear", out_features=8, position=(272.0 * (i % 20), 144.0 * (i // 20)))
        graph.connect(last, node)
        last = node
    figure = drawn(graph)
    assert words(figure.svg("deep")).count("Linear") == 400
    picture = QImage.fromData(figure.png("deep"))
    assert 0 < picture.width() * picture.height() <= 60_100_000


def test_a_part_is_drawn_with_the_edges_between_its_nodes(drawn: Callable[..., Figure]) -> None:
    graph = template("cnn_digits").open()
    figure = drawn(graph, "", "conv1")
    assert figure.rect.width() == WIDTH + 2 * EDGE
    assert words(figure.svg("one")) == ["conv1", "32 · 3×3", "Conv2d", "320", "32×26×26"]
    assert "1×28×28" in words(drawn(graph, "", "x", "conv1").svg("two"))
    hybrid = template("hybrid_digits").open()
    assert "attention1" in words(drawn(hybrid, "attention/attention_layer1").svg("inside"))
    with pytest.raises(GraphError, match="not a group"):
        part_named(graph, "conv1", ())


def test_the_picture_is_the_same_in_both_themes(window: MainWindow, drawn: Callable[..., Figure]) -> None:
    document = window.session.document
    light = drawn(document).png("x")
    window.actions_["theme_dark"].trigger()
    assert drawn(document).png("x") == light


@pytest.mark.parametrize("to", [export.id for export in EXPORTS if export.id not in ("onnx", "pt2", "torchscript")])
def test_the_terminal_writes_every_row_of_the_table(to: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = tmp_path / "net.archloom"
    template("mlp_digits").open().save(document)
    [suffix] = [export.suffix for export in EXPORTS if export.id == to]
    out = tmp_path / f"out{suffix}"
    assert cli.main(["export", str(document), "--to", to, "-o", str(out)]) == 0
    assert out.is_dir() if not suffix else out.stat().st_size > 0
    assert f"Wrote {out}." in capsys.readouterr().out


def test_the_help_tells_every_row(capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["export", "--help"])
    said = capsys.readouterr().out
    assert all(f"{export.id}:" in said for export in EXPORTS)
    assert cli.main(["export", "x.archloom", "--to", "nothing", "-o", "x"]) == 2


def test_the_window_asks_which_part_is_meant(window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "figure.svg"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(out), ""))
    window.actions_["export_svg"].trigger()
    assert "linear2" in words(out.read_bytes())
    window.canvas.select([window.session.graph.named("conv1").id])
    offered: list[str] = []

    def accept() -> None:
        dialog = window.findChild(QDialog, "choices")
        box = dialog.findChild(QComboBox)
        offered.extend(box.itemText(i) for i in range(box.count()))
        dialog.accept()

    QTimer.singleShot(0, accept)
    window.actions_["export_svg"].trigger()
    assert offered == ["The selected nodes (1)", "The whole network"]
    assert "linear2" not in words(out.read_bytes())


def test_the_window_exports_in_a_process_of_its_own(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.documents.new_from(template("mlp_digits"))
    out = tmp_path / "net.safetensors"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(out), ""))
    window.actions_["export_weights"].trigger()
    assert window.exporting.stage
    qtbot.waitUntil(lambda: window.exporting.written == out, timeout=120_000)
    assert out.stat().st_size > 1000
    assert window.exporting.notes == ("It holds fresh weights (seed 0), which have learned nothing.",)
    window.actions_["export_pt2"].trigger()
    qtbot.waitUntil(lambda: "ecording" in window.exporting.stage, timeout=120_000)
    window.exporting.cancel()
    assert not window.exporting.stage and out.suffix == ".safetensors"
