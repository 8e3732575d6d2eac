"""The demonstration in a real browser: loaded once, added to where a page needs a row it lacks, served, rolled back."""

from __future__ import annotations

import gzip
import io
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from werkzeug.serving import WSGIRequestHandler, make_server

from app.accounts import sessions
from app.accounts.access import Viewer
from app.accounts.models import Designation, Organisation, Person, Role, RoleGrant, SignInLink
from app.accounts.rules import designations, joining
from app.calendars.models import BusyTime, DayChange, Listed, OverrideKind
from app.circulars import rules as circulars
from app.circulars.models import CircularRecipient
from app.circulars.models import Visibility as CircularVisibility
from app.core.signing import sign
from app.demo import sign_ins
from app.demo.load import load_demo
from app.exchanges.models import Asked, Cause, Decision, Invitation, PeerSession, Poll, Registration, SessionStatus, Touch
from app.exchanges.rules import cancel, poll_closing
from app.exchanges.rules import polls as rules_of_polls
from app.extensions import db
from app.files import rules as files
from app.interests.models import Call, Expression, Question, Status
from app.interests.opinion_models import OpinionRequest
from app.interests.rules import drafts
from app.letters.queries import letters_of
from app.notifications import leaving, rehearsing
from app.notifications.models import InboundMail, Message, Rehearsal, State, Verdict
from app.notifications.signed import FIRST_NONCE, PURPOSE
from app.pilots.models import Milestone, Pilot
from app.practices.models import Practice, Resource, Tool
from app.transfers import rules as imports
from app.transfers.models import Kind
from app.web import errors
from app.wordings.sentences import name_of
from tests.conftest import NOW, _bound_to
from tests.factories.accounts import make_person
from tests.factories.calendars import make_day, make_never, make_override
from tests.factories.circulars import make_circular
from tests.factories.clocks import make_clock_change, make_clock_move
from tests.factories.interests import make_call
from tests.factories.letters import about, make_signatory, received
from tests.factories.letters import issued as issue_letters
from tests.factories.letters import prepare as make_letters
from tests.factories.places import make_place_request
from tests.factories.polls import asked_in, make_asked, make_poll
from tests.files.samples import PDF

ASKING = "the browser that asked for the link"
ERRORS = (400, 401, 403, 404, 409, 410, 413, 429, 500, 503)


@dataclass
class House:
    """Where it is, what is in it, and the session cookie of each person by role."""

    app: Flask
    url: str = ""
    ids: dict[str, Any] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)

    def cookie_of(self, who: str) -> list[dict[str, str]]:
        """What a browser context needs to be this person; nothing for the public."""
        return (
            [{"name": str(self.app.config["SESSION_COOKIE_NAME"]), "value": self.cookies[who], "url": self.url}]
            if who in self.cookies
            else []
        )


class Quiet(WSGIRequestHandler):
    """Says nothing about requests."""

    def log(self, *_args: Any, **_more: Any) -> None:
        """Nothing."""


@contextmanager
def open_house(app: Flask) -> Iterator[House]:
    """The demonstration, loaded and served for as long as the block lasts."""
    with app.app_context():
        engine = db.engine
    with engine.connect() as connection, connection.begin() as outer:
        with _bound_to(app, connection):
            house = House(app)
            with app.test_request_context("/"):
                assert load_demo(NOW)
                _furnish(house)
                db.session.commit()
                db.session.remove()
            with _served(house):
                yield house
        outer.rollback()


def _tables(house: House, office: Person) -> None:
    """One table that waits for a word, one with a wrong row, one that waits for the worker."""
    for state, line in (("checked", "ada@m.example,Lovelace"), ("refused", "nonsense,Lovelace"), ("checking", "")):
        table = f"email,family_name\n{line}\n".encode()
        row = imports.begin(table, "people.csv", Kind.PEOPLE, options={}, language="en", by=office, now=NOW)
        if line:
            imports.work(row.id, now=NOW)
        house.ids[f"import {state}"] = row.id


