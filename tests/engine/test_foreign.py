"""Modules that are not the program's own: read, asked, trusted, written and trained, and what happens when they misbehave."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from graph_engine import Graph
from graph_engine.codegen.foreign import imported, requirements, travelling
from graph_engine.codegen.project import project_files
from graph_engine.document import clip
from graph_engine.document.read import from_text
from graph_engine.document.write import to_text
from graph_engine.errors import CheckError, DocumentError, GraphError, ParamError, RunError
from graph_engine.foreign import questions
from graph_engine.foreign.child import Child
from graph_engine.graph.commands import SetParams
from graph_engine.graph.history import History
from graph_engine.graph.node import Node
from graph_engine.spec.foreign import Question
from graph_engine.spec.params import BoolParam, ChoiceParam, FloatParam, IntParam, IntsParam, LiteralParam, TextParam
from graph_engine.spec.signature import Signature, described
from graph_engine.spec.tensor import N, TensorSpec, as_size

MODULES = Path(__file__).parent.parent / "data" / "modules"


def alone(path: str, *shape: int | str, **params: Any) -> tuple[Graph, Node]:
    """An Input, a module, an Output."""
    graph = Graph("alone")
    graph.folder = MODULES
    node = graph.add("Module", path=path, **params)
    graph.connect(graph.add("Input", shape=shape), node)
    graph.connect(node, graph.add("Output"))
    return graph, node


def problem(graph: Graph, node: Node) -> str:
    """The one error of a node after all is answered."""
    [found] = [d for d in graph.answer().nodes[node.id].diagnostics if d.severity == "error"]
    return found.message.removeprefix(f"{node.name}: ")


# signatures


def test_a_signature_becomes_ports_and_parameters_of_fitting_kinds() -> None:
    init = (
        "(dim: int, rate: float = 0.1, *, name: str | None = None, act: Literal['relu', 'gelu'] = 'relu', wide: bool = False, "
        "size: int | tuple = 3, depths=(2, 2), norm=..., odd: int = 0.5)"
    )
    form = described("a.Block", Signature(init, "(x, mask=None, *, memory, scale: float = 1.0, loud=False)", "(y, (h, c), _)"))
    kinds = {p.name: type(p) for p in form.init}
    assert kinds == {
        "dim": IntParam, "rate": FloatParam, "name": TextParam, "act": ChoiceParam, "wide": BoolParam, "size": IntsParam,
        "depths": LiteralParam, "norm": LiteralParam, "odd": LiteralParam,
    }  # fmt: skip
    assert form.init[0].required and form.init[2].optional and form.init[7].default is None
    assert [(p.name, p.optional) for p in form.inputs] == [("x", False), ("mask", True), ("memory", False)]
    assert [p.name for p in form.outputs] == ["y", "h", "c"] and form.call.returns == ("y", ("h", "c"), "_")
    assert form.call.arguments == ("x",) and form.call.keywords == ("mask", "memory", "scale", "loud") and form.call.positional == 1


def test_one_name_for_two_things_is_told_apart_and_written_as_it_is() -> None:
    form = described("a.Block", Signature("(x: int, path: int = 1)", "(x, signature=None)", "x"))
    assert [p.name for p in form.inputs] == ["x", "signature_"] and [p.name for p in form.init] == ["x_", "path_"]
    assert form.call.renamed == {"signature_": "signature", "x_": "x", "path_": "path", "x__": "x"}
    graph, node = alone("own_layers.Strided", 3, 20, path__=6)
    assert graph.answer().ok
    assert "Strided(path=6)" in graph.to_python() and "self.strided1(x)" in graph.to_python()
    assert [p.name for p in node.spec.inputs] == ["path_"]


@pytest.mark.parametrize(
    "bad",
    [
        ["(", "()", "y", ""],
        ["()", "(): pass\nimport os", "y", ""],
        ["(x, x)", "()", "y", ""],
        ["(x=open('f'))", "()", "y", ""],
        ["()", "()", "f()", ""],
        ["()", "()", "(a, a)", ""],
        ["(" * 500, "()", "y", ""],
        ["()", "()", "y"],
        "text",
        [1, 2, 3, 4],
        ["(" + "x" * 30_000 + ")", "()", "y", ""],
    ],
)
def test_a_damaged_signature_is_refused_and_never_run(bad: Any) -> None:
    graph, node = alone("own_layers.Gate", 4, dim=4)
    with pytest.raises(ParamError, match="signature must be"):
        SetParams(node.id, {"signature": bad}).do(graph)
    content = json.loads(to_text(graph))
    content["nodes"][0]["params"]["signature"] = bad
    with pytest.raises(DocumentError, match="signature must be"):
        from_text(json.dumps(content), Graph)


def test_a_literal_is_a_value_and_never_code() -> None:
    param = LiteralParam(name="depths", help="Depths.", default=None)
    assert param.parse("[1, 2]") == "[1, 2]" and param.parse((1, 2)) == "(1, 2)" and param.parse("relu") == "'relu'"
    assert param.parse(param.parse("relu")) == "'relu'" and param.parse("__import__('os')") == "\"__import__('os')\""
    with pytest.raises(ParamError):
        param.parse("1" * 5000)


# asking


@pytest.mark.parametrize(
    ("path", "shape", "params", "outputs"),
    [
        ("own_layers.Gate", (6,), {"dim": 6}, {"output": "(N, 6)"}),
        ("own_layers.Strided", (3, "T"), {}, {"output": "(N, 4, (T + 1)//2 - 2)"}),
        ("own_layers.Short", ("T", 4), {}, {"output": "(N, T, 4)"}),
        ("own_layers.Counted", (5,), {}, {"output": "(N, 5)"}),
        ("own_layers.Halves", (6,), {"both": False}, {"output": "(N, 3)"}),
        ("own_layers.Join", (6,), {}, {"output": "(N, 6)"}),
        ("own_layers.tiny", (4,), {}, {"output": "(N, 2)"}),
        ("torch.nn.Linear", (7,), {"in_features": 7, "out_features": 2}, {"output": "(N, 2)"}),
        ("torch.nn.Flatten", ("H", "W"), {"start_dim": 0}, {"output": "(H*N*W,)"}),
    ],
)
def test_what_a_module_makes_is_found_by_running_it(path: str, shape: Any, params: Any, outputs: Any) -> None:
    graph, node = alone(path, *shape, **params)
    found = graph.answer().nodes[node.id]
    assert not [d.message for d in found.diagnostics if d.severity == "error"]
    assert {port: str(x).removesuffix(" float32") for port, x in found.outputs.items()} == outputs


def test_costs_are_those_of_the_block_that_is_the_same() -> None:
    graph, node = alone("torch.nn.Conv2d", 3, 12, 12, in_channels=3, out_channels=4, kernel_size=3)
    graph.answer()
    other = Graph("other")
    conv = other.add("Conv2d", out_channels=4, kernel_size=3)
    other.connect(other.add("Input", shape=[3, 12, 12]), conv)
    ours, theirs = other.check().nodes[conv.id], graph.check().nodes[node.id]
    for what in ("weights", "buffers", "flops", "parameters", "memory"):
        assert getattr(ours, what) == getattr(theirs, what), what


def test_the_outputs_that_running_shows_are_offered_and_kept() -> None:
    graph, node = alone("own_layers.Moments", 5, 4)
    assert problem(graph, node) == "Moments returns 2 tensors, but the node has 1 output."
    [fault] = graph.check().nodes[node.id].diagnostics
    graph.disconnect(next(graph.outgoing(node.id)).id)
    graph.set(node, **fault.fixes[0].params)
    assert [p.name for p in node.spec.outputs] == ["mean", "spread"]
    for port in ("mean", "spread"):
        graph.connect(node, graph.add("Output"), port)
    assert not [d for d in graph.answer().nodes[node.id].diagnostics if d.severity == "error"]


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("own_layers.Moody", "Moody returns something else while it is trained than when it is evaluated."),
        ("own_layers.Lost", "Lost returns a dict: only tensors, and tuples of them, can be connected."),
        ("own_layers.Crash", "own_layers.Crash ended the process that it ran in (signal 6)."),
    ],
)
def test_what_cannot_be_used_says_why(path: str, sentence: str) -> None:
    graph, node = alone(path, 4)
    assert problem(graph, node) == sentence
    assert not graph.check().ok


def test_an_error_of_the_module_is_told_as_it_says_it() -> None:
    graph, node = alone("own_layers.Gate", 5, dim=4)
    assert problem(graph, node).startswith("Gate fails on what it receives: mat1 and mat2 shapes cannot be multiplied")
    graph, node = alone("own_layers.Gate", 4, dim=-4)
    assert problem(graph, node).startswith("Gate cannot be made: ")


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("no_such_package.Block", "There is no Python module no_such_package: install it, or put its file beside the document."),
        ("own_layers.gate", "own_layers has nothing called gate. Did you mean Gate?"),
        ("own_layers.not_a_module", "own_layers.not_a_module is neither a torch.nn.Module class nor a function that makes one."),
        ("torch.nn.Sequential", ""),
        ("os.system", "os.system is part of Python, which has no torch.nn.Module."),
        ("torch.nn.Module", "torch.nn.Module has no forward of its own, so it cannot be called."),
    ],
)
def test_what_cannot_be_read_says_why(path: str, sentence: str) -> None:
    graph = Graph("none")
    graph.folder = MODULES
    if sentence:
        with pytest.raises(GraphError) as caught:
            graph.add("Module", path=path)
        assert str(caught.value) == sentence and not len(graph) and path not in graph.answers.trusted
    else:
        assert graph.add("Module", path=path).spec.inputs[0].name == "input"


@pytest.fixture
def hasty() -> Iterator[Child]:
    child = Child(seconds=1.0)
    yield child
    child.close()


def test_a_module_that_hangs_is_ended_and_others_go_on(hasty: Child) -> None:
    x = (("", TensorSpec((N, 4))),)
    assert hasty.answer(Question("own_layers.Forever", "{}", x), MODULES).refusal == (
        "own_layers.Forever took longer than 1 seconds and was ended."
    )
    assert not hasty.answer(Question("own_layers.Join", "{}", x), MODULES).refusal


def test_nothing_is_asked_before_it_is_trusted_and_nothing_is_asked_twice() -> None:
    graph, node = alone("own_layers.Gate", 4, dim=4)
    again = from_text(to_text(graph), Graph)
    again.folder = MODULES
    found = again.answer()
    [finding] = found.nodes[node.id].diagnostics
    assert (finding.code, finding.severity, finding.fixes[0].action) == ("module.untrusted", "warning", "trust")
    assert found.nodes[node.id].status == "waiting" and not found.ok
    with pytest.raises(CheckError, match=r"own_layers.Gate is code that this document names; it is not trusted yet"):
        again.to_python()
    again.trust()
    assert [d.code for d in again.check().nodes[node.id].diagnostics] == ["module.asked"] and not again.check().ok
    assert again.answer().ok and again.answer() is again.check()
    again.set(node, hidden=16)
    assert not again.check().ok and again.answer().nodes[node.id].weights["inner.weight"] == (16, 4)


def test_more_free_sizes_than_can_be_told_apart_are_refused() -> None:
    x = (("", TensorSpec(tuple(map(as_size, ("N", "T", "H", "W"))))),)
    answer = questions.refused(Question("a.B", "{}", x))
    assert answer is not None and answer.refusal.startswith("B receives more than 3 free sizes")


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (lambda n, t: 7, "7"),
        (lambda n, t: n * t, "N*T"),
        (lambda n, t: (t - 5) // 2 + 1, "(T + 1)//2 - 2"),
        (lambda n, t: -(-t // 3), "(T + 2)//3"),
        (lambda n, t: n * (n - 1) // 2, "(N*N - N)//2"),
        (lambda n, t: t**3, None),
        (lambda n, t: max(t, 100), None),
    ],
)
def test_sizes_are_solved(rule: Any, text: str | None) -> None:
    question = Question("a.B", "{}", (("", TensorSpec((N, as_size("T")))),))
    [(grid, tests), *_] = questions._scales(question)
    values = [rule(at["N"], at["T"]) for at in (*grid, *tests)]
    found = questions.solve(values, grid, tests)
    assert found is None if text is None else str(found) == text


# documents


def test_a_node_is_drawn_from_its_document_alone_and_goes_with_undo(tmp_path: Path) -> None:
    graph, node = alone("own_layers.Gate", 6, dim=6, act="gelu", layers=[3, 4])
    text = to_text(graph)
    again = from_text(text, Graph)
    assert to_text(again) == text
    assert [p.name for p in again[node.id].spec.inputs] == ["x", "other"] and again[node.id].spec.title == "Gate"
    assert again[node.id].params["layers"] == "[3, 4]" and len(again.edges) == 2
    history = History(again)
    history.execute(SetParams(node.id, {"path": "own_layers.Halves", "signature": Signature("()", "(y)", "(a, b)")}))
    assert [p.name for p in again[node.id].spec.outputs] == ["a", "b"] and not again.edges and "dim" not in again[node.id].params
    history.undo()
    assert to_text(again) == text
    pasted = clip.paste(again, clip.copy(again, [node.id]))
    pasted.do(again)
    assert again[pasted.nodes[0]].spec is again[node.id].spec


HOSTILE = """
from pathlib import Path
Path({mark!r}).write_text("ran")
from torch import nn
class Bad(nn.Module):
    def forward(self, x): return x
