"""The terminal's commands, from outside: what they print, what they write, their exit status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app import cli
from graph_engine import Graph


def run(*arguments: str | Path, code: int = 0) -> int:
    """Runs a command in this process and holds its exit status against ``code``."""
    status = cli.main([str(a) for a in arguments])
    assert status == code
    return status


def shell(script: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Runs Python in a fresh process."""
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env={**os.environ, **env}, check=False)


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "digits.archloom"
    run("new", "cnn_digits", "-o", path)
    return path


def test_the_documents_cnn_has_93322_parameters(document: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    run("check", document, "--json")
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] and report["parameters"] == 93_322 and report["diagnostics"] == []
    shapes = {n["name"]: n["outputs"].get("output", {}).get("shape") for n in report["nodes"]}
    assert shapes["conv1"] == ["N", 32, 26, 26] and shapes["max_pool2"] == ["N", 64, 5, 5] and shapes["linear2"] == ["N", 10]
    assert sum(n["flops"] for n in report["nodes"]) == report["flops"]


def test_a_faulty_document_is_status_1_and_names_node_and_reason(document: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graph = Graph.load(document)
    graph.set(graph.named("conv2"), kernel_size=40)
    graph.save(document)
    run("check", document, code=1)
    printed = capsys.readouterr().out
    assert "conv2" in printed and "kernel spans 40" in printed and "waiting" in printed
    run("export", document, "-o", document.with_suffix(".py"), code=1)
    assert "conv2" in capsys.readouterr().err
    assert not document.with_suffix(".py").exists()


def test_what_is_inside_groups_is_listed_below_them_with_the_way_to_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "hybrid.archloom"
    run("new", "hybrid_digits", "-o", path)
    graph = Graph.load(path)
    capsys.readouterr()
    run("check", path)
    printed = capsys.readouterr().out.splitlines()
    names = [line.split()[0] for line in printed if line.strip()]
    assert names.index("image") < names.index("convolution1") < names.index("conv1") < names.index("max_pool1") < names.index("scores")
    assert any("   convolution1" in line and "Convolution ×2" in line and "9,632" in line for line in printed)
    run("check", path, "--json")
    report = json.loads(capsys.readouterr().out)
    rows = {(*n["path"], n["id"]): n for n in report["nodes"]}
    image, twice = graph.named("image"), graph.inside("Image").graph.named("convolution1")
    conv = graph.inside("Convolution").graph.named("conv1")
    assert rows[image.id, twice.id]["repeat"] == 2 and rows[image.id, twice.id]["group"] == "Convolution"
    assert rows[image.id, twice.id, conv.id]["parameters"] == 288
    assert sum(n["parameters"] for n in report["nodes"] if not n["path"]) == report["parameters"]
    graph.inside("Convolution").set(conv, kernel_size=40)
    graph.save(path)
    run("check", path, code=1)
    assert "image › convolution1 › conv1: " in capsys.readouterr().out
    run("check", path, "--json", code=1)
    assert json.loads(capsys.readouterr().out)["diagnostics"][0]["path"] == [image.id, twice.id]


def test_every_command_lists_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    run("blocks", "--json")
    blocks = {b["id"]: b for b in json.loads(capsys.readouterr().out)}
    assert blocks["Conv2d"]["parameters"][0]["inferred"] and blocks["LSTM"]["outputs"][1]["name"] == "h_n"
    run("templates", "--json")
    assert "cnn_digits" in [t["id"] for t in json.loads(capsys.readouterr().out)]


def test_a_reference_page(capsys: pytest.CaptureFixture[str]) -> None:
    run("blocks", "MultiheadAttention")
    page = capsys.readouterr().out
    assert "key_padding_mask" in page and "docs.pytorch.org" in page
    run("blocks", "Conv2", code=1)
    assert "Did you mean Conv2d?" in capsys.readouterr().err


def test_export_python_and_project(document: Path, tmp_path: Path) -> None:
    run("export", document, "-o", tmp_path / "model.py")
    assert (tmp_path / "model.py").read_text(encoding="utf-8") == Graph.load(document).to_python()
    run("export", document, "--to", "project", "-o", tmp_path / "project")
    assert {p.name for p in (tmp_path / "project").iterdir()} >= {"model.py", "data.py", "train.py", "requirements.txt", "README.md"}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("check", "nowhere.archloom"), 1, "nowhere.archloom cannot be read"),
        (("new", "nothing", "-o", "x.archloom"), 1, "no template 'nothing'"),
        (("nonsense",), 2, "nonsense"),
        (("check",), 2, "FILE"),
        (("evaluate", "."), 1, ""),
        (("screenshot", "x.archloom", "-o", "x.png", "--size", "big"), 2, "1440x900"),
    ],
)
def test_what_cannot_be_done_is_said(
    arguments: tuple[str, ...], code: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    run(*arguments, code=code)
    error = capsys.readouterr().err
    assert said in error and "Traceback" not in error


def test_nothing_is_overwritten(document: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = document.read_bytes()
    run("new", "mlp_digits", "-o", document, code=1)
    assert document.read_bytes() == before
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine", encoding="utf-8")
    run("export", document, "--to", "project", "-o", tmp_path / "full", code=1)
    assert "not empty" in capsys.readouterr().err


def test_train_and_evaluate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, run_dir = tmp_path / "mlp.archloom", tmp_path / "run"
    run("new", "mlp_digits", "-o", path)
    run("train", path, "-o", run_dir, "--epochs", "2", "--device", "cpu")
    rows = [json.loads(line) for line in (run_dir / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {"train/loss", "val/loss", "val/accuracy", "lr"} <= {r["name"] for r in rows}
    capsys.readouterr()
    run("evaluate", run_dir, "--json")
    measured = json.loads(capsys.readouterr().out)
    assert measured["val/accuracy"] == [r for r in rows if r["name"] == "val/accuracy"][-1]["value"]
    run("train", path, "-o", run_dir, code=1)
    assert "Traceback" not in capsys.readouterr().err


def test_checking_imports_neither_torch_nor_qt(document: Path) -> None:
    script = f"""
import sys
from app.cli import main
status = main(["check", {str(document)!r}])
assert not {{"torch", "PySide6", "pyqtgraph"}} & set(sys.modules), sorted(sys.modules)
sys.exit(status)
"""
    done = shell(script)
    assert done.returncode == 0, done.stderr


def test_a_python_file_is_read_and_not_run(document: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, made = document.with_name("net.py"), document.with_name("net.archloom")
    file.write_text("print('ran')\n\n" + Graph.load(document).to_python())
    capsys.readouterr()
    run("import", file, "-o", made)
    said = capsys.readouterr().out
    assert "ran" not in said.split() and "Nothing was run" in said
    assert Graph.load(made).check().parameters == 93_322
    file.write_text("class Net(nn.Module):\n    pass\n")
    run("import", f"{file}:Net", "-o", document.with_name("other.archloom"), code=1)
    assert "Line 1: Net has no forward." in capsys.readouterr().err