def _furnish(house: House) -> None:
    """Find a row for every page; what the demonstration lacks is added by the rooms' own rules."""
    people = {p.email: p for p in db.session.scalars(select(Person)) if p.email}
    who = {role: people[address] for role, address in sign_ins.ADDRESSES.items()}
    for role in (Role.AUDITOR, Role.ADMINISTRATOR):
        who[role.value] = db.session.scalars(select(Person).join(RoleGrant).where(RoleGrant.role == role)).first()
    for role, person in who.items():
        house.cookies[role] = _cookie(house.app, _user_id=sessions.begin(person, "link", NOW), _fresh=True)
    until = (NOW + timedelta(minutes=10)).isoformat()
    house.cookies["asker"] = _cookie(house.app, browser=ASKING, code={"code": "204816", "until": until, "next": None})
    _sessions(house, who["participant"], who["focal point"])
    _expressions(house, _state_of(who["focal point"]))
    _accounts(house, who["secretariat"], who["participant"])
    _library_and_pilots(house, _state_of(who["focal point"]))
    _circulars(house, who["secretariat"])
    _letters(house, who["secretariat"])
    _opinions(house)
    _tables(house, who["secretariat"])
    for state in (State.FAILED, State.QUEUED, State.SUPPRESSED):
        house.ids[f"message {state}"] = db.session.scalars(select(Message.id).where(Message.state == state)).first()
    house.ids["mail"] = db.session.scalars(select(InboundMail.id)).one()
    _rehearsals(house, who["secretariat"])
    _answers_that_came_back(house, who["focal point"])
    _clocks(house)
    _polls(house, who["secretariat"], who["participant"], who["focal point"])
    _calendars(house, who["focal point"], who["participant"])


def _calendars(house: House, focal: Person, participant: Person) -> None:
    """Days of a State from the lists and corrected ones, a changed date, hours and busy times of somebody."""
    state = db.session.get_one(Organisation, _state_of(focal))
    house.ids |= {"calendar state": state.id, "focal state": state.id}
    code = str(state.code)
    make_day(code, date(2027, 1, 1), name="New Year")
    make_day(code, date(2026, 12, 9), Listed.ESTIMATED, "Feast of the moon")
    make_override(code, first=date(2027, 3, 11), last=date(2027, 3, 12), names={"en": "Founding days", "ar": "يوما التأسيس"})
    make_override(code, OverrideKind.WORKING_WEEK, date(2027, 6, 1), weekend=["5", "6"], names={})
    make_override("*", OverrideKind.EVENT, date(2027, 5, 4), date(2027, 5, 7), names={"en": "A forum"}, ended_at=NOW)
    make_never(person=participant)
    make_never(organisation=state, weekdays=(5,), start=12 * 60, end=14 * 60)
    db.session.add(BusyTime(person_id=participant.id, starts_at=NOW + timedelta(days=3), ends_at=NOW + timedelta(days=4)))
    db.session.add(
        DayChange(found_at=NOW, from_release="0.1", to_release="0.2", code=code, day=date(2026, 12, 16), becomes="holiday", names={"en": "New day"})
    )
    db.session.flush()


def _polls(house: House, office: Person, participant: Person, focal_point: Person) -> None:
    """The demonstration's poll as it stands, one that everybody answered, one closed with a session and one without."""
    poll = db.session.scalars(select(Poll)).one()
    house.ids |= {"poll": poll.id, "poll exchange": poll.exchange_id}
    for name, person in (("own", participant), ("state", focal_point)):
        house.ids[f"asked {name}"] = asked_in(poll, person).id
    asked = asked_in(poll, participant)
    house.links["poll"] = sign("poll", asked.id, asked.nonce)
    answered = asked_in(poll, focal_point)
    house.links["poll answered"] = sign("poll", answered.id, answered.nonce)
    empty = make_poll(exchange=poll.exchange)
    house.ids["poll empty"] = empty.id
    for name in ("with session", "without"):
        closed = make_poll(exchange=poll.exchange)
        one = make_asked(closed, participant)
        if name == "without":
            poll_closing.close_without(closed, tell=False, version=closed.version, by=office, now=NOW)
        else:
            poll_closing.close_with_session(closed, closed.slots[0].id, seats=9, version=closed.version, by=office, now=NOW)
        house.ids[f"poll {name}"] = closed.id
        house.links[f"poll {name}"] = sign("poll", one.id, one.nonce)
    gone = make_asked(empty, participant)
    rules_of_polls.withdraw_asked(gone, by=office, now=NOW)
    house.links["poll taken back"] = sign("poll", gone.id, gone.nonce)


