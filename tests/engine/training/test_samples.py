"""Samples: what a network is to write, it writes by itself; the program and an exported project show the same."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from graph_engine.codegen.project import project_files
from graph_engine.training.evaluate import evaluate, evaluation
from graph_engine.training.events import Event, Samples, decode, encode
from graph_engine.training.loading import loaded
from graph_engine.training.run import train
from graph_engine.training.sample import Sample
from tests.engine.training.test_tasks import small

TEXTS = ("gru_languages", "seq2seq_dates", "lstm_python", "gru_countries")


@contextmanager
def script(id: str, folder: Path) -> Iterator[Any]:
    """The training script of a template."""
    for name, text in project_files(small(id)).items():
        (folder / name).write_text(text, encoding="utf-8")
    with loaded(folder) as module:
        yield module


@pytest.mark.parametrize("id", TEXTS)
def test_samples_are_those_of_the_data_in_words(id: str, tmp_path: Path) -> None:
    with script(id, tmp_path) as train:
        _, validation, _ = train.read_data(0)
        torch.manual_seed(0)
        model = train.make_model()
        shown = train.show_samples(model, validation, 0)
        assert len(shown) == train.SHOWN and len(set(shown)) == train.SHOWN
        assert all(sample.given and sample.expected for sample in shown)
        assert [(s.given, s.expected) for s in train.show_samples(train.make_model(), validation, 0)] == [s[:2] for s in shown]
        assert train.show_samples(model, validation, 0) == shown, "nothing is drawn by chance"


class Copies(nn.Module):
    """Knows the answers, but tells each token only to who has written those before it."""

    def __init__(self, answers: Tensor):
        super().__init__()
        self.answers = answers
        self.seen: list[Tensor] = []

    def forward(self, phrase: Tensor, before: Tensor) -> Tensor:
        self.seen.append(before.clone())
        right = (before[:, 1:] == self.answers[:, :-1]).long().cumprod(dim=1)
        known = torch.cat((torch.ones_like(right[:, :1]), right), dim=1).bool()
        return nn.functional.one_hot(self.answers.where(known, 4), 15).float()


def test_what_is_written_is_fed_back_and_the_answer_is_not(tmp_path: Path) -> None:
    with script("seq2seq_dates", tmp_path) as train:
        _, validation, _ = train.read_data(0)
        rows = torch.linspace(0, len(validation) - 1, 5).long()
        model = Copies(validation.tensors[2][rows])
        assert all(sample.found == sample.expected for sample in train.show_samples(model, validation, 0))
        for step, before in enumerate(model.seen):
            assert before[:, step + 1 :].eq(0).all(), "what is still to be written is not there"
        date = train.show_samples(model, validation, 0)[0].found
        assert len(date) == 10 and date[4] == date[7] == "-", "the end is not part of it"


def test_greedy_decoding_agrees_with_exact_match(tmp_path: Path) -> None:
    with script("seq2seq_dates", tmp_path) as train:
        _, validation, _ = train.read_data(0)
        model = train.make_model().eval()
        shown = train.show_samples(model, validation, 0)
        rows = torch.linspace(0, len(validation) - 1, 5).long()
        exact = train.evaluate(model, torch.utils.data.TensorDataset(*validation[rows]))["exact"]
        assert sum(sample.found == sample.expected for sample in shown) / 5 == pytest.approx(exact)


def test_a_run_its_evaluation_and_its_export_show_the_same(tmp_path: Path) -> None:
    events: list[Event] = []
    train(small("gru_languages"), tmp_path / "run", events.append)
    shown = [event for event in events if isinstance(event, Samples)]
    assert [event.epoch for event in shown] == [1, 2]
    assert decode(encode(shown)) == shown
    found = evaluation(tmp_path / "run")
    assert found.samples == shown[-1].samples and found.metrics == evaluate(tmp_path / "run")
    for name, text in project_files(small("gru_languages")).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    done = subprocess.run([sys.executable, "train.py"], cwd=tmp_path, check=True, capture_output=True, text=True, env={"PATH": ""})
    given, expected, answer, _ = shown[-1].samples[-1]
    right = "" if answer == expected else f"  (expected: {expected})"
    assert done.stdout.splitlines()[-2] == f"{given}  ->  {answer}{right}"


def test_pictures_are_shown_in_shades_of_grey(tmp_path: Path) -> None:
    with script("mlp_digits", tmp_path) as train:
        _, validation, _ = train.read_data(0)
        shown = train.show_samples(train.make_model(), validation, 0)
        for sample, row in zip(shown, torch.linspace(0, len(validation) - 1, 5).long().tolist(), strict=True):
            image, digit = validation[row]
            assert sample.given == f"sample {row}" and sample.expected == str(digit.item())
            assert torch.tensor(sample.picture).sub(image[0] / image.max() * 255).abs().max() <= 1
        assert train.shades(torch.ones(1, 2, 2)) == [[0, 0], [0, 0]]
    event = Samples(1, tuple(map(Sample.of, shown)))
    assert decode(encode([event])) == [event] and len(event.samples[0].picture) == 8


def test_figures_are_not_shown(tmp_path: Path) -> None:
    for id in ("mlp_wine", "two_parts_wine"):
        assert "show_samples" not in project_files(small(id))["train.py"]


def test_a_sample_of_two_pictures_shows_them_side_by_side(tmp_path: Path) -> None:
    with script("siamese_digits", tmp_path) as train:
        _, validation, _ = train.read_data(0)
        shown = train.show_samples(train.make_model(), validation, 0)
    assert all((len(sample.picture), len(sample.picture[0])) == (8, 16) for sample in shown)
