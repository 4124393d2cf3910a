"""The data sets that come with the program. A declaration says what a network will receive; the file it names reads the data."""

from __future__ import annotations

from dataclasses import dataclass

from graph_engine.settings.option import Option


@dataclass(frozen=True, kw_only=True)
class DatasetOption(Option):
    """A data set.

    Attributes:
        title: its name for people.
        reader: the file in ``graph_engine/data/readers`` that reads it; an exported project carries that file as ``data.py``.
        shape: of one sample, without the batch.
        dtype: of a sample.
        target_shape: of one target, without the batch.
        target_dtype: of a target.
        classes: names of the classes, where the target is one.
        samples: how many there are.
        requirements: distributions that the reader needs besides torch.
        source: where it comes from.
        licence: under which terms.
    """

    title: str
    reader: str
    shape: tuple[int | str, ...]
    dtype: str
    target_shape: tuple[int | str, ...] = ()
    target_dtype: str = "int64"
    classes: tuple[str, ...] = ()
    samples: int
    requirements: tuple[str, ...] = ()
    source: str
    licence: str


def _digits(id: str, side: int, title: str, summary: str) -> DatasetOption:
    return DatasetOption(
        id=id,
        title=title,
        summary=summary,
        reader=f"{id}.py",
        shape=(1, side, side),
        dtype="float32",
        classes=tuple("0123456789"),
        samples=1797,
        requirements=("scikit-learn",),
        source="Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, 1998; as "
        "shipped with scikit-learn",
        licence="CC BY 4.0",
    )


DATASETS = (
    _digits("digits", 8, "Handwritten digits, 8×8", "1,797 handwritten digits as 8×8 grey pictures in ten classes."),
    _digits("digits28", 28, "Handwritten digits, 28×28", "The same 1,797 handwritten digits, enlarged to 28×28."),
)