def _clocks(house: House) -> None:
    """Sessions whose hour is open, one in each way, and one that was moved with those whom that reached."""
    coming = [db.session.get_one(PeerSession, row_id) for row_id in house.ids["sessions coming"]]
    for row, cause in zip(coming[1:], (Cause.ANCHOR, Cause.FOLD, Cause.PEOPLE), strict=False):
        house.ids[f"change {cause}"] = make_clock_change(row, cause=cause).id
    moved = make_clock_change(coming[0], decision=Decision.WALL)
    for number, one in enumerate(db.session.scalars(select(Invitation).where(Invitation.peer_session_id == coming[0].id))):
        make_clock_move(moved, one, Touch.SAME if number % 2 else Touch.MOVED)
    house.ids["change settled"] = moved.id


def _rehearsals(house: House, office: Person) -> None:
    """A cancellation for everyone, as it is looked at: well, with something found, and confirmed."""
    row = db.session.get_one(PeerSession, house.ids["sessions coming"][0])
    db.session.info.pop("mails_leaving", None)  # what the demonstration wrote
    with db.session.begin_nested() as undone:
        cancel(row, reason="The hosts cannot come.", tell=True, version=row.version, by=office, now=NOW)
        planned = rehearsing.read(leaving.of_now(), "")
        undone.rollback()
    db.session.info.pop("mails_leaving", None)
    told = rehearsing.told(planned, rehearsing.look(planned, now=NOW))
    missed = {"counts": [["no_address", 1]], "people": [["Nora Sabri", "no_address", "Sam Okello"]]}
    found = {"other_end": {"count": 1, "names": ["Sam Okello"]}}
    for state, more in (("open", {}), ("refused", {"passed": False}), ("confirmed", {"confirmed_at": NOW})):
        one = Rehearsal(
            person_id=office.id, path="/en/desk", back="/en/desk", fields={"reason": ["The hosts\ncannot come."]}, digest="", mails=len(planned.jobs),
            told={**told, "missed": missed, "problems": found if state == "refused" else {}}, **{"passed": True, **more},
        )  # fmt: skip
        db.session.add(one)
        db.session.flush()
        house.ids[f"rehearsal {state}"] = one.id


def _answers_that_came_back(house: House, focal_point: Person) -> None:
    """A mail for each pair of buttons at the desk, and somebody of a State whom no mail reaches."""
    invitation = db.session.get_one(Invitation, house.ids["invitation state"])
    row, person = invitation.peer_session, invitation.person
    starts_at = (row.starts_at + timedelta(days=1, hours=3)).isoformat()
    message = db.session.scalars(select(Message).where(Message.state == State.FAILED)).first()
    assert message is not None
    said = {
        "counter": {"method": "COUNTER", "starts_at": starts_at, "minutes": 60},
        "delegated": {"partstat": "DELEGATED", "delegated_to": "nora.sabri@ministry.example", "delegate_name": "Nora Sabri"},
        "unknown_replier": {"attendee": "stranger@elsewhere.example"},
        "alias": {},
        "delivery_report": {"report": [{"status": "5.1.1", "told": "No such user"}], "address": message.address, "message_id": str(message.id)},
    }  # fmt: skip
    for reason, told in said.items():
        reply = {"method": "REPLY", "uid": row.uid, "attendee": person.email, "partstat": "ACCEPTED", "sequence": 0, **told}
        mail = InboundMail(
            received_at=NOW, source="imap", sha256=reason, raw=b"", subject="Re: Invitation", body="I would rather come later.",
            sender=reply["attendee"], sender_name=person.full_name, reply=reply, verdict=Verdict.UNCLEAR, reason=reason,
            person_id=person.id, subject_kind="session", subject_id=row.id,
        )  # fmt: skip
        db.session.add(mail)
        db.session.flush()
        house.ids[f"mail {reason}"] = mail.id
    lost = make_person("Marsh", given_name="Lena", of=_organisation_of(focal_point), email_undeliverable_at=NOW)
    house.ids["person lost"] = lost.id


