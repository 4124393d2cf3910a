"""Each reader gives what its declaration says, the same for the same seed, and no sample in two parts."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils.data import TensorDataset

from graph_engine.settings.datasets import DATASETS, DatasetOption
from tests.engine.training.helpers import ROOT

SERIES = ("co2",)
"""Those that time divides, not chance."""


def module(dataset: DatasetOption, folder: Path) -> ModuleType:
    """The reader as an exported project has it: as ``data.py``, with its files beside it and nothing else."""
    (folder / "data.py").write_bytes((ROOT / "graph_engine" / "data" / "readers" / dataset.reader).read_bytes())
    for name in dataset.files:
        (folder / name).write_bytes((ROOT / "assets" / "datasets" / name).read_bytes())
    spec = importlib.util.spec_from_file_location(f"reader_of_{dataset.id}", folder / "data.py")
    assert spec and spec.loader
    reader = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reader)
    return reader


@pytest.fixture(scope="module", params=DATASETS, ids=lambda dataset: dataset.id)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DatasetOption, ModuleType, Any]]:
    """A data set, its reader, and the three parts that it gives."""
    dataset = request.param
    reader = module(dataset, tmp_path_factory.mktemp(dataset.id))
    yield dataset, reader, reader.load(0.25, 0.2, 3, **dataset.read({}))


def test_every_token_stands_for_something(case: tuple[DatasetOption, ModuleType, Any]) -> None:
    dataset, reader, parts = case
    fields = dataset.inputs + dataset.targets
    with_tokens = {field.name for field in fields if field.vocabulary}
    assert hasattr(reader, "vocabularies") == bool(with_tokens)
    if with_tokens:
        words = reader.vocabularies(0.25, 0.2, 3, **dataset.read({}))
        assert set(words) == with_tokens
        for part in parts:
            for field, tensor in zip(fields, part.tensors, strict=True):
                assert not field.vocabulary or int(tensor.max()) < len(words[field.name]) <= field.vocabulary


def rows(part: TensorDataset, inputs: int) -> set[tuple[Any, ...]]:
    """The inputs of all samples, as something that can be compared."""
    return {tuple(tensor[i].numpy().tobytes() for tensor in part.tensors[:inputs]) for i in range(len(part))}


def test_it_gives_what_its_declaration_says(case: tuple[DatasetOption, ModuleType, Any]) -> None:
    dataset, _, parts = case
    sized = dataset.sized(dataset.read({}))
    fields = sized.inputs + sized.targets
    if dataset.samples is not None:
        assert sum(map(len, parts)) == dataset.samples
    if dataset.id not in SERIES:
        for part, share in zip(parts, (0.55, 0.25, 0.2), strict=True):
            assert len(part) / sum(map(len, parts)) == pytest.approx(share, abs=0.02)
    for part in parts:
        lengths: dict[str, int] = {}
        assert len(part.tensors) == len(fields)
        for field, tensor in zip(fields, part.tensors, strict=True):
            assert str(tensor.dtype) == f"torch.{field.dtype}"
            assert len(tensor.shape) == len(field.shape) + 1
            for declared, size in zip(field.shape, tensor.shape[1:], strict=True):
                assert size == (lengths.setdefault(declared, size) if isinstance(declared, str) else declared)
            if field.choices:
                assert 0 <= tensor.min() <= tensor.max() < field.choices
            else:
                assert tensor.isfinite().all()
            if field.classes:
                assert (torch.bincount(tensor, minlength=len(field.classes)) > 0).all()
            if field.padding is not None:
                assert_padded_at_the_end(tensor, field.padding)


def assert_padded_at_the_end(tokens: Tensor, padding: int) -> None:
    real = tokens != padding
    assert real[:, 0].all()
    assert (real[:, 1:] <= real[:, :-1]).all()


def test_the_seed_decides(case: tuple[DatasetOption, ModuleType, Any]) -> None:
    dataset, reader, parts = case
    again, other = reader.load(0.25, 0.2, 3, **dataset.read({})), reader.load(0.25, 0.2, 4, **dataset.read({}))
    for part, same in zip(parts, again, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(part.tensors, same.tensors, strict=True))
    if dataset.id not in SERIES:
        for part, another in zip(parts, other, strict=True):
            assert rows(part, len(dataset.inputs)) != rows(another, len(dataset.inputs))


def test_no_sample_is_in_two_parts(case: tuple[DatasetOption, ModuleType, Any]) -> None:
    dataset, _, parts = case
    if dataset.id == "python_topics":
        pytest.skip("no paragraph is, but the borders of its tables look alike")
    for one, other in combinations(parts, 2):
        assert not rows(one, len(dataset.inputs)) & rows(other, len(dataset.inputs))


def test_figures_are_scaled_by_the_training_part_alone(case: tuple[DatasetOption, ModuleType, Any]) -> None:
    dataset, _, (train, *others) = case
    if dataset.id not in ("wine", "wine_parts", "breast_cancer", "diabetes"):
        pytest.skip("not scaled")
    for field, ours, *theirs in zip(dataset.inputs + dataset.targets, train.tensors, *(part.tensors for part in others), strict=True):
        if not field.choices:
            assert torch.allclose(ours.mean(dim=0), torch.zeros(field.shape), atol=1e-5)
            assert torch.allclose(ours.std(dim=0), torch.ones(field.shape), atol=1e-5)
            assert all(values.mean(dim=0).abs().max() > 0.01 for values in theirs)


def reader_of(id: str, folder: Path) -> ModuleType:
    return module(next(dataset for dataset in DATASETS if dataset.id == id), folder)


def test_forecast_months_come_after_all_that_was_learned(tmp_path: Path) -> None:
    reader = reader_of("co2", tmp_path)
    series = reader.read_series()
    assert len(series) == 526
    assert series[0] == pytest.approx(316.1, abs=0.5)
    assert series.isfinite().all()
    train, held_out, last = reader.load(0.2, 0.1, 0, window=24, horizon=6)
    cut, end = round(526 * 0.7), round(526 * 0.9)
    assert len(train) == cut - 24 - 6 + 1
    assert len(held_out) == end - cut - 6 + 1
    assert len(last) == 526 - end - 6 + 1
    assert torch.allclose(last[0][1], series[end : end + 6] - series[end - 1])
    assert torch.allclose(held_out[-1][1], series[end - 6 : end] - series[end - 7])
    past, future = held_out[0]
    assert torch.allclose(past[:, 0], series[cut - 24 : cut] - series[cut - 1])
    assert torch.allclose(future, series[cut : cut + 6] - series[cut - 1])
    assert torch.allclose(train[-1][1], series[cut - 6 : cut] - series[cut - 7])
    with pytest.raises(ValueError, match="too few"):
        reader.load(0.01, 0.2, 0, window=24, horizon=60)


def test_a_date_is_taught_one_digit_at_a_time_and_no_day_twice(tmp_path: Path) -> None:
    reader = reader_of("dates", tmp_path)
    train, *held_out = reader.load(0.25, 0.2, 3)
    for part in (train, *held_out):
        _, before, after = part.tensors
        assert (before[:, 0] == reader.START).all()
        assert (after[:, -1] == reader.END).all()
        assert torch.equal(before[:, 1:], after[:, :-1])
    days = [rows(TensorDataset(part.tensors[2]), 1) for part in (train, *held_out)]
    assert sum(map(len, days)) == len(set().union(*days))
    assert (train.tensors[0] == reader.UNKNOWN).float().mean() < 0.01
    digits = dict(enumerate(reader.DIGITS, start=reader.UNKNOWN + 1))
    written = "".join(digits[int(token)] for token in train.tensors[2][0, :-1])
    assert len(written) == 10 and written[4] == written[7] == "-"


def test_a_text_predicts_its_own_next_letters(tmp_path: Path) -> None:
    reader = reader_of("python_topics", tmp_path)
    train, *_ = reader.load(0.25, 0.2, 3, length=32)
    text, following = train.tensors
    assert torch.equal(text.flatten()[1:], following.flatten()[:-1])
    assert reader.encode("\n a~é").tolist() == [1, 2, 67, 96, 0]
    paragraphs = [p for section in reader.read_sections() for p in section.split("\n\n") if p]
    assert len(paragraphs) == len(set(paragraphs))


def test_a_question_is_about_a_country_that_was_never_read_about(tmp_path: Path) -> None:
    reader = reader_of("countries", tmp_path)
    facts = reader.read_facts()
    words = ["", "?", *reader.read_words(facts)]
    seen = []
    for part in reader.load(0.25, 0.2, 3):
        text, question, first, last = part.tensors
        assert (text != reader.UNKNOWN).all() and (question != reader.UNKNOWN).all()
        assert (first <= last).all() and (last < (text != 0).sum(dim=1)).all()
        asked = [" ".join(words[i] for i in row) for row in question.tolist()]
        seen.append({max((country for country in facts if f" {country} " in one), key=len) for one in asked})
        told = [" ".join(words[i] for i in row[a : b + 1]) for row, a, b in zip(text.tolist(), first, last, strict=True)]
        answers = {fact for known in facts.values() for fact in known.values()}
        assert set(told) <= answers
    assert all(len(countries) > 40 for countries in seen) and sum(map(len, seen)) == len(set().union(*seen))
    assert facts["Italy"] == {"place": "Rome", "language": "Italian", "currency": "Euro", "year": "1999"}


def test_no_name_is_of_two_languages(tmp_path: Path) -> None:
    reader = reader_of("languages", tmp_path)
    assert reader.encode("abç", {"a": 2, "b": 3}).tolist() == [2, 3, 1] + [0] * 21
    names = reader.read_names()
    assert [len(of_language) for of_language in names] == [360] * 16
    assert len({name for of_language in names for name in of_language}) == 360 * 16
