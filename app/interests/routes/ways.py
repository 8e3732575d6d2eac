"""Ends of the road, each with its own sentence and the way on; and the limits of public forms."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Response, make_response, render_template, request, url_for
from flask_babel import gettext as _

from app.accounts.reader import link_page
from app.core import limits
from app.core.signing import mark, settings, sign
from app.extensions import db
from app.interests.models import Expression

HOUR = timedelta(hours=1)


def over(title: Any, sentence: Any, ways: list[tuple[str, Any]], status: int = 410) -> Response:
    """A page that says what ended and where to go instead."""
    db.session.rollback()
    contact = settings().contact_address
    page = render_template("interests/over.html", title=title, sentence=sentence, ways=ways, contact=contact)
    return link_page(make_response(page, status))


def no_such_link(sentence: Any) -> Response:
    """A link that leads nowhere: cut, mistyped, replaced, or its draft is gone."""
    return over(_("This link does not work any more"), sentence, [(url_for("interests.calls"), _("See the calls"))], 404)


def status_address(expression: Expression) -> str:
    """The status page's address for whoever may see it."""
    return url_for("interests.status", token=sign("status", expression.id, expression.status_nonce))


def kept_status_address(expression: Expression) -> str:
    """The same as it is remembered: with a mark for the token."""
    return url_for("interests.status", token=mark("status", expression.id, expression.status_nonce))


def limit_begin(now: datetime) -> None:
    """A person begins a few drafts an hour; a script that begins hundreds is stopped."""
    limits.hit(limits.bucket("draft", limits.client(request.remote_addr)), 20, HOUR, now)


def limit_mail(address: str, now: datetime) -> None:
    """Nobody's mailbox is flooded from here: few mails an hour to one address, and from one client."""
    limits.hit(limits.bucket("draft-mail-client", limits.client(request.remote_addr)), 20, HOUR, now)
    limits.hit(limits.bucket("draft-mail", address), 5, HOUR, now)