def _organisation_of(person: Person) -> Organisation:
    return db.session.get_one(Organisation, _state_of(person))


def _library_and_pilots(house: House, state: Any) -> None:
    for kind, model in (("practice", Practice), ("tool", Tool), ("resource", Resource)):
        row = db.session.scalars(select(model).order_by(model.code)).first()
        assert row is not None
        house.ids |= {f"{kind} code": row.code, f"{kind} record": row.id}
    milestone = db.session.scalars(select(Milestone).order_by(Milestone.due_on.desc())).first()
    assert milestone is not None
    house.ids |= {"milestone": milestone.id, "pilot": milestone.pilot_id}
    house.ids["pilot state"] = db.session.scalars(select(Pilot.id).where(Pilot.state_id == state)).first()
    house.links["milestone"] = sign("milestone", milestone.id, milestone.owner_nonce)


def _cookie(app: Flask, **kept: Any) -> str:
    signer = app.session_interface.get_signing_serializer(app)
    assert signer is not None
    return str(signer.dumps(kept))


def _of_series(coming: Sequence[PeerSession]) -> dict[str, Any]:
    """The exchange that is a series, and its second session: others follow it."""
    first = next(r for r in coming if sum(1 for o in coming if o.exchange_id == r.exchange_id) > 2)
    second = [r for r in coming if r.exchange_id == first.exchange_id][1]
    return {"exchange series": first.exchange_id, "session of series": second.id}


def _sessions(house: House, participant: Person, focal_point: Person) -> None:
    rows = db.session.scalars(select(PeerSession).order_by(PeerSession.starts_at)).all()
    coming = [r for r in rows if r.status is SessionStatus.SCHEDULED and r.starts_at > NOW]
    house.ids |= {
        "session": coming[0].id, "session full": next(r.id for r in coming if r.capacity == 4),
        "session over": rows[0].id, "exchange": coming[0].exchange_id, "sessions coming": [r.id for r in coming],
        **_of_series(coming),
        **{f"session {r.status}": r.id for r in rows if r.status in (SessionStatus.CANCELLED, SessionStatus.DRAFT)},
    }  # fmt: skip
    invited = db.session.scalars(select(Invitation).join(PeerSession).order_by(PeerSession.starts_at, Invitation.id)).all()
    open_ = [i for i in invited if i.peer_session in coming and i.asks]
    kinds: dict[str, Callable[[Invitation], bool]] = {
        "asked": lambda i: i in open_ and i.answer is None,
        "yes": lambda i: i in open_ and i.seat == "held" and i.answer == "yes",
        "waiting": lambda i: i in open_ and i.seat == "waiting",
        "cancelled": lambda i: i.peer_session.status is SessionStatus.CANCELLED,
        "over": lambda i: i.peer_session is rows[0],
        "state": lambda i: i in open_ and i.organisation_id == _state_of(focal_point),
        "own": lambda i: i in open_ and i.person_id == participant.id,
    }
    for kind, wanted in kinds.items():
        found = next(i for i in invited if wanted(i))
        house.ids[f"invitation {kind}"] = found.id
        house.ids[f"session {kind}"] = house.ids.get(f"session {kind}", found.peer_session_id)
        house.links[f"answer {kind}"] = sign("answer", found.id, found.nonce)
        house.links[f"join {kind}"] = sign("join", found.id, found.join_nonce)
    gone = next(i for i in reversed(open_) if i.seat == "none" and i.id not in house.ids.values())
    gone.uninvited_at = NOW
    house.links["answer taken back"] = sign("answer", gone.id, gone.nonce)
    taken = [*house.ids.values(), gone.id]
    own = next(i for i in open_ if i.seat == "none" and i.id not in taken)
    house.links["answer apart"] = sign("answer", own.id, own.nonce)
    row = db.session.get_one(PeerSession, house.ids["session"])
    row.registration = Registration.APPROVAL
    house.ids["request"] = make_place_request(row, works_for="Ministry of Interior", reason="We begin next year.").id
    asked = make_place_request(row, Asked.UNCONFIRMED, email="nia@castle.example")
    house.links["place"] = sign("place", asked.id, asked.nonce)
    house.ids["organisation asked"] = db.session.get_one(Invitation, house.ids["invitation state"]).organisation_id
    house.ids["session of the state"] = db.session.get_one(Invitation, house.ids["invitation state"]).peer_session_id


