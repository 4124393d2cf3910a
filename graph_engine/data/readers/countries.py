"""Writes short texts of facts about countries, from Babel's copy of Unicode's locale data, and questions that a stretch of them answers."""

from __future__ import annotations

import itertools
import random
from functools import cache
from typing import NamedTuple

import torch
from babel import Locale
from babel.core import get_global
from babel.languages import get_official_languages
from babel.numbers import get_territory_currencies
from torch import Tensor
from torch.utils.data import TensorDataset

QUESTIONS = 8_000
COUNTRIES, SENTENCES = 3, 3  # in a text: so many countries, so many sentences about each
WORDS = 3  # in a name; what has a longer one is left out
TEXT, QUESTION = 120, 16  # no text and no question has more words
VOCABULARY = 1200
PADDING, UNKNOWN = 0, 1  # the first tokens; words follow

PHRASES = {
    "currency": (
        "The currency of {country} is the {fact} .",
        "People in {country} pay with the {fact} .",
        "The {fact} is legal tender in {country} .",
    ),
    "year": (
        "{country} has used its present currency since {fact} .",
        "It was in {fact} that {country} took to its present money .",
    ),
    "language": (
        "An official language of {country} is {fact} .",
        "{fact} is an official language in {country} .",
        "In {country} offices write in {fact} .",
    ),
    "place": (
        "Clocks in {country} are set by {fact} .",
        "The time zone of {country} is named after {fact} .",
        "{fact} gives its name to the time zone of {country} .",
    ),
}
QUERIES = {
    "currency": (
        "What is the currency of {country} ?",
        "What do people pay with in {country} ?",
        "Which money is legal tender in {country} ?",
    ),
    "year": ("Since when has {country} used its present currency ?", "In which year did {country} take to its present money ?"),
    "language": ("What is an official language of {country} ?", "Which language do offices write in {country} ?"),
    "place": ("After which place is the time zone of {country} named ?", "By which place are clocks in {country} set ?"),
}


class Answered(NamedTuple):
    """A text, a question, and the first and the last word of the text that answer it."""

    text: list[str]
    question: list[str]
    first: int
    last: int


def load(validation: float, test: float, seed: int) -> tuple[TensorDataset, ...]:
    """The training, the validation and the test part; no country is in two, so that what is asked for was never read before.

    Args:
        validation, test: share of the samples, and of the countries, in the validation part, and in the test part.
        seed: fixes the countries, the texts and the questions.

    Returns:
        Three data sets of (text, question, first, last): int64 tokens of 120 and of 16 words, padded at their end, and the places in the
        text, from 0, of the first and the last word of the answer.
    """
    facts = read_facts()
    tokens = {word: token for token, word in enumerate(read_words(facts), start=UNKNOWN + 1)}
    draw = random.Random(seed)
    countries = draw.sample(sorted(facts), len(facts))
    shares = (0.0, test, test + validation, 1.0)
    ends = [(round(len(countries) * share), round(QUESTIONS * share)) for share in shares]
    parts = [
        encode([ask(draw, facts, countries[first:last]) for _ in range(begin, end)], tokens)
        for (first, begin), (last, end) in itertools.pairwise(ends)
    ]
    return tuple(parts[::-1])


def vocabularies(validation: float, test: float, seed: int) -> dict[str, list[str]]:
    """What each token stands for: a word with the space in front of it."""
    words = ["", " □", *(word if word in ".?" else f" {word}" for word in read_words(read_facts()))]
    return {"text": words, "question": words}


def encode(samples: list[Answered], tokens: dict[str, int]) -> TensorDataset:
    """Samples as numbers."""
    texts = torch.stack([number(sample.text, TEXT, tokens) for sample in samples])
    questions = torch.stack([number(sample.question, QUESTION, tokens) for sample in samples])
    places = (torch.tensor(place) for place in zip(*((sample.first, sample.last) for sample in samples), strict=True))
    return TensorDataset(texts, questions, *places)


def number(words: list[str], length: int, tokens: dict[str, int]) -> Tensor:
    """The tokens of some words, with padding behind them."""
    numbers = [tokens.get(word, UNKNOWN) for word in words]
    return torch.tensor(numbers + [PADDING] * (length - len(numbers)))


def ask(draw: random.Random, facts: dict[str, dict[str, str]], countries: list[str]) -> Answered:
    """A text about some countries, in any order and wording, and a question about one of its sentences."""
    told = [(country, kind) for country in draw.sample(countries, COUNTRIES) for kind in draw.sample(sorted(facts[country]), SENTENCES)]
    draw.shuffle(told)
    asked, text, span = draw.choice(told), list[str](), (0, 0)
    for country, kind in told:
        front, back = (part.format(country=country).split() for part in draw.choice(PHRASES[kind]).split("{fact}"))
        fact = facts[country][kind].split()
        if (country, kind) == asked:
            span = len(text) + len(front), len(text) + len(front) + len(fact) - 1
        text += front + fact + back
    country, kind = asked
    return Answered(text, draw.choice(QUERIES[kind]).format(country=country).split(), *span)


@cache
def read_facts() -> dict[str, dict[str, str]]:
    """What is known of each country, by kind; of those of which enough is known."""
    english = Locale.parse("en")
    places: dict[str, str] = {}
    for zone, code in sorted(get_global("zone_territories").items()):
        places.setdefault(code, zone.rpartition("/")[2].replace("_", " "))
    found = {}
    for code, country in sorted(english.territories.items()):
        money = [one for one in get_territory_currencies(code, include_details=True) if one["from"]]
        languages = [english.languages.get(language.partition("_")[0], "") for language in get_official_languages(code)]
        facts = {"place": places.get(code, ""), "language": languages[0] if languages else ""}
        if money:
            facts |= {"currency": english.currencies.get(money[-1]["currency"], ""), "year": str(money[-1]["from"].year)}
        own = set(country.split())
        facts = {kind: fact for kind, fact in facts.items() if 0 < len(fact.split()) <= WORDS and not own & set(fact.split())}
        if len(facts) >= SENTENCES and len(country.split()) <= WORDS:
            found[country] = facts
    return found


def read_words(facts: dict[str, dict[str, str]]) -> list[str]:
    """The words, of the phrases first: a dictionary of all there are, so that a country of the validation part has tokens too."""
    phrases = [phrase.format(country="", fact="") for table in (PHRASES, QUERIES) for of_kind in table.values() for phrase in of_kind]
    names = [text for country, known in facts.items() for text in (country, *known.values())]
    words = dict.fromkeys(word for text in (*phrases, *names) for word in text.split())
    return list(words)[: VOCABULARY - UNKNOWN - 1]
