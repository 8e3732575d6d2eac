"""Which passwords are too easy to guess, though long enough. The list is made by rule, from words chosen here.

A password stands alone here, so it has 15 characters or more; no list of stolen short passwords would ever match one.
What people do reach for is a common word, twice, with a year or a row of keys: ``welcome welcome 2026``. So the list is
everything that can be put together from at most two different common words, any of the person's and the network's own
words, years, rows of keys and repetitions: some hundred thousand passwords, checked without being written down. Four words
that have nothing to do with each other pass.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import product

_WORDS = """
password passwort passwd passphrase secret secreto login logon signin access account admin administrator root user
guest test testing default changeme change letmein welcome hello bonjour hola salam marhaba privet nihao please open
sesame master super manager office secretary secretariat computer internet google facebook microsoft windows apple
samsung iphone android keyboard monkey dragon tiger lion eagle falcon horse butterfly flower rose sunflower sunshine
rainbow summer winter spring autumn monday tuesday wednesday thursday friday saturday sunday january february march
april june july august september october november december lundi mardi mercredi jeudi vendredi samedi dimanche
janvier fevrier avril juillet aout septembre octobre novembre decembre enero febrero marzo abril mayo junio julio
agosto septiembre octubre noviembre diciembre lunes martes miercoles jueves viernes sabado domingo football soccer
baseball basketball hockey cricket tennis futbol liverpool barcelona madrid arsenal chelsea juventus london paris
geneva geneve newyork nairobi cairo moscow beijing tokyo love iloveyou jetaime teamo princess prince queen king
angel baby honey darling amour mother father family forever friend friends freedom liberty peace happy lucky money
million gold silver diamond star superstar starwars superman batman spiderman pokemon naruto shadow ninja killer
hunter ranger soldier general captain mercedes ferrari porsche toyota honda chocolate coffee banana orange cookie
cheese pepper charlie michael jennifer jessica michelle daniel thomas andrew joshua matthew robert william george
maria mohamed ahmed fatima ivan natasha olga carlos jose juan ana sofia whatever trustno nothing everything
something mypassword yourpassword motdepasse contrasena parol mima government ministry minister embassy ambassador
mission nation nations united unitednations state states country world global migration migrant migrants border
passport visa refugee pathways pathway exchange regular network meeting session conference invitation
"""
COMMON = frozenset(_WORDS.split())
"""Common words in the languages people here work in, without accents."""

_ROWS = (
    "qwertyuiop", "asdfghjkl", "zxcvbnm", "azertyuiop", "qsdfghjklm", "wxcvbn", "qwertzuiop", "yxcvbnm",
    "abcdefghijklmnopqrstuvwxyz", "01234567890123456789", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik", "qazwsxedcrfvtgbyhnujmikolp",
)  # fmt: skip
_LEET = str.maketrans({"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i", "€": "e"})
_SHORTEST_RUN = 4
_FREE = 3  # characters that are nobody's word and still add nothing: a lone "x!", an "und"


def _runs() -> frozenset[str]:
    """Every piece of a row of keys, both ways."""
    found = set()
    for row in _ROWS:
        for way in (row, row[::-1]):
            for length in range(_SHORTEST_RUN, len(way) + 1):
                found |= {way[i : i + length] for i in range(len(way) - length + 1)}
    return frozenset(found)


_RUNS = _runs()
_LONGEST = max(map(len, COMMON | _RUNS))


def bare(text: str) -> str:
    """Letters and digits only, without case and accents."""
    parted = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in parted if c.isalnum())


def is_easy(password: str, own_words: Iterable[str] = ()) -> bool:
    """Is it put together from at most two words anyone would try? ``own_words`` are the person's and the network's."""
    text = bare(password)
    if len(set(text)) <= 4 or _period(text) <= 8:
        return True
    own = {b for word in own_words for b in (bare(part) for part in re.split(r"[\s@.\-_]+", word)) if len(b) >= 4}
    own |= {whole for word in own_words if len(whole := bare(word)) >= 4}
    return any(_is_patched(form, own) for form in {text, text.translate(_LEET)})


def _period(text: str) -> int:
    """The length of the shortest piece whose repetition is the text (the last one may be cut)."""
    return next((n for n in range(1, len(text)) if all(c == text[i % n] for i, c in enumerate(text))), len(text) or 1)


def _is_patched(text: str, own: set[str]) -> bool:
    """Can it be covered by two different words, rows of keys and numbers, but for a few characters?"""
    longest = max([_LONGEST, *map(len, own)])
    # For each position: fewest uncovered characters, by the set of words used so far (two at most).
    reached: list[dict[frozenset[str], int]] = [{} for _ in range(len(text) + 1)]
    reached[0][frozenset()] = 0
    for start in range(len(text)):
        for words, free in sorted(reached[start].items(), key=lambda item: item[1])[:40]:
            for end, word, cost in _steps(text, start, longest, own):
                used = words | {word} if word else words
                total = free + cost
                if len(used) <= 2 and total <= _FREE and total < reached[end].get(used, _FREE + 1):
                    reached[end][used] = total
    return bool(reached[-1])


def _steps(text: str, start: int, longest: int, own: set[str]) -> Iterator[tuple[int, str, int]]:
    """The pieces that begin here: end, the word it is (or "" for own words, keys and digits), characters left uncovered."""
    yield start + 1, "", 0 if text[start].isdigit() else 1
    for end in range(start + 3, min(start + longest, len(text)) + 1):
        piece = text[start:end]
        if piece in own or piece in _RUNS:
            yield end, "", 0
        elif piece in COMMON:
            yield end, piece, 0


def examples(shortest: int = 15) -> Iterator[str]:
    """Passwords the list holds, long enough to be tried: the tests read some thousands of them."""
    endings = ("", "1", "123", "1234", "12345", "!", "2024", "2025", "2026")
    for first, second, ending in product(sorted(COMMON), sorted(COMMON)[::9], endings):
        for made in (f"{first}{second}{ending}", f"{first.title()} {second.title()} {ending}".strip()):
            if len(made) >= shortest:
                yield made
    for row in _RUNS:
        if len(row) >= shortest:
            yield row