def _state_of(person: Person) -> Any:
    return db.session.scalars(select(Designation.state_id).where(Designation.person_id == person.id)).first()


def _expressions(house: House, state: Any) -> None:
    call = db.session.scalars(select(Call)).one()
    house.ids |= {"call": call.id, "call over": make_call("Former call", closes_at=NOW - timedelta(days=1)).id}
    for status in (Status.SUBMITTED, Status.UNDER_REVIEW, Status.CLARIFICATION_ASKED, Status.ACCEPTED):
        found = db.session.scalars(select(Expression).where(Expression.status == status)).first()
        assert found is not None
        house.ids[f"expression {status}"] = found.id
        house.links[f"status {status}"] = sign("status", found.id, found.status_nonce)
    house.ids["expression state"] = db.session.scalars(select(Expression.id).where(Expression.state_id == state)).first()
    entered = db.session.scalars(select(Expression).where(Expression.entered_by.is_not(None))).first()
    assert entered is not None
    house.links["correction"] = sign("correct", entered.id, entered.status_nonce)
    question = db.session.scalars(select(Question)).first()
    assert question is not None
    house.links["question"] = sign("question", question.id, question.nonce)
    whole = drafts.start(call, language="en", zone="Africa/Nairobi", now=NOW, by=None)
    pattern = db.session.get_one(Expression, house.ids[f"expression {Status.SUBMITTED}"])
    house.links["confirmation"] = sign("confirm", pattern.id, pattern.confirm_nonce)
    pattern.email_confirmed_at = None
    copied = ("organisation_kind", "state_id", "organisation_name", "contact_given_name", "contact_family_name", "contact_email",
              "contact_zone", "mode", "asks", "grounds", "tools", "languages", "aim", "constraints")  # fmt: skip
    drafts.keep_step(whole, {name: getattr(pattern, name) for name in copied}, step=3, now=NOW)
    drafts.attach_endorsement(whole, FileStorage(io.BytesIO(PDF), "note verbale.pdf"), now=NOW)
    house.ids["file"] = whole.endorsement_file_id
    house.links["draft"] = sign("draft", whole.id, whole.draft_nonce)
    empty = drafts.start(call, language="en", zone="UTC", now=NOW, by=None)
    house.links["draft empty"] = sign("draft", empty.id, empty.draft_nonce)


def _accounts(house: House, office: Person, participant: Person) -> None:
    unverified = db.session.scalars(select(Designation).where(Designation.verified_at.is_(None))).one()
    verified = db.session.scalars(select(Designation).where(Designation.verified_at.is_not(None))).first()
    assert verified is not None
    scan = files.store(FileStorage(io.BytesIO(PDF), "letter.pdf"), "designation", "designation", unverified.id, office, NOW)
    designations.attach_scan(unverified, scan.id, by=office, now=NOW)
    house.ids |= {"designation": unverified.id, "designation verified": verified.id, "person": verified.person_id}
    house.ids |= {"organisation": verified.state_id, "person own": participant.id}
    house.ids["ministry"] = participant.memberships[0].organisation_id
    guest = db.session.scalars(select(Person).where(Person.joined_at.is_(None), Person.email.is_not(None))).first()
    assert guest is not None
    invitation = joining.invite(guest, Role.PARTICIPANT, by=office, now=NOW, mail=False)
    house.links["welcome"] = sign("join-network", invitation.id, invitation.nonce)
    house.links["mails"] = sign(PURPOSE, guest.id, FIRST_NONCE)
    house.links |= {f"stop {topic}": sign(f"stop-{topic}", guest.id, FIRST_NONCE) for topic in ("news", "digest")}
    for name, used in (("sign-in", None), ("sign-in used", NOW)):
        link = SignInLink(person_id=participant.id, browser_hash=ASKING, code_hash="", created_at=NOW,
                          expires_at=NOW + timedelta(minutes=10), used_at=used)  # fmt: skip
        db.session.add(link)
        db.session.flush()
        house.links[name] = sign("sign-in", link.id, link.nonce)


