"""Documents: nothing lost on the way to the disk and back, one clear sentence for whatever is not a document, and never code that runs."""

from __future__ import annotations

import errno
import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graph_engine import Graph
from graph_engine.document.migrations import MIGRATIONS, VERSION
from graph_engine.document.read import from_text
from graph_engine.document.write import to_text
from graph_engine.errors import ArchloomError, DocumentError, NewerVersionError, UnwritableError
from graph_engine.graph.annotate import Annotate
from graph_engine.graph.annotation import Annotation
from graph_engine.templates import template, templates
from tests.engine.graphs import documents_cnn, random_graph

OLD = sorted((Path(__file__).parent.parent / "data" / "documents").glob("*.archloom"))


def contents(graph: Graph) -> Any:
    """All that a document holds."""
    edges = {(e.source, e.source_port, e.target, e.target_port) for e in graph.edges.values()}
    order = {n.id: [(e.source, e.source_port) for p in n.spec.inputs for e in graph.inputs(n.id, p.name)] for n in graph}
    nodes = [(n.id, n.name, n.block, dict(n.params), n.position) for n in graph]
    return graph.name, graph.description, nodes, edges, order, graph.settings


def said(text: str) -> str:
    """The sentence with which a text is refused."""
    with pytest.raises(DocumentError) as refused:
        from_text(text, Graph, "net.archloom")
    sentence = str(refused.value)
    assert sentence[-1] in ".?" and "\n" not in sentence and len(sentence) < 400, sentence
    assert "net.archloom" in sentence
    return sentence


@pytest.mark.parametrize("template", templates(), ids=lambda t: t.id)
def test_templates_come_back_as_they_were_written(template: Any, tmp_path: Path) -> None:
    path = tmp_path / "net.archloom"
    template.graph.save(path)
    again = Graph.load(path)
    assert contents(again) == contents(template.graph)
    assert to_text(again) == path.read_text(encoding="utf-8") == to_text(template.graph)


@pytest.mark.parametrize("seed", range(30))
def test_any_graph_comes_back(seed: int) -> None:
    rng = random.Random(seed)
    graph = random_graph(rng, 12, like_a_person=bool(seed % 2))
    again = from_text(to_text(graph), Graph)
    assert contents(again) == contents(graph)
    assert to_text(again) == to_text(graph)
    assert again.check().diagnostics == graph.check().diagnostics


def test_names_in_any_script_and_descriptions_of_any_text_come_back() -> None:
    graph = Graph("数字 «识别»", 'Says "hello",\n\ttwice: \\ \u2028 \x00 😀')
    graph.add("Input", name="输入", shape=[1], position=(0.1 + 0.2, -1e-300))
    text = to_text(graph)
    assert contents(from_text(text, Graph)) == contents(graph)
    assert '"输入"' in text


def test_the_text_is_stable_and_has_one_node_a_line() -> None:
    graph = documents_cnn()
    lines = to_text(graph).splitlines()
    assert sum('"block"' in line for line in lines) == len(graph)
    assert json.loads("\n".join(lines))["version"] == VERSION
    one = lines.index(next(line for line in lines if '"conv2"' in line))
    graph.set(graph.named("conv2"), out_channels=48)
    after = to_text(graph).splitlines()
    assert [i for i, (a, b) in enumerate(zip(lines, after, strict=True)) if a != b] == [one]


def test_defaults_are_not_written_but_what_differs_is() -> None:
    graph = Graph("defaults")
    graph.add("Conv2d", out_channels=8, kernel_size=3, stride=1, padding_mode="zeros")
    assert json.loads(to_text(graph))["nodes"][0]["params"] == {"out_channels": 8, "kernel_size": 3}


def test_new_nodes_and_edges_in_an_opened_document_get_ids_of_their_own() -> None:
    graph = from_text(to_text(documents_cnn()), Graph)
    node = graph.add("ReLU")
    assert node.id == "n15" and node.name == "relu5"


# writing


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnwritableError, match="cannot be written"):
        documents_cnn().save(tmp_path / "nowhere" / "net.archloom")


