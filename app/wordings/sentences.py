"""Every sentence the platform can say, with its six translations: read from the compiled catalogues when a page asks."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from gettext import GNUTranslations
from pathlib import Path

from babel.messages.mofile import read_mo

from app.core.languages import LANGUAGES
from app.core.text import fold

CATALOGUES = Path(__file__).resolve().parent.parent / "translations"
_FOLDERS = {"zh": ("zh", "zh_Hans")}
_PLACE = re.compile(r"%\((\w+)\)[sd]")


@dataclass(frozen=True)
class Sentence:
    """A sentence as the code holds it, and what the catalogues make of it: language to its forms."""

    name: str
    context: str
    words: str
    plural: str
    said: dict[str, tuple[str, ...]]

    @property
    def has_number(self) -> bool:
        """Does it have a form for each number?"""
        return bool(self.plural)


def name_of(context: str, words: str) -> str:
    """The short name of a sentence, for addresses and rows."""
    return hashlib.sha256(f"{context}\x04{words}".encode()).hexdigest()[:20]


def forms_of(language: str) -> int:
    """How many plural forms a language has in our catalogues."""
    return {"ar": 6, "zh": 1, "ru": 3}.get(language, 2)


def places_in(words: str) -> frozenset[str]:
    """The places that are filled in: ``%(name)s``."""
    return frozenset(match.group(0) for match in _PLACE.finditer(words))


@cache
def sentences() -> dict[str, Sentence]:
    """All of them by name, in the order of their English words."""
    found: dict[tuple[str, str], tuple[str, dict[str, tuple[str, ...]]]] = {}
    for language in LANGUAGES:
        file = _file(language)
        if file is None:
            continue
        with file.open("rb") as opened:
            for message in read_mo(opened):
                if not message.id:
                    continue
                ids = message.id if isinstance(message.id, (tuple, list)) else (message.id,)
                words, plural = str(ids[0]), str(ids[1]) if len(ids) > 1 else ""
                strings = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
                said = found.setdefault((str(message.context or ""), words), (plural, {}))[1]
                said[language] = tuple(str(string) for string in strings)
    made = [_sentence(context, words, plural, said) for (context, words), (plural, said) in found.items()]
    return {s.name: s for s in sorted(made, key=lambda s: (s.words.casefold(), s.context))}


def _sentence(context: str, words: str, plural: str, said: dict[str, tuple[str, ...]]) -> Sentence:
    said.setdefault("en", (words, plural) if plural else (words,))
    return Sentence(name_of(context, words), context, words, plural, said)


def _file(language: str) -> Path | None:
    for folder in _FOLDERS.get(language, (language,)):
        path = CATALOGUES / folder / "LC_MESSAGES" / "messages.mo"
        if path.is_file():
            return path
    return None


@cache
def _folded() -> dict[str, str]:
    """What a search looks into: all translations of a sentence, folded once."""
    return {
        s.name: "\n".join(fold(form) for forms in (*s.said.values(), (s.words, s.plural)) for form in forms)
        for s in sentences().values()
    }


def search(asked: str, also: Iterable[str] = ()) -> list[Sentence]:
    """The sentences that hold these words in any language, and those named by ``also`` (found by another wording)."""
    wanted, named = fold(asked), frozenset(also)
    folded = _folded()
    return [s for s in sentences().values() if s.name in named or (wanted and wanted in folded[s.name])]


@cache
def plural_of(language: str) -> Callable[[int], int]:
    """Which form a number takes, as the catalogue of the language says."""
    file = _file(language)
    if file is None:
        return lambda number: int(number != 1)
    with file.open("rb") as opened:
        found: Callable[[int], int] = GNUTranslations(opened).plural  # type: ignore[attr-defined]
    return found


def examples(language: str) -> list[str]:
    """For each plural form of a language, numbers that take it: "1", "2", "3, 5, 6"."""
    groups: dict[int, list[str]] = {}
    for number in (0, 1, 2, 3, 5, 6, 11, 21, 25, 100, 101):
        groups.setdefault(plural_of(language)(number), []).append(str(number))
    return [", ".join(groups.get(form, [])[:4]) for form in range(forms_of(language))]
