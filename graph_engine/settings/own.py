"""Data of the user's own: what can be chosen for each kind. Which tensors follow from that is said in `graph_engine.settings.fits`.

The reader of each is told only what it needs to read the same again: `DatasetOption.arguments`, which the exported script shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graph_engine.settings.datasets import DatasetOption
from graph_engine.settings.facts import FactsParam
from graph_engine.settings.fits import (
    fit_arrays,
    fit_dataset,
    fit_pictures,
    fit_records,
    fit_series,
    fit_table,
    fit_text,
    fit_texts,
)
from graph_engine.spec.params import BoolParam, ChoiceParam, FileParam, IntParam, LiteralParam, NamesParam, PathParam

_FACTS = FactsParam(name="facts", default=None, visible="never", help="What a look at the data has found.")
_ONCE = BoolParam(
    name="once",
    default=False,
    help="Of samples that are identical take the first only, so that none is in two parts.",
)
_MEMORY = IntParam(
    name="memory",
    default=1024,
    minimum=0,
    advanced=True,
    help="Samples are kept in memory where they take no more MiB than this; otherwise each is read when it is needed.",
)
_CLASSES = ChoiceParam(
    name="target_type",
    default="auto",
    options=("auto", "classes", "numbers"),
    help="Whether whole numbers to be told are classes or quantities; auto takes them for classes where they are few.",
)


def _path(what: str, *suffixes: str) -> FileParam:
    return FileParam(name="path", default=None, suffixes=suffixes, help=what)


def _split(default: str, *others: str) -> ChoiceParam:
    words = {
        "stratified": "every class has the same share of each part",
        "random": "chance decides, the seed fixes it",
        "grouped": "samples of one group stay together",
        "by time": "the last ones are the test part, those before it the validation part",
        "given": "folders, files or a column say it",
        "in order": "the end is the test part, what comes before it the validation part",
    }
    options = (default, *others)
    told = "; ".join(f"{name}: {words[name]}" for name in options)
    return ChoiceParam(
        name="split", default=default, options=options, help=f"Which samples are in which part. {told[:1].upper()}{told[1:]}."
    )


def _scaling(default: str, *others: str, what: str) -> ChoiceParam:
    return ChoiceParam(
        name="scaling",
        default=default,
        options=(default, *others),
        help=f"How {what} are scaled, by what the training part holds. standard: mean 0, deviation 1; min-max: from 0 to 1; robust: "
        "median 0, middle half of width 1.",
    )


_TARGET_SCALING = ChoiceParam(
    name="target_scaling",
    default="none",
    options=("none", "standard"),
    help="How quantities to be told are scaled, by what the training part holds. standard: mean 0, deviation 1; losses and errors are in "
    "such units then.",
)

_TOKENS = (
    ChoiceParam(
        name="tokens",
        default="letters",
        options=("letters", "words", "byte pairs"),
        help="What a text is cut into. Byte pairs are frequent pieces of words, learned from the training part.",
    ),
    IntParam(
        name="vocabulary",
        default=256,
        minimum=4,
        maximum=1_000_000,
        help="How many token numbers there are: the commonest of the training part, and two for padding and what is unknown.",
    ),
)


_YOURS: Mapping[str, Any] = {"inputs": (), "targets": (), "source": "your own", "licence": "as you have it"}
_TABLES = (".csv", ".tsv", ".parquet")
_TARGETS = NamesParam(name="targets", default=(), help="Columns to be told.")

OWN = (
    DatasetOption(
        id="pictures",
        title="Your pictures, a folder for each class",
        summary="A folder that holds a folder of pictures for each class, or such folders for training, validation and test.",
        reader="pictures.py",
        fitting=fit_pictures,
        params=(
            _path("The folder that holds the folders of the classes."),
            _FACTS,
            ChoiceParam(
                name="colour", default="as they are", options=("as they are", "grey", "colour"), help="Colours that the network receives."
            ),
            IntParam(
                name="height",
                default=None,
                minimum=1,
                maximum=4096,
                help="Pictures are brought to this height; the commonest one if empty.",
            ),
            IntParam(name="width", default=None, minimum=1, maximum=4096, help="And to this width."),
            ChoiceParam(
                name="scaling",
                default="none",
                options=("none", "standard"),
                help="none: colours from 0 to 1. standard: mean 0 and deviation 1 for each colour, by the training part.",
            ),
            _split("stratified", "random", "given"),
            _ONCE,
            _MEMORY,
        ),
        requirements=("pillow", "numpy"),
        **_YOURS,
    ),
    *(
        DatasetOption(
            id=id,
            title=title,
            summary=summary,
            reader="records.py",
            fitting=fit_records,
            params=(
                _path(what, *suffixes),
                _FACTS,
                ChoiceParam(
                    name="scaling",
                    default="none",
                    options=("none", "standard"),
                    help="none: colours from 0 to 1. standard: mean 0 and deviation 1 for each colour, by the training part.",
                ),
                _split("stratified", "random", "given"),
                _ONCE,
                _MEMORY,
            ),
            requirements=("numpy",),
            **_YOURS,
        )
        for id, title, summary, what, suffixes in (
            (
                "idx",
                "Your IDX files, as MNIST",
                "Pictures and labels as MNIST has them, packed with gzip or not.",
                "The file of the pictures, beside which that of the labels lies, or their folder.",
                (".gz", "-ubyte"),
            ),
            (
                "cifar",
                "Your CIFAR files, binary",
                "Pictures and labels in the binary form of CIFAR-10 or CIFAR-100.",
                "The folder of the files.",
                (),
            ),
        )
    ),
    DatasetOption(
        id="table",
        title="Your table",
        summary="A table in a CSV, TSV or Parquet file: columns to be told, and columns to tell them from.",
        reader="table.py",
        fitting=fit_table,
        params=(
            _path("The file: CSV, TSV or Parquet.", *_TABLES),
            _FACTS,
            _TARGETS,
            NamesParam(
                name="features", default=(), help="Columns that the network receives; if empty, all others with numbers or few words."
            ),
            _CLASSES,
            _scaling("standard", "min-max", "robust", "none", what="numbers"),
            _TARGET_SCALING,
            ChoiceParam(
                name="missing",
                default="fill",
                options=("fill", "leave out"),
                help="Where a feature has no value: fill in the median of the training part (a word counts as none), or leave the row "
                "out. Rows without a target are always left out.",
            ),
            _split("stratified", "random", "grouped", "by time", "given"),
            NamesParam(
                name="by", default=(), most=1, help="The column that tells the group, the time or the part, where the split asks for one."
            ),
            _ONCE,
            _MEMORY,
        ),
        requirements=("polars", "numpy"),
        **_YOURS,
    ),
    DatasetOption(
        id="arrays",
        title="Your arrays",
        summary="An NPZ file, an NPY file or a folder of NPY files: arrays with a row for each sample, any of them inputs or targets.",
        reader="arrays.py",
        fitting=fit_arrays,
        params=(
            _path("The file, or a folder of NPY files.", ".npz", ".npy"),
            _FACTS,
            NamesParam(name="targets", default=(), help="Arrays to be told; the others are inputs."),
            _CLASSES,
            NamesParam(name="tokens", default=(), help="Arrays of whole numbers that stand for tokens, to be looked up by an Embedding."),
            _scaling("none", "standard", "min-max", "robust", what="inputs"),
            _TARGET_SCALING,
            _split("stratified", "random", "in order"),
            _ONCE,
            _MEMORY,
        ),
        requirements=("numpy",),
        **_YOURS,
    ),
    DatasetOption(
        id="series",
        title="Your time series",
        summary="Columns of a table in the order of time, to be forecast from the rows before.",
        reader="series.py",
        fitting=fit_series,
        params=(
            _path("The file: CSV, TSV or Parquet.", *_TABLES),
            _FACTS,
            NamesParam(name="targets", default=(), help="Columns to be forecast."),
            NamesParam(name="features", default=(), help="Columns that a forecast sees; if empty, all with numbers."),
            NamesParam(
                name="time", default=(), most=1, help="The column by which rows are put in order; if empty, they are as in the file."
            ),
            IntParam(name="window", default=24, minimum=1, maximum=100_000, help="Rows that a forecast sees."),
            IntParam(name="horizon", default=1, minimum=1, maximum=100_000, help="Rows that it covers."),
            _scaling("standard", "min-max", "robust", "none", what="columns"),
            _split("by time", "random"),
        ),
        requirements=("polars", "numpy"),
        **_YOURS,
    ),
    DatasetOption(
        id="texts",
        title="Your texts in classes",
        summary="Texts and the class of each: two columns of a table, or a folder of text files for each class.",
        reader="texts.py",
        fitting=fit_texts,
        params=(
            _path("The table, or the folder that holds the folders of the classes.", *_TABLES),
            _FACTS,
            NamesParam(name="text", default=(), most=1, help="The column with the texts."),
            NamesParam(name="label", default=(), most=1, help="The column with the classes."),
            *_TOKENS,
            IntParam(name="length", default=256, minimum=1, maximum=100_000, help="Tokens of a text at most; the rest is cut off."),
            _split("stratified", "random"),
            _ONCE,
        ),
        requirements=("polars", "numpy"),
        **_YOURS,
    ),
    DatasetOption(
        id="text",
        title="Your text, to be continued",
        summary="A text file, or a folder of such, in samples whose next tokens are to be told.",
        reader="text.py",
        fitting=fit_text,
        params=(
            _path("The text file, or a folder of text files.", ".txt", ".md"),
            _FACTS,
            *_TOKENS,
            IntParam(name="length", default=64, minimum=2, maximum=100_000, help="Tokens in a sample."),
            _split("in order", "random"),
        ),
        requirements=("numpy",),
        **_YOURS,
    ),
    DatasetOption(
        id="dataset",
        title="Your Dataset class",
        summary="Any torch.utils.data.Dataset that Python can import: a class, or a function that makes one.",
        reader="dataset.py",
        fitting=fit_dataset,
        params=(
            PathParam(name="path", default=None, help="Where it is imported from: a package, or a Python file beside the document."),
            LiteralParam(name="arguments", default={}, help="What it is made with, by name: {'train': True}. Paths should be absolute."),
            LiteralParam(
                name="test_arguments",
                default={},
                help="What is different where it gives the test part: {'train': False}. If empty, the test part is split off.",
            ),
            _FACTS,
            NamesParam(name="targets", default=(), help="Parts of a sample that are to be told; the others are inputs."),
            _CLASSES,
            NamesParam(name="tokens", default=(), help="Parts with whole numbers that stand for tokens, to be looked up by an Embedding."),
            _split("random", "stratified", "in order"),
            _MEMORY,
        ),
        looked_at=("path", "arguments", "test_arguments"),
        requirements=("numpy",),
        **_YOURS,
    ),
)
