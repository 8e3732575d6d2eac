"""Which mails somebody gets: by account, by the link of a mail, at the desk; and the end of a subscription with one click."""

from __future__ import annotations

import uuid
from typing import Any

from flask import abort, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import P, anybody_posts, me, public, requires, signed_in
from app.accounts.forms.mails import MailsForm
from app.accounts.models import Person
from app.accounts.reader import link_page
from app.accounts.routes import blueprint
from app.accounts.routes.common import number_of, page, see
from app.accounts.routes.people import found
from app.accounts.rules import mails as rules
from app.accounts.words import ALWAYS, TOPICS
from app.core import clock
from app.core.errors import Conflict, LinkOver, RuleBroken
from app.core.signing import settings, sign
from app.extensions import csrf, db
from app.notifications import choices
from app.notifications.kinds import OFFERED, ONE_CLICK, Mode, Topic
from app.notifications.signed import PURPOSE, stop_purpose

ONE_CLICK_BODY = ("List-Unsubscribe", "One-Click")
"""What a mail program sends (RFC 8058, 3.2), and our own button likewise."""


def _values(person: Person) -> dict[str, Any]:
    row = choices.choices_of(person.id)
    shown = {topic.value: _shown(choices.mode_of(row, topic)) for topic in OFFERED}
    return {
        **shown, "quiet_until": choices.quiet_until(row, clock.now()), "language": person.language, "zone": person.zone,
        "version": str(row.version if row else 0), "person_version": str(person.version),
    }  # fmt: skip


def _shown(mode: Mode) -> str:
    """What a mail program ended is not sent by mail."""
    return (Mode.NONE if mode is Mode.LEFT else mode).value


def _page(person: Person, form: MailsForm, where: dict[str, str], status: int = 200, **more: Any) -> Any:
    row = choices.choices_of(person.id)
    waiting, comes_at = choices.waiting_for(person.id)
    left = [TOPICS[topic][0] for topic in OFFERED if choices.mode_of(row, topic) is Mode.LEFT]
    return page(
        "mails", status, form=form, person=person, where=where, left=left, left_at=row.left_at if row else None, waiting=waiting,
        comes_at=comes_at, ALWAYS=ALWAYS, **{"changes": [], **more},
    )  # fmt: skip


def _answer(person: Person, by: Person, where: dict[str, str]) -> Any:
    """Show the page, or keep what the form says and lead on to ``where['done']``."""
    form = MailsForm(data=_values(person))
    form.zone.near = [membership.organisation.zone for membership in person.memberships]
    if not form.is_submitted():
        return _page(person, form, where)
    if not form.validate():
        return _page(person, form, where, 422)
    wanted = rules.Wanted(
        _kept(person, form.modes()), form.quiet_until.data, form.language.data, form.zone.data, number_of(form.version.data),
        number_of(form.person_version.data),
    )  # fmt: skip
    try:
        rules.choose(person, wanted, by=by, now=clock.now())
    except RuleBroken as error:
        db.session.rollback()
        form.refuse(error)
        if not isinstance(error, Conflict):
            return _page(person, form, where, 422 if error.field else error.status)
        now = _values(person)  # whoever has seen the changes and saves again means it
        form.version.data, form.person_version.data = now["version"], now["person_version"]
        return _page(person, form, where, 409, changes=error.changes, saved=error.saved)
    db.session.commit()
    flash(_("Your choices are saved.") if by is person else _("The choices are saved."), "good")
    return see(where["done"])


def _kept(person: Person, modes: dict[Topic, Mode]) -> dict[Topic, Mode]:
    """What a mail program ended and the form leaves as it is stays ended by it."""
    row = choices.choices_of(person.id)
    return {t: Mode.LEFT if m is Mode.NONE and choices.mode_of(row, t) is Mode.LEFT else m for t, m in modes.items()}


@blueprint.route("/mails", methods=["GET", "POST"])
@signed_in
def mails() -> Any:
    """Which mails I get, and how."""
    here = url_for("accounts.mails")
    return _answer(me(), me(), {"here": here, "done": here, "renew": url_for("accounts.renew_mail_links")})


@blueprint.post("/mails/renew")
@signed_in
def renew_mail_links() -> ResponseReturnValue:
    """End the links that former mails carry."""
    choices.renew(me().id, by=me(), now=clock.now())
    db.session.commit()
    flash(_("Links in former mails no longer open this page. The next mail carries a new one."), "good")
    return see(url_for("accounts.mails"))


def _by_link(token: str) -> Person:
    person_id = choices.person_of(token)
    person = db.session.get(Person, person_id) if person_id else None
    if person is None:
        abort(404)
    if not person.active:
        raise LinkOver(_("This account is closed. Write to the secretariat."))
    return person


@blueprint.route("/mails/<token>", methods=["GET", "POST"])
@public
def mails_by_link(token: str) -> Any:
    """The same behind the link of a mail, without an account. The link opens these choices and nothing else."""
    person = _by_link(token)
    here, renew = (url_for(f"accounts.{name}", token=token) for name in ("mails_by_link", "renew_mail_links_by_link"))
    return link_page(_answer(person, person, {"here": here, "done": here, "renew": renew}))


@blueprint.post("/mails/<token>/renew")
@public
def renew_mail_links_by_link(token: str) -> Any:
    """End this link and all like it, and go on with a new one."""
    person = _by_link(token)
    choices.renew(person.id, by=person, now=clock.now())
    db.session.commit()
    flash(_("Links in former mails no longer open this page. The next mail carries a new one."), "good")
    fresh = sign(PURPOSE, person.id, choices.nonce_of(person.id))
    return link_page(see(url_for("accounts.mails_by_link", token=fresh)))


@blueprint.route("/desk/people/<uuid:person_id>/mails", methods=["GET", "POST"])
@requires(P.MANAGE_PEOPLE)
def person_mails(person_id: uuid.UUID) -> Any:
    """The choices of a person, set on their request."""
    person = found(person_id)
    here = url_for("accounts.person_mails", person_id=person.id)
    return _answer(person, me(), {"here": here, "done": url_for("accounts.person", person_id=person.id), "renew": ""})


@blueprint.route("/stop/<topic>/<token>", methods=["GET", "POST"])
@csrf.exempt  # type: ignore[untyped-decorator]
@public
@anybody_posts
def stop(topic: str, token: str) -> Any:
    """End a subscription. GET shows a button; the POST of a mail program comes without cookie and is answered at once."""
    wanted = Topic(topic) if topic in ONE_CLICK else None
    person_id = choices.person_of(token, stop_purpose(topic)) if wanted else None
    if wanted is None or person_id is None:
        return link_page(page("stop", 404, topic=None, done=False, contact=settings().contact_address))
    facts = {"topic": wanted.value, "name": TOPICS[wanted][0], "token": token, "contact": settings().contact_address}
    facts["choices"] = url_for("accounts.mails_by_link", token=sign(PURPOSE, person_id, choices.nonce_of(person_id)))
    if request.method != "POST":
        return link_page(page("stop", done=False, **facts))
    if request.form.get(ONE_CLICK_BODY[0]) != ONE_CLICK_BODY[1]:
        return link_page(page("stop", 422, done=False, **facts))
    choices.stop(person_id, wanted, now=clock.now())
    db.session.commit()
    return link_page(page("stop", done=True, **facts))
