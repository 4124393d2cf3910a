"""Augmentation: each kind does what it says, chance follows from seed, epoch and sample alone, and what does not apply is refused."""

from __future__ import annotations

import base64
import json
import math
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils.data import TensorDataset

from graph_engine import Graph
from graph_engine.codegen.project import project_files
from graph_engine.errors import RunError
from graph_engine.graph.commands import SetSettings
from graph_engine.graph.history import History
from graph_engine.settings.augmentations import arguments
from graph_engine.training.control import Control
from graph_engine.training.events import decode, encode
from graph_engine.training.exported import augmentation as exported
from graph_engine.training.exported.augmentation import PARTNER, Augmentation
from graph_engine.training.live.augmented import EPOCHS, SAMPLES, Augmented
from graph_engine.training.live.looking import Looker
from graph_engine.training.live.request import describe_augmented
from graph_engine.training.loading import loaded
from graph_engine.training.run import run
from graph_engine.training.rundir import new_run
from graph_engine.training.state import RunState
from tests.engine.data.makers import network, pictures
from tests.engine.training.helpers import ROOT, TYPED, change, metrics, small_net
from tests.engine.training.test_settings import stopping_at

EVERYTHING: Mapping[str, Any] = {
    "flip": "both",
    "crop": {"name": "shift", "pixels": 1},
    "rotation": "turn",
    "colour": {"name": "jitter", "hue": 0.1},
    "erasing": "rectangle",
    "mixing": "mixup",
}
ROWS = torch.arange(40)
SIDE = 12
PICTURES = {"image": 0}


def data(colours: int = 3, **more: Any) -> TensorDataset:
    """Pictures with colours from 0.2 to 0.8, and classes."""
    images = torch.rand(40, colours, SIDE, SIDE + 2, generator=torch.Generator().manual_seed(1)) * 0.6 + 0.2
    made = TensorDataset(images, torch.arange(40) % 4)
    vars(made).update(more)
    return made


def changed(augmentation: Augmentation, of: TensorDataset, seed: int = 0, epoch: int = 1, rows: Tensor = ROWS) -> Tensor:
    return augmentation(of, rows, seed, epoch)[0]


def decided(monkeypatch: pytest.MonkeyPatch, **numbers: float) -> None:
    """Has chance give these numbers, and 0.5 for all else."""
    chance = torch.full((40, PARTNER + 1), 0.5)
    for name, number in numbers.items():
        chance[:, getattr(exported, name)] = number
    monkeypatch.setattr(Augmentation, "_draw", lambda *_: (chance, torch.ones(40)))


def test_pictures_are_mirrored() -> None:
    images = data().tensors[0]
    assert torch.equal(changed(Augmentation(pictures=PICTURES, mirror=1.0), data()), images.flip(-1))
    assert torch.equal(changed(Augmentation(pictures=PICTURES, upend=1.0), data()), images.flip(-2))
    half = changed(Augmentation(pictures=PICTURES, mirror=0.5), data())
    same = [torch.equal(a, b) for a, b in zip(half, images, strict=True)]
    assert 10 < sum(same) < 30
    assert all(s or torch.equal(a, b.flip(-1)) for s, a, b in zip(same, half, images, strict=True))


def test_pictures_are_moved_by_whole_pixels_with_black_behind_them() -> None:
    images, found = data().tensors[0], changed(Augmentation(pictures=PICTURES, shift=2), data())
    steps = set()
    for one, image in zip(found, images, strict=True):
        padded = torch.nn.functional.pad(image, (2, 2, 2, 2))
        windows = {(d, a): padded[:, d : d + SIDE, a : a + SIDE + 2] for d in range(5) for a in range(5)}
        [step] = [place for place, window in windows.items() if torch.allclose(one, window, atol=1e-5)]
        steps.add(step)
    assert len(steps) > 12
    assert {d for d, _ in steps} == {a for _, a in steps} == set(range(5))


