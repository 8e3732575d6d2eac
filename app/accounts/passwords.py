"""Passwords: Argon2id, two at a time in each process, and what a new one must be."""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask_babel import lazy_gettext as _l

from app.accounts.blocklist import is_easy
from app.core.errors import RuleBroken
from app.core.limits import too_many

SHORTEST = 15
LONGEST = 256
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_in_flight = threading.BoundedSemaphore(2)
_PATIENCE = 5.0  # seconds in the queue before a person is told to try again


@contextmanager
def _place() -> Iterator[None]:
    """One of the two places: many sign-ins at once must not take all memory and both processors."""
    if not _in_flight.acquire(timeout=_PATIENCE):
        raise too_many(timedelta(seconds=_PATIENCE))
    try:
        yield
    finally:
        _in_flight.release()


def _same(password: str) -> str:
    """One form of the same characters, whatever keyboard typed them."""
    return unicodedata.normalize("NFKC", password)


def hashed(password: str) -> str:
    """What is stored."""
    with _place():
        return _hasher.hash(_same(password))


@cache
def _nobodys() -> str:
    """A hash no password fits, for accounts that do not exist: refusing them takes as long."""
    return _hasher.hash("nobody has this password, and nobody may find out who has one")


def fits(stored: str | None, password: str) -> bool:
    """Is it the password? Takes the same time whether there is one or not."""
    with _place():
        stand_in = _nobodys()
        try:
            right = _hasher.verify(stored or stand_in, _same(password[: LONGEST * 4]))
        except (VerificationError, InvalidHashError):
            return False
        return right and stored is not None


def is_outdated(stored: str) -> bool:
    """Was it made with other costs than today's?"""
    return _hasher.check_needs_rehash(stored)


def check_new(password: str, own_words: Iterable[str]) -> None:
    """Refuse a new password that is too short, too long or too easy to guess; no rules of composition."""
    length = len(_same(password))
    if length < SHORTEST:
        raise RuleBroken(
            _l("Enter at least %(least)s characters. Four words that do not belong together are a good choice.", least=SHORTEST),
            field="password",
        )
    if length > LONGEST:
        raise RuleBroken(_l("Enter at most %(most)s characters.", most=LONGEST), field="password")
    if is_easy(_same(password), own_words):
        raise RuleBroken(
            _l("This password is easy to guess: it is made of common words, names, rows of keys or repetitions. Choose another."),
            field="password",
        )
