"""What the tests of the secretariat's desks share."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import select

from app.core.errors import RuleBroken
from app.exchanges.models import PeerSession
from app.notifications.models import InboundMail, Verdict
from tests.factories.exchanges import NOW


def hidden(text, name):
    found = re.search(rf'<input[^>]*name="{name}"[^>]*value="([^"]*)"', text)
    return found[1] if found else ""


def only(session, kind=PeerSession):
    session.expire_all()
    return session.scalars(select(kind)).one()


def unclear_mail(session, invitation, **fields):
    mail = InboundMail(
        received_at=NOW, source="imap", sha256=fields.pop("sha256", "x"), raw=b"", subject="Re: <b>Invitation</b>",
        body="We accept <script>alert(1)</script>", sender=invitation.person.email.lower(), verdict=Verdict.UNCLEAR,
        reason="no_calendar_part", **fields,
    )  # fmt: skip
    session.add(mail)
    session.commit()
    return mail


@contextmanager
def refused(words: str) -> Iterator[None]:
    """A rule refuses with these words in its sentence."""
    with pytest.raises(RuleBroken) as found:
        yield
    assert words in str(found.value.message), str(found.value.message)
