"""What people want to see of the data that a document learns from: facts, some samples, how large the parts are. Needs no torch.

Of data sets that come with the program, those made from one of scikit-learn's, or from a table, are looked at as a user's own would be.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from graph_engine.data.peek import Peek, peek
from graph_engine.settings.datasets import DatasetOption
from graph_engine.settings.facts import ColumnFacts, Facts
from graph_engine.settings.option import Selected
from graph_engine.settings.own import OWN

_SERIES = next(option for option in OWN if option.id == "series")


class Overview(NamedTuple):
    """What a look at some data shows.

    Attributes:
        facts: what is known of it; None where it cannot be looked at without torch.
        samples: some of them, before any preparation.
    """

    facts: Facts | None = None
    samples: tuple[Peek, ...] = ()


def overview(chosen: Selected[DatasetOption], count: int, start: int = 0) -> Overview:
    """Looks at data.

    Args:
        chosen: the data.
        count: how many samples at most.
        start: asks for other samples, as in `peek`.

    Raises:
        DataError: it cannot be read; one sentence.
    """
    option = chosen.option
    if option.is_foreign:
        return Overview(chosen.params["facts"])
    if option.is_own:
        return Overview(chosen.params["facts"], peek(chosen, count, start))
    if option.made_from:
        return _of_library(option, count, start)
    table = next((name for name in option.files if name.endswith(".csv")), None)
    if table is None:
        return Overview()
    with resources.as_file(resources.files("assets").joinpath("datasets", table)) as file:
        return _of_table(file, chosen.params, count, start)


def part_sizes(data: Mapping[str, Any]) -> tuple[int, int, int] | None:
    """About how many samples the training, the validation and the test part have.

    Args:
        data: the section of the settings.

    Returns:
        None where that is not known before the data is read.
    """
    option, params = data["dataset"].option, data["dataset"].params
    validation, test = data["validation"], data["test"]
    if option.samples is None:
        return None
    if params.get("split") == "given" or params.get("test_arguments", "{}") != "{}":
        pairs = params["facts"].pairs
        train, held, tested = (sum(pair.samples for pair in pairs if pair.part == part) for part in ("train", "validation", "test"))
        if not train or not tested:
            return None
        held_back = 0 if held else round(train * validation / (1 - test))
        return train - held_back, held or held_back, tested
    samples = option.samples - (params["facts"].repeated if params.get("once") else 0)
    first, second = round(samples * (1 - validation - test)), round(samples * (1 - test))
    return first, second - first, samples - second


def _of_library(option: DatasetOption, count: int, start: int) -> Overview:
    from sklearn import datasets

    bunch = getattr(datasets, option.made_from)()
    pictures = "images" in bunch
    samples = len(bunch["images"] if pictures else bunch["target"])
    step = max(1, samples // count)
    rows = range(start % step, samples, step)[:count]
    names = tuple(map(str, bunch.get("target_names", ())))
    told = next((field for field in option.targets if len(field.classes) == len(names)), None) if names else None
    classes = told.classes if told is not None else names
    counts = tuple(np.bincount(bunch["target"], minlength=len(classes)).tolist()) if classes else ()
    labels = [classes[bunch["target"][row]] if classes else "" for row in rows]
    if pictures:
        shown = tuple(
            Peek({"number": str(row)}, label, _colours(np.asarray(bunch["images"][row]))) for row, label in zip(rows, labels, strict=True)
        )
        return Overview(Facts(size=0, changed=0, samples=samples, classes=classes, counts=counts), shown)
    cells = {str(name): bunch["data"][:, place] for place, name in enumerate(bunch["feature_names"])}
    if not classes:
        cells["target"] = bunch["target"]
    shown = tuple(
        Peek({name: f"{column[row]:.5g}" for name, column in cells.items()}, label) for row, label in zip(rows, labels, strict=True)
    )
    columns = tuple(_column(name, values) for name, values in cells.items())
    return Overview(Facts(size=0, changed=0, samples=samples, classes=classes, counts=counts, columns=columns), shown)


def _colours(picture: NDArray[Any]) -> NDArray[np.uint8]:
    """A picture in grey from 0 to 16, or in colours from 0 to 255, as `Peek` has it."""
    if picture.ndim == 2:
        return np.repeat((picture / 16 * 255).astype(np.uint8)[:, :, None], 3, axis=2)
    return picture.astype(np.uint8)


def _column(name: str, values: NDArray[Any]) -> ColumnFacts:
    return ColumnFacts(
        name=name,
        kind="number",
        distinct=len(np.unique(values)),
        least=float(values.min()),
        greatest=float(values.max()),
        mean=float(values.mean()),
        spread=float(values.std()),
    )


def _of_table(file: Path, params: Mapping[str, Any], count: int, start: int) -> Overview:
    from graph_engine.data.look import look

    found = look(file, _SERIES.id)
    own = _SERIES.read({**found.params, **params, "path": str(file)})
    return Overview(found.facts, peek(Selected(_SERIES, own), count, start))
