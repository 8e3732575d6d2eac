"""Every machine word a page may meet has a sentence."""

from __future__ import annotations

import re
from pathlib import Path

from app.dashboards import words
from app.interests.models import Status
from app.notifications.models import State

ROOT = Path(__file__).resolve().parent.parent.parent


def test_every_kind_of_mail_has_its_word():
    kinds = {p.name for p in (ROOT / "templates" / "emails").iterdir() if p.is_dir()}
    assert kinds == set(words.KINDS)


def test_every_state_and_stage_has_its_word():
    assert set(words.STATES) == set(words.STATE_SENTENCES) == set(State)
    assert set(words.STATUSES) == set(Status)


def test_every_reason_that_delivery_writes_has_its_sentence():
    source = "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "app" / "notifications").glob("*.py"))
    written = set(re.findall(r'(?:ended|again|_later)\([^"\n]*"([a-z_]+)"', source))
    written |= set(re.findall(r"""error_class(?: = |=)["']([a-z_]+)["']""", source))
    written |= set(re.findall(r"""THEN '([a-z_]+)' ELSE '([a-z_]+)' END""", source).pop())
    written |= {"bad_address", "no_address"}
    assert len(written) >= 10
    assert written <= set(words.WHY_NOT)
