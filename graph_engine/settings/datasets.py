"""The data sets that come with the program. A declaration says what a network will receive; the file it names reads the data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from graph_engine.settings.option import Option
from graph_engine.spec.params import FloatParam, IntParam, PathParam


@dataclass(frozen=True)
class Field:
    """One tensor of a sample: an input of the network, or a target of its training.

    Attributes:
        name: what it is, as a name in Python.
        shape: of one sample, without the batch. A name stands for the parameter of the data set that is called so, or else for a size
            that may differ from batch to batch.
        dtype: of the elements.
        classes: names of the classes, where it holds numbers of classes.
        vocabulary: how many token numbers there are, where it holds such.
        places: how many places there are, where it holds the number of one: of a word in a text.
        marks: the input in which it tells a place; the first and the last target mark the ends of an answer.
        padding: the token number that fills short sequences up; None where all are of one length.
        end: the token number that ends a sequence, if one does.
        continues: the input whose tokens it continues, each by the one that follows.
        original: what the data itself calls it, where that is another name.
        bounds: least and greatest value before any scaling, where they are known.
    """

    name: str
    shape: tuple[int | str, ...] = ()
    dtype: str = "float32"
    classes: tuple[str, ...] = ()
    vocabulary: int | None = None
    places: int | None = None
    marks: str = ""
    padding: int | None = None
    end: int | None = None
    continues: str = ""
    original: str = ""
    bounds: tuple[float, float] | None = None

    @property
    def choices(self) -> int:
        """How many classes, tokens or places there are to choose from; 0 where it holds quantities."""
        return len(self.classes) or self.vocabulary or self.places or 0

    @property
    def is_picture(self) -> bool:
        """Whether it holds a picture in shades of grey."""
        return len(self.shape) == 3 and self.shape[0] == 1

    @property
    def has_pixels(self) -> bool:
        """Whether it holds a picture, in shades of grey or in colours."""
        return len(self.shape) == 3 and self.shape[0] in (1, 3) and self.dtype == "float32"

    @property
    def is_cut(self) -> bool:
        """Whether a batch is cut to its own longest sequence."""
        return self.padding is not None and any(isinstance(size, str) for size in self.shape)


@dataclass(frozen=True, kw_only=True)
class DatasetOption(Option):
    """A data set.

    Attributes:
        title: its name for people.
        reader: the file in ``graph_engine/data/readers`` that reads it; an exported project carries that file as ``data.py``. Where an
            input has a vocabulary, the reader also tells the words of all tokens.
        inputs, targets: what a sample consists of, in the order in which the reader gives it.
        whole: the targets are parts of one answer, so that it is also measured how often all of them are right.
        samples: how many there are with the parameters' defaults, where releases of what they are made from cannot change it.
        files: in ``assets/datasets``; an exported project carries them beside the reader.
        requirements: distributions that the reader needs besides torch.
        source: where it comes from.
        licence: under which terms.
        made_from: the function of ``sklearn.datasets`` that gives what it is made from, for people to look at.
        fitting: for data of the user's own: the same with what follows from the values of its parameters, what is known of the data
            among them. Its reader takes what it has in common with others from ``parts.py``, which travels along.
        arguments: what the reader is given by name; None where that is the parameters.
        looked_at: parameters that say where the data is: where they change, it is looked at again.
    """

    title: str
    reader: str
    inputs: tuple[Field, ...]
    targets: tuple[Field, ...]
    whole: bool = False
    samples: int | None = None
    files: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    source: str
    licence: str
    made_from: str = ""
    fitting: Callable[[DatasetOption, Mapping[str, Any]], DatasetOption] | None = None
    arguments: Mapping[str, Any] | None = None
    looked_at: tuple[str, ...] = ("path",)

    @property
    def is_foreign(self) -> bool:
        """Whether its path names code that is not the program's own."""
        return any(isinstance(param, PathParam) for param in self.params)

    @property
    def is_own(self) -> bool:
        """Whether it is data of the user's own."""
        return self.fitting is not None

    def fitted(self, values: Mapping[str, Any]) -> DatasetOption:
        return self.fitting(self, values) if self.fitting is not None else self

    def sized(self, params: Mapping[str, Any]) -> DatasetOption:
        """The same with the values of its parameters in place of their names in shapes."""

        def fill(field: Field) -> Field:
            return replace(field, shape=tuple(params.get(size, size) if isinstance(size, str) else size for size in field.shape))

        return replace(self, inputs=tuple(map(fill, self.inputs)), targets=tuple(map(fill, self.targets)))


