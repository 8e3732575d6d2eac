"""A process that knows no wording before and after each test."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from app.wordings import catalogue
from app.wordings.sentences import Sentence, sentences


@pytest.fixture(autouse=True)
def _fresh(base_app) -> Iterator[None]:
    yield
    catalogue._kept.over, catalogue._kept.version, catalogue._kept.looked = {}, 0, time.monotonic()
    catalogue._kept.laid.clear()


@pytest.fixture
def sentence() -> Callable[[str], Sentence]:
    """A sentence by its English words."""
    return lambda words: next(s for s in sentences().values() if s.words == words)
