"""Words as searches compare them, in six languages: cut out of texts and out of what people type, in the same way.

PostgreSQL's own parser knows no Chinese words and treats signs in its own way. So words are cut here: letters and
digits, folded; Han and kana in pairs, since they are written without spaces. What is left has no sign in it that a
search could take for an operator.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import ColumnElement, func, literal_column
from sqlalchemy.dialects.postgresql import TSQUERY

from app.core.text import fold

MOST_TYPED = 200
MOST_WORDS = 8
_WORD = re.compile(r"[^\W_]+")
_CJK = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")
CONFIGS = {"ar": "arabic", "en": "english", "fr": "french", "ru": "russian", "es": "spanish"}
"""The stemmer of each language; Chinese has none and needs none."""
_SMALL_WORDS = (
    "a an and at by for from how in is it of on or the to with who"
    " au aux avec ce ces d dans de des du en est et l la le les ou par pour que qui sans sur un une"
    " al con del el los las lo para por se sin su una uno unas y"
    " в во для до за и из к на о об от по при с со у что"
    " او الى ان عن على عند في ما مع من و"
)
_SMALL = frozenset(fold(_SMALL_WORDS).split())
_WEIGHTS: dict[str, ColumnElement[Any]] = {
    weight: literal_column(f"'{weight}'") for weight in "AC"
}  # a single character is a type of its own there
_STEMMERS = (
    (re.compile("[a-z]"), ("english", "french", "spanish")),
    (re.compile("[\u0400-\u04ff]"), ("russian",)),
    (re.compile("[\u0600-\u06ff]"), ("arabic",)),
)


def words(text: str) -> Iterator[str]:
    """The words of a text, in order: runs of letters and digits, Han in single characters and in pairs."""
    for found in _WORD.findall(fold(text)):
        at = 0
        for run in _CJK.finditer(found):
            if run.start() > at:
                yield found[at : run.start()]
            yield from run[0]
            yield from _pairs(run[0])
            at = run.end()
        if at < len(found):
            yield found[at:]


def _pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)]


def asked(typed: str) -> list[str]:
    """The words of what somebody typed, each once: Han in pairs, or alone where it stands alone.

    Small words that every text is full of are left out, unless there is nothing else.
    """
    found: list[str] = []
    for word in _WORD.findall(fold(typed[:MOST_TYPED])):
        at = 0
        for run in _CJK.finditer(word):
            found += [word[at : run.start()]] if run.start() > at else []
            found += _pairs(run[0]) or [run[0]]
            at = run.end()
        found += [word[at:]] if at < len(word) else []
    each = list(dict.fromkeys(found))
    return ([word for word in each if word not in _SMALL] or each)[:MOST_WORDS]


def vector(strong: Mapping[str, str], rest: Mapping[str, str], plain: Iterable[str] = ()) -> ColumnElement[Any]:
    """The searchable form of a record: titles per language, other texts per language, and words of no language."""
    parts = [
        _weighed("simple", " ".join(w for text in strong.values() for w in words(text)), "A"),
        _weighed("simple", " ".join(w for text in (*rest.values(), *plain) for w in words(text)), "C"),
    ]
    for language, config in CONFIGS.items():
        parts += [
            _weighed(config, " ".join(words(texts[language])), weight)
            for texts, weight in ((strong, "A"), (rest, "C"))
            if texts.get(language)
        ]
    whole = parts[0]
    for part in parts[1:]:
        whole = whole.op("||")(part)
    return whole


def _weighed(config: str, text: str, weight: str) -> ColumnElement[Any]:
    return func.setweight(func.to_tsvector(config, text), _WEIGHTS[weight])


def query(typed: str) -> ColumnElement[Any] | None:
    """What was typed as a search: every word has to be there, as it begins or by its stem. ``None`` without a word."""
    whole: ColumnElement[Any] | None = None
    for word in asked(typed):
        one = _one(word)
        whole = one if whole is None else whole.op("&&", return_type=TSQUERY())(one)
    return whole


def _one(word: str) -> ColumnElement[Any]:
    found: ColumnElement[Any] = func.to_tsquery("simple", f"'{word}':*")
    for letters, configs in _STEMMERS:
        if letters.search(word):
            for config in configs:
                found = found.op("||", return_type=TSQUERY())(func.plainto_tsquery(config, word))
    return found