_DIGITS: Mapping[str, Any] = {
    "requirements": ("scikit-learn",),
    "source": "Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, 1998; as "
    "shipped with scikit-learn",
    "licence": "CC BY 4.0",
    "made_from": "load_digits",
}
_DIGIT = Field("digit", (), "int64", classes=tuple("0123456789"))


def _digits(id: str, side: int, title: str, summary: str, target: Field = _DIGIT) -> DatasetOption:
    return DatasetOption(
        id=id,
        title=title,
        summary=summary,
        reader=f"{id}.py",
        inputs=(Field("image", (1, side, side)),),
        targets=(target,),
        samples=1797,
        **_DIGITS,
    )


_CLDR = "Unicode Common Locale Data Repository, as shipped with Babel"
_CULTIVAR = Field("cultivar", (), "int64", classes=("cultivar 0", "cultivar 1", "cultivar 2"))

_WINE: Mapping[str, Any] = {
    "samples": 178,
    "requirements": ("scikit-learn",),
    "source": "Wine, S. Aeberhard and M. Forina, UCI Machine Learning Repository, 1992; as shipped with scikit-learn",
    "licence": "CC BY 4.0",
    "made_from": "load_wine",
}

DATASETS = (
    _digits("digits", 8, "Handwritten digits, 8×8", "1,797 handwritten digits as 8×8 grey pictures in ten classes."),
    _digits("digits28", 28, "Handwritten digits, 28×28", "The same 1,797 handwritten digits, enlarged to 28×28."),
    _digits(
        "digits_images",
        8,
        "Handwritten digits, to be given back",
        "The same 1,797 handwritten digits; the target is the picture itself, for networks that squeeze it through a short code.",
        Field("same", (1, 8, 8), bounds=(0.0, 1.0)),
    ),
    DatasetOption(
        id="digit_pairs",
        title="Pairs of digits",
        summary="Two handwritten digits, 8×8: whether they are the same digit. 14,376 pairs; no picture is in two parts.",
        reader="digit_pairs.py",
        inputs=(Field("left", (1, 8, 8)), Field("right", (1, 8, 8))),
        targets=(Field("sameness", (), "int64", classes=("different", "same")),),
        samples=14_376,
        **_DIGITS,
    ),
    DatasetOption(
        id="photographs",
        title="Photographs with noise",
        summary="520 patches of two photographs in colour, 32×32, with noise added; the target is the patch without it.",
        reader="photographs.py",
        params=(
            FloatParam(
                name="noise", default=0.1, minimum=0.0, maximum=1.0, help="Standard deviation of the noise; colours go from 0 to 1."
            ),
        ),
        inputs=(Field("noisy", (3, 32, 32)),),
        targets=(Field("clean", (3, 32, 32), bounds=(0.0, 1.0)),),
        samples=520,
        requirements=("scikit-learn", "pillow"),
        source="china.jpg by danielbuechele and flower.jpg by vultilion, flickr.com; as shipped with scikit-learn",
        licence="CC BY 2.0",
        made_from="load_sample_images",
    ),
    DatasetOption(
        id="wine",
        title="Wine",
        summary="Which of three cultivars each of 178 wines is made of, from 13 figures of its analysis.",
        reader="wine.py",
        inputs=(Field("analysis", (13,)),),
        targets=(_CULTIVAR,),
        **_WINE,
    ),
    DatasetOption(
        id="wine_parts",
        title="Wine in two parts",
        summary="Two inputs, minerals and pigments of 178 wines; two targets, the cultivar and the content of proline.",
        reader="wine_parts.py",
        inputs=(Field("minerals", (5,)), Field("pigments", (7,))),
        targets=(_CULTIVAR, Field("proline", (1,))),
        **_WINE,
    ),
    DatasetOption(
        id="breast_cancer",
        title="Breast cancer",
        summary="Whether each of 569 tumours is malignant, from 30 measurements of its cells.",
        reader="breast_cancer.py",
        inputs=(Field("measurements", (30,)),),
        targets=(Field("diagnosis", (), "int64", classes=("malignant", "benign")),),
        samples=569,
        requirements=("scikit-learn",),
        source="Breast Cancer Wisconsin (Diagnostic), W. Wolberg, O. Mangasarian, N. Street and W. Street, UCI Machine Learning "
        "Repository, 1995; as shipped with scikit-learn",
        licence="CC BY 4.0",
        made_from="load_breast_cancer",
    ),
    DatasetOption(
        id="diabetes",
        title="Diabetes",
        summary="How far the disease of 442 people went in a year, in standard deviations, from 10 figures about each.",
        reader="diabetes.py",
        inputs=(Field("record", (10,)),),
        targets=(Field("progression", (1,)),),
        samples=442,
        requirements=("scikit-learn",),
        source="B. Efron, T. Hastie, I. Johnstone and R. Tibshirani, Least Angle Regression, Annals of Statistics, 2004; as shipped with "
        "scikit-learn",
        licence="no terms stated by the authors; passed on with scikit-learn, BSD-3-Clause",
        made_from="load_diabetes",
    ),
    DatasetOption(
        id="co2",
        title="Carbon dioxide at Mauna Loa",
        summary="A monthly series from 1958 to 2001 to be forecast, in parts per million above the last month that is known.",
        reader="co2.py",
        params=(
            IntParam(name="window", default=36, minimum=1, maximum=240, help="Months that a forecast sees."),
            IntParam(name="horizon", default=12, minimum=1, maximum=60, help="Months that it covers."),
        ),
        inputs=(Field("past", ("window", 1)),),
        targets=(Field("future", ("horizon",)),),
        samples=457,
        files=("co2_mauna_loa.csv",),
        source="C. D. Keeling and T. P. Whorf, Atmospheric CO2 concentrations derived from flask air samples at sites in the SIO network, "
        "Carbon Dioxide Information Analysis Center, 2004; as shipped with statsmodels",
        licence="public domain",
    ),
    DatasetOption(
        id="languages",
        title="Language of a name",
        summary="In which of 16 languages a country, a language or a currency is called so, for 5,760 names of up to 24 letters.",
        reader="languages.py",
        inputs=(Field("name", ("T",), "int64", vocabulary=128, padding=0),),
        targets=(
            Field(
                "language",
                (),
                "int64",
                classes=("cs", "da", "de", "en", "es", "fi", "fr", "hr", "hu", "it", "nl", "pl", "pt", "ro", "sv", "tr"),
            ),
        ),
        samples=5760,
        requirements=("Babel", "scikit-learn"),
        source=_CLDR,
        licence="Unicode License v3",
    ),
    DatasetOption(
        id="countries",
        title="Questions about countries",
        summary="8,000 short texts of facts about countries, each with a question and the places of the first and the last word that "
        "answer it. Countries of the validation part are in no text of the training part.",
        reader="countries.py",
        inputs=(
            Field("text", (120,), "int64", vocabulary=1200, padding=0),
            Field("question", (16,), "int64", vocabulary=1200, padding=0),
        ),
        targets=(Field("first", (), "int64", places=120, marks="text"), Field("last", (), "int64", places=120, marks="text")),
        whole=True,
        samples=8000,
        requirements=("Babel",),
        source=_CLDR,
        licence="Unicode License v3",
    ),
    DatasetOption(
        id="dates",
        title="Dates in words",
        summary="12,000 dates as people write them in 19 languages, to be translated letter by letter into the form 2024-03-07.",
        reader="dates.py",
        inputs=(Field("phrase", ("S",), "int64", vocabulary=128, padding=0), Field("before", ("T",), "int64", vocabulary=15, padding=0)),
        targets=(Field("after", ("T",), "int64", vocabulary=15, padding=0, end=2, continues="before"),),
        samples=12_000,
        requirements=("Babel",),
        source=_CLDR,
        licence="Unicode License v3",
    ),
    DatasetOption(
        id="python_topics",
        title="Python's reference texts",
        summary="The texts that Python's help() shows about the language, in samples whose next letters are to be told.",
        reader="python_topics.py",
        params=(IntParam(name="length", default=64, minimum=2, maximum=1024, help="Letters in a sample."),),
        inputs=(Field("text", ("length",), "int64", vocabulary=97),),
        targets=(Field("next", ("length",), "int64", vocabulary=97, continues="text"),),
        source="The documentation of the installed Python (pydoc_data.topics)",
        licence="PSF License Version 2",
    ),
)
