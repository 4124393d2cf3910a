"""Small real files of every kind that can be read, made from data that scikit-learn, Babel and the program itself bring along."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits, load_wine

from graph_engine import Graph
from graph_engine.data.readers.languages import LANGUAGES, read_names
from tests.engine.training.helpers import ROOT

Rows = Iterable[Sequence[Any]]


def write_csv(file: Path, head: Sequence[str], rows: Rows, separator: str = ",") -> Path:
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened, delimiter=separator)
        writer.writerow(head)
        writer.writerows(rows)
    return file


def pictures(folder: Path, count: int = 250) -> Path:
    """Handwritten digits as PNG files, a folder for each."""
    digits = load_digits()
    for place, (image, label) in enumerate(zip(digits.images[:count], digits.target[:count], strict=True)):
        (folder / f"digit {label}").mkdir(parents=True, exist_ok=True)
        Image.fromarray((image * 15.9).astype(np.uint8)).save(folder / f"digit {label}" / f"{place:04}.png")
    return folder


def wine_rows() -> tuple[list[str], list[list[Any]]]:
    wine = load_wine()
    rows = [
        [*map(float, row), f"cultivar {label}", "north" if row[0] > 13 else "south"]
        for row, label in zip(wine.data, wine.target, strict=True)
    ]
    return [*wine.feature_names, "cultivar", "region"], rows


def wine(file: Path) -> Path:
    """178 wines: 13 figures, a word, and the cultivar to be told."""
    head, rows = wine_rows()
    return write_csv(file, head, rows)


def wine_parquet(file: Path) -> Path:
    import polars as pl

    head, rows = wine_rows()
    pl.DataFrame(rows, schema=head, orient="row").write_parquet(file)
    return file


def wine_arrays(file: Path) -> Path:
    """Two inputs and two targets."""
    wine = load_wine()
    np.savez(file, minerals=wine.data[:, :5], pigments=wine.data[:, 5:12], label=wine.target, target=wine.data[:, 12])
    return file


def idx(folder: Path) -> Path:
    """Handwritten digits as MNIST has its own, one part packed."""
    folder.mkdir(exist_ok=True)
    digits = load_digits()
    pixels, labels = (digits.images * 15.9).astype(np.uint8), digits.target.astype(np.uint8)
    for name, part, opener in (("train", slice(0, 500), open), ("t10k", slice(500, 600), gzip.open)):
        end = ".gz" if opener is gzip.open else ""
        shape = pixels[part].shape
        with opener(folder / f"{name}-images-idx3-ubyte{end}", "wb") as file:
            file.write(b"\0\0\x08\x03" + b"".join(int(size).to_bytes(4, "big") for size in shape) + pixels[part].tobytes())
        with opener(folder / f"{name}-labels-idx1-ubyte{end}", "wb") as file:
            file.write(b"\0\0\x08\x01" + shape[0].to_bytes(4, "big") + labels[part].tobytes())
    return folder


def cifar(folder: Path) -> Path:
    """Handwritten digits, enlarged and in colour, in the binary form of CIFAR-10."""
    folder.mkdir(exist_ok=True)
    digits = load_digits()
    pixels = np.repeat(np.repeat((digits.images[:300] * 15.9).astype(np.uint8), 4, axis=1), 4, axis=2)
    records = [bytes([label]) + pixel.tobytes() * 3 for pixel, label in zip(pixels, digits.target, strict=False)]
    (folder / "data_batch_1.bin").write_bytes(b"".join(records[:120]))
    (folder / "data_batch_2.bin").write_bytes(b"".join(records[120:240]))
    (folder / "test_batch.bin").write_bytes(b"".join(records[240:]))
    return folder


def carbon_dioxide(file: Path) -> Path:
    """The monthly series that comes with the program, as a stranger's file."""
    file.write_bytes((ROOT / "assets" / "datasets" / "co2_mauna_loa.csv").read_bytes())
    return file


