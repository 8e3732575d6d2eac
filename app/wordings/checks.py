"""What must be true of a wording before anybody reads it: the same places, no other tags, nothing that breaks a page."""

from __future__ import annotations

import re
from collections import Counter

from flask_babel import lazy_gettext as _l

from app.core.errors import RuleBroken
from app.core.text import clean
from app.wordings.sentences import Sentence, forms_of, places_in

MOST = 2000
_PLACE = re.compile(r"%\(\w+\)[sd]")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_SPACES = re.compile(r"[ \t\n]+")  # not the hard spaces: French has one before a colon
_ISOLATES = re.compile("([\u2066\u2067\u2068\u2069])")
_NUMBERS = frozenset({"%(num)s", "%(count)s"})


def checked(sentence: Sentence, language: str, typed: list[str]) -> list[str]:
    """The forms as they are kept, or the first thing that is wrong with them, at its field."""
    expected = forms_of(language) if sentence.has_number else 1
    if len(typed) != expected:
        raise RuleBroken(_l("Write every form: the language needs each of them for some numbers."), field="form_0")
    forms = [_tidied(form, sentence.words) for form in typed]
    for number, form in enumerate(forms):
        _one(sentence, language, number, form)
    return forms


def _tidied(form: str, model: str) -> str:
    """Without spaces around, unless the sentence has one there too: a comma between names ends with it."""
    parts = _ISOLATES.split(form)
    kept = "".join(part if _ISOLATES.fullmatch(part) else clean(part) for part in parts)
    if not _balanced(kept):
        kept = _ISOLATES.sub("", kept)
    found = _SPACES.sub(" ", kept)
    return found if model != model.strip() else found.strip(" ")


def _balanced(form: str) -> bool:
    """Does every isolate end, and none end that did not begin? Arabic sentences hold a code or number together with them."""
    depth = 0
    for sign in _ISOLATES.findall(form):
        depth += -1 if sign == "\u2069" else 1
        if depth < 0:
            return False
    return depth == 0


def _one(sentence: Sentence, language: str, number: int, form: str) -> None:
    field = f"form_{number}"
    if not form.strip():
        raise RuleBroken(_l("Write every form: the language needs each of them for some numbers."), field=field)
    if len(form) > MOST:
        raise RuleBroken(_l("Write at most %(most)s characters.", most=MOST), field=field)
    _places(sentence, language, number, form, field)
    models = [sentence.words, sentence.plural, *sentence.said.get(language, ())]
    allowed = max((Counter(_TAG.findall(model)) for model in models), key=lambda tags: sum(tags.values()))
    if Counter(_TAG.findall(form)) - allowed or any(sign in _TAG.sub("", form) for sign in "<>"):
        raise RuleBroken(_l("Leave out angle brackets, except where the sentence itself has them."), field=field)
    if '"' in _TAG.sub("", form) and not any('"' in _TAG.sub("", model) for model in models):
        said = _l("Write “ and ” for quotation marks: the straight one has a meaning of its own in a page.")
        raise RuleBroken(said, field=field)


def _places(sentence: Sentence, language: str, number: int, form: str, field: str) -> None:
    """The same places as the sentence. A form for one number may say it as a word: "one day"."""
    wanted = places_in(sentence.words) | places_in(sentence.plural)
    there = places_in(form)
    original = sentence.said.get(language, ())
    spared = wanted - places_in(original[number]) if number < len(original) else frozenset()
    if sentence.has_number and number < forms_of(language) - 1:
        spared |= _NUMBERS
    lacking, strange = wanted - there - spared, there - wanted
    if lacking:
        said = _l("%(places)s is missing: it is filled in when the sentence is shown.", places=_told(lacking))
        raise RuleBroken(said, field=field)
    if strange:
        raise RuleBroken(_l("%(places)s is not filled in here. Leave it out.", places=_told(strange)), field=field)
    if "%" in _PLACE.sub("", form).replace("%%", ""):
        raise RuleBroken(_l("Write “per cent” as a word: its sign marks places to fill in."), field=field)
    if "%%" in _PLACE.sub("", form) and "%%" not in sentence.words + sentence.plural:
        raise RuleBroken(_l("Write “per cent” as a word: its sign marks places to fill in."), field=field)


def _told(places: frozenset[str]) -> str:
    return ", ".join(sorted(places))


SAMPLES = {
    "num": "3", "count": "3", "total": "12", "held": "3", "capacity": "30", "most": "20", "time": "16:00", "next": "17:00",
    "reference": "EOI-2026-0007", "name": "Adaeze Morrow", "who": "Adaeze Morrow", "place": "Nairobi",
}  # fmt: skip
"""What a preview fills in; other places show their own name."""


def previewed(form: str, number: str = "3") -> str:
    """The sentence as somebody would read it."""

    def filled(place: re.Match[str]) -> str:
        name = place.group(0)[2:-2]
        return number if name in ("num", "count") else SAMPLES.get(name, f"[{name}]")

    return _TAG.sub("", _PLACE.sub(filled, form).replace("%%", "%"))