def test_a_folder_in_the_place_of_the_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnwritableError):
        documents_cnn().save(tmp_path)
    assert list(tmp_path.parent.glob("*.tmp")) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_folder_without_permission_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UnwritableError):
        documents_cnn().save(tmp_path / "net.archloom")


class FullDisk:
    """Stands for a call of the operating system that finds no room."""

    def __call__(self, *_: Any, **__: Any) -> Any:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("call", ["os.fsync", "tempfile.mkstemp", "pathlib.Path.replace"])
def test_a_full_disk_costs_nothing_that_was_there(call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "net.archloom"
    graph = documents_cnn()
    graph.save(path)
    before = path.read_bytes()
    graph.add("ReLU")
    with monkeypatch.context() as patch:
        patch.setattr(call, FullDisk())
        with pytest.raises(UnwritableError, match="No space left"):
            graph.save(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["net.archloom"], "no half file stays behind"
    graph.save(path)
    assert len(Graph.load(path)) == len(graph)


def test_saving_keeps_the_permissions_and_follows_links(tmp_path: Path) -> None:
    path, link = tmp_path / "net.archloom", tmp_path / "link.archloom"
    documents_cnn().save(path)
    path.chmod(0o640)
    link.symlink_to(path)
    documents_cnn().save(link)
    assert path.stat().st_mode & 0o777 == 0o640 and link.is_symlink()


# reading what is not a document


def test_a_document_cut_off_anywhere_is_told() -> None:
    text = to_text(template("mlp_digits").open())
    for at in range(len(text.rstrip())):
        said(text[:at])
    assert "cut off" in said(text[: len(text) // 2])
    assert "empty" in said("") and "empty" in said(" \n ")


def test_a_file_cut_off_inside_a_character_is_told(tmp_path: Path) -> None:
    path = tmp_path / "net.archloom"
    graph = Graph("数字")
    content = to_text(graph).encode()
    for at in range(len(content) - 1):
        path.write_bytes(content[:at])
        with pytest.raises(DocumentError):
            Graph.load(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0", "not UTF-8"),
        (b"\xff\xfe{\x00", "not UTF-8"),
        (b"PK\x03\x04", "not valid JSON"),
        (b"<html>", "not valid JSON"),
        (b"[]", "not an Archloom document"),
        (b"null", "not an Archloom document"),
        (b'"archloom"', "not an Archloom document"),
        (b'{"nodes": []}', "not an Archloom document"),
        (b'{"format": "comfy"}', "not an Archloom document"),
    ],
)
def test_a_foreign_file_is_told(content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "net.archloom"
    path.write_bytes(content)
    with pytest.raises(DocumentError, match=words):
        Graph.load(path)


def test_a_byte_order_mark_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "net.archloom"
    path.write_text(to_text(documents_cnn()), encoding="utf-8-sig")
    assert contents(Graph.load(path)) == contents(documents_cnn())


def test_a_missing_file_and_a_folder_are_told(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="No such file"):
        Graph.load(tmp_path / "nothing.archloom")
    with pytest.raises(DocumentError):
        Graph.load(tmp_path)


def changed(change: Callable[[dict[str, Any]], Any]) -> str:
    """The text of the documents' network with one thing made wrong."""
    document = json.loads(to_text(documents_cnn()))
    change(document)
    return json.dumps(document)


@pytest.mark.parametrize("version", [VERSION + 1, 10**30])
def test_a_newer_version_is_told(version: int) -> None:
    text = changed(lambda d: d.update(version=version, nodes="of another form"))
    assert "newer" in said(text)
    with pytest.raises(NewerVersionError):
        from_text(text, Graph)


@pytest.mark.parametrize("version", [0, -1, 1.0, "1", None, True, [], float("1e3")])
def test_a_version_that_is_none_is_told(version: Any) -> None:
    assert "version" in said(changed(lambda d: d.update(version=version)))


def node(i: int, **values: Any) -> Callable[[dict[str, Any]], None]:
    return lambda d: d["nodes"][i].update(values)


def params(i: int, **values: Any) -> Callable[[dict[str, Any]], None]:
    return lambda d: d["nodes"][i].setdefault("params", {}).update(values)


WRONG: list[tuple[Callable[[dict[str, Any]], Any], str]] = [
    (node(1, block="Conv9d"), "no block called 'Conv9d'"),
    (node(1, block="__import__"), "no block called"),
    (node(1, block="Conv2d.__init__"), "no block called"),
    (node(1, block=7), "nodes[1].block"),
    (node(1, block=None), "nodes[1].block"),
    (node(1, name="x"), "'x'"),
    (node(1, name="__class__"), "__class__"),
    (node(1, name="x = __import__('os').system('true')"), "cannot name a node"),
    (node(1, name="conv1\n        import os"), "cannot name a node"),
    (node(1, id="n1"), "two nodes have the id"),
    (node(1, id=""), "nodes[1].id"),
    (node(1, id=2), "nodes[1].id"),
    (node(1, position=[0]), "nodes[1].position"),
    (node(1, position=[0, "1"]), "nodes[1].position"),
    (node(1, position="left"), "nodes[1].position"),
    (node(1, position=[0, 10**400]), "nodes[1].position"),
    (node(1, code="print()"), "nodes[1].code"),
    (node(1, params=[]), "nodes[1].params"),
    (params(1, colour="red"), "no parameter 'colour'"),
    (params(1, __class__="x"), "__class__"),
    (params(1, out_channels="many"), "out_channels must be"),
    (params(1, out_channels=-3), "out_channels must be"),
    (params(1, out_channels=[1]), "out_channels must be"),
    (params(1, out_channels={"a": 1}), "out_channels must be"),
    (params(1, kernel_size=[3, 3, 3]), "kernel_size must be"),
    (params(1, bias=1), "bias must be"),
    (params(0, shape="eval('1')"), "shape must be"),
    (params(0, shape=["T", "lambda"]), "shape must be"),
    (params(0, dtype="complex64"), "dtype must be"),
    (params(0, shape=[1, [2]]), "shape must be"),
    (lambda d: d["edges"].append(["n3.output", "n2.input"]), "two edges"),
    (lambda d: d["edges"].append(["n1.output", "n2.input"]), "two edges"),
    (lambda d: d["edges"].append(["n99.output", "n2.input"]), "'n99'"),
    (lambda d: d["edges"].append(["n1", "n2"]), "not there"),
    (lambda d: d["edges"].append(["n1.result", "n2.input"]), "no output 'result'"),
    (lambda d: d["edges"].append(["n1.output", "n2.entry"]), "no input 'entry'"),
    (lambda d: d["edges"].append(["n1.output"]), "edges[13]"),
    (lambda d: d["edges"].append([1, 2]), "edges[13]"),
    (lambda d: d["edges"].append({"from": "n1"}), "edges[13]"),
    (lambda d: d["edges"].__setitem__(0, ["n3.output", "n2.input"]), "cycle"),
    (lambda d: d["edges"].__setitem__(0, ["n2.output", "n2.input"]), ""),
    (lambda d: d.update(nodes={}), "nodes"),
    (lambda d: d.update(name=None), "name"),
    (lambda d: d.pop("name"), "name"),
    (lambda d: d.update(scripts=["import os"]), "scripts"),
    (lambda d: d.update(data=[]), "data"),
    (lambda d: d["training"].update(epochs=0), "epochs must be"),
    (lambda d: d["training"].update(epochs="many"), "epochs must be"),
    (lambda d: d["training"].update(speed=1), "training.speed"),
    (lambda d: d["training"].update({"optimizer.lr": 1}), "training.optimizer.lr"),
    (lambda d: d["training"].update({"loss.": 1}), ""),
    (lambda d: d["training"].update(optimizer={"name": "Magic"}), "optimizer must be"),
    (lambda d: d["training"].update(optimizer={"lr": 1}), "optimizer must be"),
    (lambda d: d["training"].update(optimizer={"name": ["Adam"]}), "optimizer must be"),
    (lambda d: d["training"].update(optimizer={"name": "Adam", "lr": -1}), "lr must be"),
    (lambda d: d["training"].update(optimizer={"name": "Adam", "speed": 1}), "no parameter 'speed'"),
    (lambda d: d["training"].update(optimizer=None), "optimizer must be"),
    (lambda d: d["data"].update(dataset="../../etc/passwd"), "dataset must be"),
    (lambda d: d["data"].update(validation=2), "validation must be"),
    (lambda d: d["data"].update(validation=10**400), "validation must be"),
]


@pytest.mark.parametrize(("change", "words"), WRONG, ids=[f"{i}-{words}" for i, (_, words) in enumerate(WRONG)])
def test_a_damaged_document_is_told_where(change: Callable[[dict[str, Any]], Any], words: str) -> None:
    assert words in said(changed(change))


def test_numbers_that_json_has_not_are_told() -> None:
    text = to_text(documents_cnn())
    for word in ("NaN", "Infinity", "-Infinity"):
        assert word in said(text.replace('"position": [0, 0]', f'"position": [0, {word}]', 1))
    assert "position" in said(text.replace('"position": [0, 0]', '"position": [0, 1e999]', 1))
    assert said(text.replace('"kernel_size": 3', '"kernel_size": 1e999', 1))
    assert said(text.replace('"kernel_size": 3', f'"kernel_size": {"9" * 5000}', 1))


def test_deep_nesting_is_told() -> None:
    said('{"format": "archloom", "version": 1, "name": ' + "[" * 100_000)
    deep = '{"format": "archloom", "version": 1, "name": "x", "data": {"a": ' + "[" * 900 + "]" * 900 + "}}"
    said(deep)


def test_any_value_of_the_wrong_type_anywhere_is_told_or_read() -> None:
    original = json.loads(to_text(documents_cnn()))
    odd = [None, True, -1, 0.5, 10**25, "", "N", [], [None], {}, {"": None}, "\ud800", "\x00"]

    def places(value: Any, path: tuple[Any, ...] = ()) -> Any:
        yield path
        for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
            yield from places(value[key], (*path, key))

    rng = random.Random(0)
    for path in places(original):
        document: Any = {"": json.loads(json.dumps(original))}
        holder, key = document, ""
        for step in path:
            holder, key = holder[key], step
        holder[key] = rng.choice(odd)
        try:
            graph = from_text(json.dumps(document[""]), Graph, "net.archloom")
        except DocumentError as error:
            assert str(error)[-1] in ".?" and "\n" not in str(error)
        else:
            graph.check()


def test_a_hostile_document_does_nothing_but_fail(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    code = f"__import__('pathlib').Path({str(flag)!r}).touch()"
    for change in (
        node(1, name=code), node(1, block=code), node(1, id=code), params(1, padding_mode=code), params(0, shape=[code]),
        lambda d: d.update(name=code, description=f'"""\n{code}\n"""'),
    ):  # fmt: skip
        try:
            graph = from_text(changed(change), Graph)
            graph.check()
            source = graph.to_python()
        except ArchloomError:
            continue
        finally:
            assert not flag.exists()
        exec(compile(source, "<generated>", "exec"), {"__name__": "generated"})
        assert not flag.exists()


@pytest.mark.parametrize("path", OLD, ids=lambda p: p.stem)
def test_old_documents_open_for_ever(path: Path) -> None:
    graph = Graph.load(path)
    assert len(graph) and graph.check().ok
    assert from_text(to_text(graph), Graph).check().parameters == graph.check().parameters


def test_every_version_has_an_old_document() -> None:
    versions = {json.loads(path.read_text(encoding="utf-8"))["version"] for path in OLD}
    assert versions == set(range(1, len(MIGRATIONS) + 2))


def test_annotations_are_kept_and_checked() -> None:
    graph = Graph("notes")
    frame = Annotation("a1", "frame", "Encoder", "blue", (0.0, 16.5, 320.0, 200.0))
    note = Annotation("a2", "note", "two\nlines: ß", "ochre", (1.0, 2.0, 3.0, 4.0))
    Annotate({"a1": frame, "a2": note}, "Add").do(graph)
    text = to_text(graph)
    again = from_text(text, Graph)
    assert dict(again.annotations) == {"a1": frame, "a2": note}
    assert to_text(again) == text
    assert "annotations" not in to_text(Graph("plain"))
    assert "colour" in said(text.replace('"blue"', '"red"'))
    assert "two annotations" in said(text.replace('"a2"', '"a1"'))
    assert "rect" in said(text.replace("[1, 2, 3, 4]", "[1, 2]"))