def test_a_part_of_a_picture_is_enlarged() -> None:
    slopes = torch.linspace(0, 1, SIDE + 2).expand(40, 3, SIDE, SIDE + 2)
    found = changed(Augmentation(pictures=PICTURES, part=0.5), TensorDataset(slopes, torch.zeros(40)))
    inner = found[:, 0, SIDE // 2, 2:-2].diff() * (SIDE + 1)
    assert torch.allclose(inner, inner[:, :1].expand_as(inner), atol=1e-3)  # still a slope
    assert 0.5 <= inner.min() < 0.65
    assert 0.85 < inner.max() <= 1.0 + 1e-3
    spread = found[:, 0, SIDE // 2, SIDE // 2]
    assert spread.max() - spread.min() > 0.2  # not always the middle


def test_pictures_are_turned(monkeypatch: pytest.MonkeyPatch) -> None:
    square = TensorDataset(data().tensors[0][..., :SIDE], torch.zeros(40))
    decided(monkeypatch, TURN=1.0)
    found = changed(Augmentation(pictures=PICTURES, rotation=90.0), square)
    assert torch.allclose(found, square.tensors[0].rot90(-1, (-2, -1)), atol=1e-4)
    decided(monkeypatch)
    assert torch.allclose(changed(Augmentation(pictures=PICTURES, rotation=90.0), square), square.tensors[0], atol=1e-4)


@pytest.mark.parametrize("name", ["brightness", "contrast", "saturation", "hue"])
def test_light_and_colours_change(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    images = data().tensors[0]
    decided(monkeypatch)
    assert torch.allclose(changed(Augmentation(pictures=PICTURES, **{name: 0.2}), data()), images, atol=1e-5)
    decided(monkeypatch, **{name.upper(): 1.0})
    found = changed(Augmentation(pictures=PICTURES, **{name: 0.2}), data())
    grey = (images * torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)).sum(dim=1, keepdim=True)
    brighter = images * 1.2
    expected = {
        "brightness": brighter,
        "contrast": brighter - 0.2 * grey.mean((-2, -1), keepdim=True),
        "saturation": brighter - 0.2 * grey,
    }
    if name in expected:
        assert torch.allclose(found, expected[name].clamp(0, 1), atol=1e-5)
    else:
        assert torch.allclose(found.amax(1), images.amax(1), atol=1e-5)  # as bright and as colourful as before
        assert torch.allclose(found.amin(1), images.amin(1), atol=1e-5)
        assert not torch.allclose(found, images, atol=0.05)
    assert torch.equal(changed(Augmentation(pictures=PICTURES, saturation=0.5, hue=0.5), data(1)), data(1).tensors[0])


def test_a_rectangle_becomes_black() -> None:
    found = changed(Augmentation(pictures=PICTURES, erase=1.0, erased=0.3), data())
    shares = []
    for one, image in zip(found, data().tensors[0], strict=True):
        black = (one == 0).all(dim=0)
        assert torch.equal(one[:, ~black], image[:, ~black])
        rows, columns = black.any(dim=1).nonzero()[:, 0], black.any(dim=0).nonzero()[:, 0]
        assert black[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
        shares.append(black.float().mean().item())
    assert 0.2 < max(shares) < 0.36
    assert min(shares) < 0.1
    some = changed(Augmentation(pictures=PICTURES, erase=0.5, erased=0.3), data())
    assert 10 < sum(bool((one == 0).any()) for one in some) < 30


def test_two_samples_are_mixed_with_the_shares_of_their_classes() -> None:
    given = data()
    mixed, shares = Augmentation(pictures=PICTURES, mixup=1.0, classes={1: 4})(given, ROWS, 0, 1)
    assert torch.allclose(shares.sum(dim=1), torch.ones(40))
    images, classes = given.tensors
    for place in range(40):
        own = shares[place, classes[place]]
        fits = []
        for other in range(40):
            share = own if classes[other] != classes[place] else ((mixed[place] - images[other]) / (images[place] - images[other])).median()
            fits.append(torch.allclose(mixed[place], share * images[place] + (1 - share) * images[other], atol=1e-3))
        assert any(fits)
    assert shares.amax(dim=1).std() > 0.1


def test_chance_follows_from_seed_epoch_and_sample_alone() -> None:
    everything = Augmentation(**arguments(configured(EVERYTHING).settings.augmentation, digits()))
    given = TensorDataset(torch.rand(40, 1, 8, 8), torch.arange(40) % 10)
    before, numbers = torch.get_rng_state(), np.random.get_state()[1].tolist()  # type: ignore[index, union-attr]
    whole = everything(given, ROWS, 3, 2)
    again = everything(given, ROWS, 3, 2)
    assert all(torch.equal(a, b) for a, b in zip(whole, again, strict=True))
    order = torch.randperm(40, generator=torch.Generator().manual_seed(0))
    for rows in (order[:13], order[13:14]):
        assert all(torch.allclose(a, b[rows], atol=1e-6) for a, b in zip(everything(given, rows, 3, 2), whole, strict=True))
    assert not torch.allclose(everything(given, ROWS, 3, 3)[0], whole[0], atol=0.1)
    assert not torch.allclose(everything(given, ROWS, 4, 2)[0], whole[0], atol=0.1)
    assert torch.equal(torch.get_rng_state(), before)
    assert np.random.get_state()[1].tolist() == numbers  # type: ignore[index, union-attr]


def test_what_one_kind_draws_does_not_depend_on_the_others() -> None:
    alone = changed(Augmentation(pictures=PICTURES, mirror=0.5), data())
    both = changed(Augmentation(pictures=PICTURES, mirror=0.5, mixup=0.01, erase=1e-9), TensorDataset(data().tensors[0]))
    assert sum(torch.allclose(a, b, atol=1e-3) for a, b in zip(alone, both, strict=True)) > 20  # of the others a share is another sample


def test_colours_that_were_scaled_are_changed_as_they_were_before() -> None:
    scale = {"image": {"offset": [[[0.4]], [[0.5]], [[0.3]]], "width": [[[0.2]], [[0.1]], [[0.3]]]}}
    offset, width = (torch.tensor(scale["image"][name]) for name in ("offset", "width"))
    images, labels = data().tensors
    scaled = TensorDataset((images - offset) / width, labels)
    vars(scaled)["preparation"] = scale
    change = Augmentation(pictures=PICTURES, shift=2, brightness=0.3, contrast=0.3, erase=0.5)
    assert torch.allclose(changed(change, scaled) * width + offset, changed(change, data()), atol=1e-5)


def test_a_target_that_is_a_picture_moves_along_but_keeps_its_colours() -> None:
    images = data().tensors[0]
    moved = {"pictures": PICTURES, "mirror": 0.5, "shift": 2, "rotation": 20.0}
    both = Augmentation(**moved, answers={"clean": 1}, brightness=0.3, erase=1.0)(TensorDataset(images, images), ROWS, 0, 1)
    assert torch.equal(both[1], changed(Augmentation(**moved), data()))
    assert not torch.allclose(both[0], both[1], atol=0.1)


def configured(augmentation: Mapping[str, Any], dataset: str = "digits") -> Graph:
    graph = Graph()
    graph.configure(data={"dataset": dataset}, augmentation=augmentation)
    return graph


def digits() -> Any:
    return configured({}).settings.data["dataset"].option


@pytest.mark.parametrize("kind", EVERYTHING)
def test_every_kind_trains_and_resumes_inside_an_epoch_to_the_same_bits(kind: str, tmp_path: Path) -> None:
    graph = small_net(epochs=2, batch_size=96)
    graph.configure(augmentation={kind: EVERYTHING[kind]} if kind != "flip" else EVERYTHING)
    whole, parted = new_run(graph, tmp_path), new_run(graph, tmp_path)
    assert run(whole, lambda _: None, Control()).state is RunState.FINISHED
    change(parted, "TELL_SECONDS = 1 / 30", "TELL_SECONDS = 0.0", "train.py")  # so that it stops at once
    control = Control()
    assert run(parted, stopping_at(17, control, []), control).state is RunState.STOPPED
    assert run(parted, lambda _: None, Control(), resume=True).state is RunState.FINISHED
    assert metrics(parted) == metrics(whole)
    assert (parted / "weights.safetensors").read_bytes() == (whole / "weights.safetensors").read_bytes()
    plain = new_run(small_net(epochs=2, batch_size=96), tmp_path)
    run(plain, lambda _: None, Control())
    assert metrics(plain)[0]["value"] != metrics(whole)[0]["value"]


def test_the_exported_script_gives_the_same_losses(tmp_path: Path) -> None:
    graph = small_net(epochs=1)
    graph.configure(augmentation=EVERYTHING)
    run_dir = new_run(graph, tmp_path)
    run(run_dir, lambda _: None, Control())
    project = tmp_path / "project"
    graph.save(tmp_path / "net.archloom")
    project.mkdir()
    for name, text in project_files(Graph.load(tmp_path / "net.archloom")).items():
        (project / name).write_text(text)
    config = ["--config", str(ROOT / "pyproject.toml")]
    subprocess.run([sys.executable, "-m", "ruff", "check", *config, *TYPED, "."], cwd=project, check=True)
    subprocess.run([sys.executable, "-m", "ruff", "format", "--diff", *config, "."], cwd=project, check=True)
    subprocess.run([sys.executable, "train.py"], cwd=project, check=True, capture_output=True)
    assert metrics(project / "run") == metrics(run_dir)
    assert "kornia" in (project / "requirements.txt").read_text()


def test_a_script_without_augmentation_has_nothing_of_it() -> None:
    files = project_files(small_net())
    assert "augmentation.py" not in files
    assert not any("kornia" in text or "ugmentation" in text for text in files.values())


def test_pictures_of_the_users_own_are_changed_before_they_are_scaled(tmp_path: Path) -> None:
    graph = network(pictures(tmp_path / "digits", 120), scaling="standard")
    graph.configure(augmentation=EVERYTHING, training={"epochs": 1, "threads": 1, "device": "cpu"})
    assert not graph.check().diagnostics
    record = run(new_run(graph, tmp_path / "runs"), lambda _: None, Control())
    assert record.state is RunState.FINISHED, record.message
    assert math.isfinite(record.metrics["train/loss"])


REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("wine", {"flip": "both"}, "CrossEntropyLoss", "Flip changes pictures, but Wine has none: switch it off."),
    ("wine", {"mixing": "mixup"}, "CrossEntropyLoss", "Mixup changes pictures, but Wine has none: switch it off."),
    ("photographs", {"mixing": "mixup"}, "MSELoss", "but clean of Photographs with noise is not one class: switch it off."),
    ("digits", {"mixing": "mixup"}, "NLLLoss", "which NLLLoss does not take: use CrossEntropyLoss, or switch it off."),
]


@pytest.mark.parametrize(("dataset", "augmentation", "loss", "words"), REFUSED)
def test_what_does_not_apply_is_refused_in_a_sentence(dataset: str, augmentation: dict[str, Any], loss: str, words: str) -> None:
    graph = small_net(loss=loss)
    graph.configure(data={"dataset": dataset}, augmentation=augmentation)
    found = [d for d in graph.check().diagnostics if d.code == "data.augmentation"]
    assert [d.message.endswith(words) for d in found] == [True]
    graph.configure(**{"data": {"dataset": dataset}, "augmentation": dict.fromkeys(augmentation, "none")})
    assert not [d for d in graph.check().diagnostics if d.code == "data.augmentation"]


def test_a_run_is_refused_with_the_same_sentence() -> None:
    graph = small_net(loss="NLLLoss")
    graph.configure(augmentation={"mixing": "mixup"})
    with pytest.raises(RunError, match="which NLLLoss does not take"):
        project_files(graph)


def test_arrays_beyond_the_range_of_colours_are_refused_and_others_taken(tmp_path: Path) -> None:
    for factor, refused in ((255, True), (1, False)):
        file = tmp_path / f"{factor}.npz"
        np.savez(file, x=np.random.default_rng(0).random((60, 1, 8, 8), np.float32) * factor, y=np.arange(60) % 3)
        graph = network(file, targets=["y"])
        graph.configure(augmentation={"colour": "jitter"})
        assert bool([d for d in graph.check().diagnostics if d.code == "data.augmentation"]) == refused


def test_photographs_move_with_what_is_expected_of_them() -> None:
    graph = configured({"flip": "horizontal", "colour": "jitter"}, "photographs")
    given = arguments(graph.settings.augmentation, graph.settings.data["dataset"].option)
    assert given["pictures"] == {"noisy": 0}
    assert given["answers"] == {"clean": 1}
    assert given["mirror"] == 0.5


def test_switching_on_is_a_step_that_can_be_undone_and_is_stored(tmp_path: Path) -> None:
    graph = small_net()
    history = History(graph)
    settings = graph.settings.replaced("augmentation.rotation", {"name": "turn", "degrees": 30})
    history.execute(SetSettings(settings, "augmentation.rotation"))
    graph.save(tmp_path / "a.archloom")
    stored = json.loads((tmp_path / "a.archloom").read_text())
    assert stored["augmentation"] == {"rotation": {"name": "turn", "degrees": 30.0}}
    assert Graph.load(tmp_path / "a.archloom").settings == graph.settings
    history.undo()
    assert graph.settings.augmentation["rotation"].id == "none"
    graph.save(tmp_path / "b.archloom")
    assert "augmentation" not in (tmp_path / "b.archloom").read_text()


def test_samples_are_shown_as_the_epochs_of_a_run_will_have_them(tmp_path: Path) -> None:
    graph = small_net(seed=3)
    graph.configure(augmentation=EVERYTHING)
    asked = json.loads(json.dumps({"number": 1, "start": 2, **describe_augmented(graph, tmp_path)}))
    told: list[Any] = []
    looker = Looker(told.append)
    looker.show("augment", asked)
    [found] = decode(encode(told))
    assert isinstance(found, Augmented) and found.message is None
    assert [len(row) for row in found.samples] == [EPOCHS + 1] * SAMPLES
    run_dir = new_run(graph, tmp_path / "runs")
    with loaded(run_dir / "source") as train:
        training = train.Training(run_dir)
        step = len(training.train_data) // SAMPLES
        training.at.epoch = 5
        images, labels = training.samples(torch.arange(2, len(training.train_data), step)[:SAMPLES])
        training.log.close()
    for picture, image, label in zip((row[5] for row in found.samples), images, labels, strict=True):
        pixels = np.frombuffer(base64.b64decode(picture.colours), np.uint8).reshape(8, 8, 3)
        assert np.array_equal(pixels[:, :, 0], (image[0].clamp(0, 1) * 255).round().byte().numpy())
        assert picture.told.split()[-1 if label.max() < 0.995 else 0] in "0123456789"
    looker.show("augment", {**asked, "data": {**asked["data"], "arguments": {"path": "nowhere"}}})
    assert "The data cannot be read" in told[-1].message


def test_nothing_is_shown_where_nothing_is_done(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="Nothing is switched on"):
        describe_augmented(small_net(), tmp_path)
    graph = small_net(loss="NLLLoss")
    graph.configure(augmentation={"mixing": "mixup"})
    with pytest.raises(RunError, match="NLLLoss does not take"):
        describe_augmented(graph, tmp_path)