"""


def test_opening_a_hostile_document_runs_nothing_of_it(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    (tmp_path / "hostile.py").write_text(HOSTILE.format(mark=str(mark)))
    graph, node = alone("own_layers.Gate", 6, dim=6)
    text = to_text(graph).replace("own_layers.Gate", "hostile.Bad")
    document = tmp_path / "hostile.archloom"
    document.write_text(text)
    opened = Graph.load(document)
    assert opened.folder == tmp_path and opened.foreign == {"hostile.Bad"} and not opened.is_trusted
    opened.answer()
    history = History(opened)
    history.execute(clip.paste(opened, clip.copy(opened, [node.id])))
    opened.answer()
    history.undo()
    to_text(opened)
    for refused in (opened.to_python, opened.compile, lambda: project_files(opened)):
        with pytest.raises(CheckError, match="not trusted yet"):
            refused()
    for command in ("check", "train", "export"):
        arguments = [command, str(document), *(() if command == "check" else ("-o", str(tmp_path / "out")))]
        done = subprocess.run([sys.executable, "-m", "app", *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert done.stderr == ("archloom: hostile.archloom names code that is not part of Archloom (hostile.Bad): add --trust to run it.\n")
    assert not mark.exists()
    opened.trust()
    opened.answer()
    assert mark.exists(), "the test itself would not notice"


def test_a_file_beside_the_document_does_not_replace_an_installed_package(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("raise SystemExit('replaced')")
    (tmp_path / "json.py").write_text("raise SystemExit('replaced')")
    graph, node = alone("torch.nn.ReLU", 4)
    graph.folder = tmp_path
    assert graph.answer().nodes[node.id].status == "ok"


def test_modules_inside_groups_are_asked_trusted_and_written() -> None:
    graph = Graph("nested")
    graph.folder = MODULES
    x, node = graph.add("Input", shape=[6]), graph.add("Module", path="own_layers.Gate", dim=6)
    graph.connect(x, node)
    graph.connect(node, graph.add("Output"))
    used = graph.group([node], "Gated")
    graph.inside(used).expose("act", node, "act")
    graph.set(used, repeat=2)
    assert graph.foreign == {"own_layers.Gate"} and not graph.check().ok and graph.check().nodes[used.id].status == "waiting"
    assert graph.answer().nodes[used.id].parameters == 2 * 122
    again = from_text(to_text(graph), Graph)
    again.folder = MODULES
    assert again.answer().questions and [d.code for d in again.check().diagnostics if d.path] == ["module.untrusted"]
    again.trust()
    assert again.answer().ok and again.to_python() == graph.to_python()
    assert "from own_layers import Gate" in again.to_python() and "Gate(6, act=act)" in again.to_python()
    assert again.compile() is not None
    graph.inside(used).set(node, hidden=16)
    assert graph.answer().ok and graph.check().nodes[used.id].parameters == 2 * 226


def test_what_ports_follow_from_cannot_be_exposed() -> None:
    graph = Graph("nested")
    chunk = graph.add("Chunk", dim=1)
    graph.connect(graph.add("Input", shape=[6]), chunk)
    used = graph.group([chunk], "Cut")
    with pytest.raises(GraphError, match="chunks of chunk1 cannot be exposed"):
        graph.inside(used).expose("parts", chunk, "chunks")
    assert not graph.inside(used).graph.exposed


# code


def test_classes_are_imported_by_name_and_by_module_where_the_name_is_taken() -> None:
    lines, written = imported(["timm.layers.Mlp", "own.Mlp", "timm.layers.DropPath", "own.nn", "own.Doc"], {"nn", "Doc"})
    assert sorted(lines) == ["from timm.layers import DropPath, Mlp", "import own"]
    assert written == {
        "timm.layers.Mlp": "Mlp", "own.Mlp": "own.Mlp", "timm.layers.DropPath": "DropPath", "own.nn": "own.nn", "own.Doc": "own.Doc",
    }  # fmt: skip


def test_requirements_and_files_follow_from_the_names(tmp_path: Path) -> None:
    assert requirements(["torch.nn.Linear"], None) == []
    [line] = requirements(["networkx.algorithms.X"], None)
    assert line.startswith("networkx>=3")
    assert sorted(travelling(["own_layers.Gate"], MODULES)) == ["own_helper.py", "own_layers.py"]
    package = tmp_path / "mine"
    (package / "inner").mkdir(parents=True)
    for name in ("__init__.py", "inner/__init__.py", "inner/blocks.py"):
        (package / name).write_text("import json\n")
    assert sorted(travelling(["mine.inner.blocks.X"], tmp_path)) == ["mine/__init__.py", "mine/inner/__init__.py", "mine/inner/blocks.py"]
    (tmp_path / "model.py").write_text("")
    with pytest.raises(RunError, match=r"model.py cannot travel with the project"):
        travelling(["model.X"], tmp_path)


def trainable(folder: Path) -> Path:
    """A document with a module of the user's own beside it."""
    shutil.copytree(MODULES, folder, dirs_exist_ok=True)
    graph = Graph("gated")
    graph.folder = folder
    chain = [
        graph.add("Input", shape=[1, 8, 8]),
        graph.add("Flatten"),
        graph.add("Module", path="own_layers.Gate", dim=64, act="gelu", scale=0.5),
        graph.add("Linear", out_features=10),
        graph.add("Output"),
    ]
    for a, b in pairwise(chain):
        graph.connect(a, b)
    graph.configure(data={"dataset": "digits"}, training={"epochs": 1, "threads": 1, "device": "cpu"})
    graph.save(folder / "gated.archloom")
    return folder / "gated.archloom"