def _circulars(house: House, office: Person) -> None:
    """One that was sent to everyone of the working group and may be read by all, and its correction as a draft."""
    sent = make_circular(by=office, visibility=CircularVisibility.PUBLIC)
    circulars.send(sent, by=office, now=NOW)
    draft = make_circular(by=office, corrects=sent)
    kept = db.session.scalars(select(CircularRecipient).where(CircularRecipient.person_id.is_not(None))).first()
    assert kept is not None
    house.links["circular"] = sign("circular", kept.id, kept.nonce)
    house.ids |= {"circular sent": sent.id, "circular draft": draft.id, "arabic": "ar"}


def _letters(house: House, office: Person) -> None:
    """Letters of one session issued, those of another prepared, and one that came."""
    viewer = Viewer(person=office, roles=frozenset({Role.SECRETARIAT}))
    signer = make_signatory(office)
    issued, prepared = (db.session.get_one(PeerSession, row_id) for row_id in house.ids["sessions coming"][:2])
    made = make_letters(viewer, about(viewer, prepared), signer)
    house.ids |= {"letters prepared": made.id, "letter draft": letters_of(made)[0].id, "signatory": signer.id}
    sent = issue_letters(viewer, issued, signer)[0]
    came = received(viewer, db.session.get_one(Organisation, house.ids["organisation"]))
    house.ids |= {"letters issued": sent.set_id, "letter issued": sent.id, "letter received": came.id}
    house.ids["sentence"] = name_of("", "Sign in")


def _opinions(house: House) -> None:
    """The expression of interest that the co-leads are asked about."""
    request = db.session.scalars(select(OpinionRequest).where(OpinionRequest.closed_at.is_(None))).one()
    house.ids["expression asked of"] = request.expression_id


@contextmanager
def _served(house: House) -> Iterator[None]:
    """Threads for the browser's many connections, one request at a time: all share one database connection."""
    one, inner = threading.Lock(), house.app.wsgi_app

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path.startswith("/static/"):
            return inner(environ, start_response)
        with one:
            if path.rsplit("/", 1)[-1] in {f"error-{code}" for code in ERRORS}:
                return [*_failure(house.app, environ, int(path[-3:]))(environ, start_response)]
            return _packed(inner, environ, start_response)

    server = make_server("127.0.0.1", 0, serve, threaded=True, request_handler=Quiet)
    house.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _failure(app: Flask, environ: dict[str, Any], code: int) -> Any:
    """The page a failing request of this address would get, by the handler that makes it."""
    with app.request_context(environ):
        answer = app.make_response(errors._broken(RuntimeError("for the test")) if code == 500 else errors._page(code))
        return app.process_response(answer)


def _packed(inner: Callable[..., Iterable[bytes]], environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Pages compressed, as the server in front of an installation does."""
    told: list[Any] = []
    body = b"".join(inner(environ, lambda status, headers, *more: told.extend((status, headers))))
    status, headers = told
    kind = dict(headers).get("Content-Type", "")
    if body and kind.startswith("text/html") and "gzip" in environ.get("HTTP_ACCEPT_ENCODING", ""):
        body = gzip.compress(body)
        headers = [(n, v) for n, v in headers if n != "Content-Length"]
        headers += [("Content-Encoding", "gzip"), ("Content-Length", str(len(body)))]
    start_response(status, headers)
    return [body]