def names(file: Path) -> Path:
    """Names of countries, languages and currencies in three languages."""
    rows = [(name, LANGUAGES[place]) for place in (5, 8, 15) for name in read_names()[place][:150]]
    return write_csv(file, ("name", "language"), rows)


def name_files(folder: Path) -> Path:
    """The same, a text file each."""
    for place in (5, 8, 15):
        (folder / LANGUAGES[place]).mkdir(parents=True)
        for number, name in enumerate(read_names()[place][:60]):
            (folder / LANGUAGES[place] / f"{number}.txt").write_text(name, encoding="utf-8")
    return folder


def prose(file: Path) -> Path:
    """A text of Python's own documentation."""
    from pydoc_data.topics import topics

    file.write_text("\n\n".join(topics[name] for name in sorted(topics)[:12])[:24_000], encoding="utf-8")
    return file


KINDS: dict[str, tuple[str, Callable[[Path], Path], str]] = {
    "pictures": ("pictures", pictures, "digits"),
    "csv": ("table", wine, "wine.csv"),
    "tsv": ("table", lambda file: write_csv(file, *wine_rows(), "\t"), "wine.tsv"),
    "parquet": ("table", wine_parquet, "wine.parquet"),
    "npz": ("arrays", wine_arrays, "wine.npz"),
    "idx": ("idx", idx, "mnist"),
    "cifar": ("cifar", cifar, "cifar"),
    "series": ("series", carbon_dioxide, "co2.csv"),
    "names": ("texts", names, "names.csv"),
    "name files": ("texts", name_files, "names"),
    "prose": ("text", prose, "prose.txt"),
}
"""For each case what it is taken for, what makes it, and how it is called."""


def made(case: str, folder: Path) -> Path:
    """The file or folder of a case."""
    _, make, name = KINDS[case]
    return make(folder / name)


def network(path: Path, kind: str | None = None, **params: Any) -> Graph:
    """A small network that learns from some data: its inputs follow from a look, its outputs from what is to be told."""
    graph = Graph("own")
    graph.learn_from(path, kind, **params)
    data = graph.settings.data["dataset"].option
    ends = []
    for node, field in zip(list(graph), data.inputs, strict=True):
        if field.vocabulary:
            table = graph.add("Embedding", num_embeddings=field.vocabulary, embedding_dim=16)
            steps = graph.add("GRU", hidden_size=32, batch_first=True)
            graph.connect(node, table)
            graph.connect(table, steps)
            ends.append(steps if data.targets[0].continues else chain(graph, steps, ("LastStep", {})))
        elif len(field.shape) == 3:
            layers = ("Conv2d", {"out_channels": 8, "kernel_size": 3}), ("ReLU", {}), ("AdaptiveAvgPool2d", {"output_size": 3})
            ends.append(chain(graph, node, *layers, ("Flatten", {})))
        elif len(field.shape) > 1:
            ends.append(chain(graph, node, ("Flatten", {})))
        else:
            ends.append(node)
    middle = ends[0]
    if len(ends) > 1:
        middle = graph.add("Concat", dim=1)
        for end in ends:
            graph.connect(end, middle)
    if not data.targets[0].continues:
        middle = chain(graph, middle, ("Linear", {"out_features": 24}), ("Dropout", {"p": 0.1}), ("ReLU", {}))
    for field in data.targets:
        chain(graph, middle, ("Linear", {"out_features": field.choices or field.shape[-1]}), ("Output", {}))
    graph.configure(training={"epochs": 2, "batch_size": 16, "threads": 1, "device": "cpu", "optimizer": {"name": "AdamW", "lr": 0.01}})
    return graph


def chain(graph: Graph, before: Any, *blocks: tuple[str, dict[str, Any]]) -> Any:
    for block, params in blocks:
        node = graph.add(block, **params)
        graph.connect(before, node)
        before = node
    return before