def test_a_network_with_a_module_of_ones_own_trains_and_its_project_stands_alone(tmp_path: Path) -> None:
    document = trainable(tmp_path / "doc")
    done = subprocess.run(
        [sys.executable, "-m", "app", "train", str(document), "-o", str(tmp_path / "run"), "--trust", "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert not done.returncode, done.stderr
    graph = Graph.load(document)
    graph.trust()
    graph.answer()
    files = project_files(graph)
    assert "from own_layers import Gate" in files["model.py"] and 'Gate(64, act="gelu")' in files["model.py"]
    assert "self.gate1(x, scale=0.5)" in files["model.py"]
    project = tmp_path / "project"
    project.mkdir()
    for name, text in files.items():
        (project / name).write_text(text)
    ran = subprocess.run([sys.executable, "-I", "-c", ALONE], cwd=project, capture_output=True, text=True, check=False)
    assert not ran.returncode, ran.stderr
    assert (tmp_path / "run" / "metrics.jsonl").read_text() == (project / "run" / "metrics.jsonl").read_text()


ALONE = "import sys, runpy; sys.path.insert(0, '.'); sys.argv = ['train.py']; runpy.run_path('train.py', run_name='__main__')"


def test_weights_are_kept_over_an_edit(tmp_path: Path) -> None:
    graph, node = alone("own_layers.Gate", 4, dim=4)
    other = graph.add("Module", path="own_layers.Counted")
    graph.connect(other, node, target_port="other")
    graph.connect(graph.named("x"), other)
    before = graph.compile()
    graph.set(node, hidden=16)
    after = graph.compile(before)
    mine, theirs = dict(after.named_parameters()), dict(before.named_parameters())
    assert mine["gate1.norm.weight"] is theirs["gate1.norm.weight"] and mine["gate1.inner.weight"].shape == (16, 4)


def test_a_fresh_node_says_what_it_wants() -> None:
    g = Graph("net")
    node = g.add("Module")
    [found] = g.check().nodes[node.id].diagnostics
    assert found.code == "param.missing" and "write into path" in found.message and not found.fixes
