"""Every page and who looks at it. A page that is not here fails the test that compares this list with the routes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, url_for

from tests.browser.house import ERRORS, House

PUBLIC, ASKER, APPLICANT, PARTICIPANT, FOCAL, LEAD, OFFICE, AUDITOR, ADMIN = (
    "public", "asker", "applicant", "participant", "focal point", "co-lead", "secretariat", "auditor", "administrator",
)  # fmt: skip

NO_PAGES = {
    "interests.form_docx": "a file", "interests.form_pdf": "a file", "interests.draft_file": "a file",
    "interests.record_file": "a file", "accounts.designation_scan": "a file", "exchanges.session_calendar": "a file",
    "exchanges.desk_scan": "a file", "interests.expression_file": "a file", "letters.letter_file": "a file", "letters.draft_pdf": "a file", "transfers.archive_file": "a file", "transfers.import_template": "a table",
    **dict.fromkeys(("accounts.people_table", "accounts.organisations_table", "accounts.designations_table", "accounts.audit_table",
                     "interests.calls_table", "interests.queue_table", "exchanges.exchanges_table", "exchanges.sessions_table",
                     "exchanges.invitations_table", "exchanges.replies_table", "exchanges.polls_table", "exchanges.poll_table", "dashboards.outbox_table",
                     "dashboards.gaps_table", "pilots.pilots_table", "pilots.milestones_table", "practices.library_table",
                     "circulars.circulars_table", "circulars.recipients_table", "circulars.phone_table",
                     "letters.letters_table"), "a table"),
    "practices.document": "a file", "pilots.evidence_file": "a file",
    "dashboards.wordings_json": "a file", "dashboards.wordings_po": "a file",
    "dashboards.template_html": "a mail, shown in a frame of its page",
    "circulars.desk_mail_html": "a mail, shown in a frame of its page", "circulars.phone_invitation": "leads to the call about it",
    "api.feed": "a calendar", "api.public_feed": "a calendar", "dashboards.network_mark": "a picture", "health.live": "one word", "health.ready": "one word", "health.state": "facts for a program", "health.metrics": "figures for a program",
    "dashboards.rehearsal_mail": "a mail, shown in a frame of its page",
    "dashboards.message_html": "a mail, shown in a frame of its message's page",
    "interests.resume": "leads to the step where the draft was left",
}  # fmt: skip


@dataclass(frozen=True)
class Sight:
    """One page: its endpoint, who looks, what its address holds, and the status it answers with."""

    endpoint: str
    who: str
    about: dict[str, str] = field(default_factory=dict)  # a part of the address: the name of its row, or of its link
    query: dict[str, Any] = field(default_factory=dict)
    status: int = 200
    send: bool = False  # press the form's button with nothing filled in, and look at what comes back
    fine: bool = False  # nothing filled in is an answer too: the next page comes back

    @property
    def statuses(self) -> tuple[int, ...]:
        """A form sent empty is refused by its fields, or by the rule behind it."""
        return (422, 409) if self.send and not self.fine else (self.status,)

    def __str__(self) -> str:
        return " ".join([self.endpoint, *self.about.values(), *map(str, self.query.values()), "sent" if self.send else ""]).strip()

    def path(self, house: House, lang: str) -> str:
        """Its address in this language."""
        values = {k: house.links[v] if k == "token" else house.ids.get(v, v) for k, v in self.about.items()}
        return url_for(self.endpoint, lang=lang, **values, **self.query)


def sights() -> list[Sight]:
    """All of them."""
    return [
        *_public(), *_applicant(), *_people(), *_library(), *_pilots(), *_desk_interests(), *_desk_exchanges(), *_desk_accounts(),
        *_desk_transfers(), *_desk_mails(), *_calendars(), *_circulars(), *_letters(), *_words(),
    ]  # fmt: skip


def errors() -> list[tuple[str, int]]:
    """The pages of what went wrong."""
    return [(f"error-{code}", code) for code in ERRORS]


def pages_of(app: Flask) -> set[str]:
    """Every endpoint a browser can look at."""
    return {r.endpoint for r in app.url_map.iter_rules() if "GET" in (r.methods or ())} - set(NO_PAGES)


def _both(endpoint: str, who: str, **about: str) -> Iterator[Sight]:
    """A form as it opens, and with its errors."""
    yield Sight(endpoint, who, about)
    yield Sight(endpoint, who, about, send=True)


def _public() -> Iterator[Sight]:
    for name in ("home", "about", "accessibility", "contact", "privacy"):
        yield Sight(f"dashboards.{name}", PUBLIC)
    yield from _both("dashboards.code", PUBLIC)
    yield Sight("interests.calls", PUBLIC)
    yield Sight("interests.call", PUBLIC, {"call_id": "call"})
    yield Sight("interests.call", PUBLIC, {"call_id": "call over"})
    yield Sight("exchanges.exchange_list", PUBLIC)
    yield Sight("exchanges.exchange_list", PUBLIC, query={"when": "past"})
    yield Sight("exchanges.subscribe", PUBLIC)
    yield Sight("exchanges.exchange_page", PUBLIC, {"exchange_id": "exchange"})
    yield Sight("exchanges.exchange_page", PUBLIC, {"exchange_id": "exchange series"})
    for kind in ("session", "session full", "session over", "session cancelled"):
        yield Sight("exchanges.session_page", PUBLIC, {"session_id": kind})
    yield from _both("exchanges.ask_for_place", PUBLIC, session_id="session")
    yield Sight("exchanges.place_request", PUBLIC, {"token": "place"})
    yield Sight("accounts.zone", PUBLIC)
    yield Sight("accounts.lighter", PUBLIC)
    yield Sight("accounts.mails_by_link", PUBLIC, {"token": "mails"})
    yield Sight("accounts.mails_by_link", PUBLIC, {"token": "mails"}, send=True, fine=True)  # nothing chosen is left as it was
    yield Sight("accounts.stop", PUBLIC, {"topic": "news", "token": "stop news"})
    yield Sight("accounts.stop", PUBLIC, {"topic": "digest", "token": "stop digest"}, send=True, fine=True)
    yield Sight("accounts.stop", PUBLIC, {"topic": "calls", "token": "stop news"}, status=404)
    yield from _both("accounts.sign_in", PUBLIC)
    yield Sight("accounts.code", ASKER)
    yield from _both("accounts.sign_in_link", PUBLIC, token="sign-in")
    yield Sight("accounts.sign_in_link", PUBLIC, {"token": "sign-in used"}, status=410)
    yield from _both("accounts.join", PUBLIC, token="welcome")


def _applicant() -> Iterator[Sight]:
    for step in ("who", "what", "endorsement"):
        yield Sight(f"interests.{step}", APPLICANT, {"token": "draft"})
        yield Sight(f"interests.{step}", APPLICANT, {"token": "draft empty"}, send=True, fine=step == "endorsement")
    yield from (Sight(f"interests.{name}", APPLICANT, {"token": "draft"}) for name in ("check", "later"))
    yield Sight("interests.check", APPLICANT, {"token": "draft empty"}, send=True)
    yield Sight("interests.later", APPLICANT, {"token": "draft empty"}, send=True)
    yield Sight("interests.confirmation", APPLICANT, {"token": "confirmation"})
    yield from _both("interests.question", APPLICANT, token="question")
    yield from _both("interests.correction", APPLICANT, token="correction")
    for status in ("submitted", "clarification_asked", "accepted"):
        yield Sight("interests.status", APPLICANT, {"token": f"status {status}"})
    for kind in ("asked", "yes", "waiting", "cancelled", "over"):
        yield Sight("exchanges.answer", APPLICANT, {"token": f"answer {kind}"})
    yield Sight("exchanges.answer", APPLICANT, {"token": "answer taken back"}, status=410)
    yield Sight("exchanges.answer", APPLICANT, {"token": "answer asked"}, send=True)
    for kind in ("poll", "poll answered", "poll with session", "poll without"):
        yield Sight("exchanges.poll_answer", APPLICANT, {"token": kind})
    yield Sight("exchanges.poll_answer", APPLICANT, {"token": "poll taken back"}, status=410)
    yield Sight("exchanges.poll_answer", APPLICANT, {"token": "poll"}, send=True)
    for kind in ("yes", "cancelled"):
        yield Sight("exchanges.join", APPLICANT, {"token": f"join {kind}"})


def _people() -> Iterator[Sight]:
    yield Sight("dashboards.home", PARTICIPANT)
    yield Sight("exchanges.my_sessions", PARTICIPANT)
    yield Sight("exchanges.session_page", PARTICIPANT, {"session_id": "session own"})
    yield Sight("exchanges.exchange_page", PARTICIPANT, {"exchange_id": "exchange"})
    yield Sight("exchanges.add_session", PARTICIPANT, {"session_id": "session own"})
    yield Sight("exchanges.subscribe", PARTICIPANT, query={"theme": "family"})
    yield from _both("accounts.profile", PARTICIPANT)
    yield from _both("accounts.password", PARTICIPANT)
    yield Sight("accounts.sign_ins", PARTICIPANT)
    yield Sight("accounts.mails", PARTICIPANT)
    yield Sight("dashboards.desk", PARTICIPANT, status=404)
    yield Sight("dashboards.home", FOCAL)
    yield Sight("dashboards.my_state", FOCAL)
    yield Sight("dashboards.my_state", FOCAL, query={"list": "expressions"})
    yield Sight("dashboards.my_state", FOCAL, query={"list": "speakers"})
    yield Sight("exchanges.state_invitations", FOCAL)
    yield Sight("exchanges.my_polls", FOCAL)
    yield Sight("exchanges.my_polls", PARTICIPANT)
    yield from _both("exchanges.own_poll", PARTICIPANT, asked_id="asked own")
    yield Sight("exchanges.own_poll", FOCAL, {"asked_id": "asked state"})
    yield from _both("accounts.correct_address", FOCAL, person_id="person lost")
    yield from _both("exchanges.state_answer", FOCAL, invitation_id="invitation state")
    yield Sight("exchanges.state_delegation", FOCAL, {"session_id": "session of the state"})
    yield Sight("exchanges.ask_for_place", PARTICIPANT, {"session_id": "session"})
    yield from _both("exchanges.state_delegate", FOCAL, invitation_id="invitation state")
    yield Sight("interests.expression", FOCAL, {"expression_id": "expression state"})
    yield Sight("dashboards.home", LEAD)
    yield Sight("exchanges.exchange_list", LEAD)
    yield from _both("interests.opinion", LEAD, expression_id="expression asked of")
    yield Sight("interests.record", LEAD, {"expression_id": "expression asked of"})


def _desk_interests() -> Iterator[Sight]:
    yield Sight("dashboards.desk", OFFICE)
    yield Sight("interests.desk_calls", OFFICE)
    yield from _both("interests.new_call", OFFICE)
    yield from _both("interests.edit_call", OFFICE, call_id="call")
    yield Sight("interests.queue", OFFICE)
    yield Sight("interests.queue", OFFICE, query={"q": "nobody of this name"})
    for status in ("submitted", "under_review", "clarification_asked", "accepted"):
        yield Sight("interests.record", OFFICE, {"expression_id": f"expression {status}"})
    yield Sight("interests.record", AUDITOR, {"expression_id": "expression accepted"})
    yield Sight("interests.record", OFFICE, {"expression_id": "expression asked of"})
    yield from _both("interests.enter", OFFICE)


def _desk_exchanges() -> Iterator[Sight]:
    yield Sight("exchanges.desk_exchanges", OFFICE)
    yield Sight("exchanges.desk_exchange", OFFICE, {"exchange_id": "exchange"})
    yield from _both("exchanges.desk_edit_exchange", OFFICE, exchange_id="exchange")
    yield from _both("exchanges.desk_new_exchange", OFFICE)
    yield Sight("exchanges.desk_exchange", OFFICE, {"exchange_id": "exchange series"})
    for name in ("desk_series", "desk_list", "desk_invite_listed"):
        yield from _both(f"exchanges.{name}", OFFICE, exchange_id="exchange series")
    yield Sight("exchanges.desk_copy_exchange", OFFICE, {"exchange_id": "exchange series"})
    yield Sight("exchanges.desk_copy_exchange", OFFICE, {"exchange_id": "exchange series"}, send=True, fine=True)
    yield Sight("exchanges.desk_move", OFFICE, {"session_id": "session of series"})
    yield Sight("exchanges.desk_move", OFFICE, {"session_id": "session of series"}, send=True)
    yield from _both("exchanges.desk_cancel_following", OFFICE, session_id="session of series")
    yield Sight("exchanges.desk_sessions", OFFICE)
    for kind in ("session", "session full", "session over", "session cancelled", "session draft"):
        yield Sight("exchanges.desk_session", OFFICE, {"session_id": kind})
    for name in ("desk_edit_session", "desk_invite"):
        yield from _both(f"exchanges.{name}", OFFICE, session_id="session")
    yield Sight("exchanges.desk_cancel", OFFICE, {"session_id": "session"})
    yield from _both("exchanges.desk_new_session", OFFICE)
    yield from _both("exchanges.desk_answer", OFFICE, invitation_id="invitation asked")
    yield from _both("exchanges.desk_delegate", OFFICE, invitation_id="invitation asked")
    yield Sight("exchanges.desk_invitation", OFFICE, {"invitation_id": "invitation asked"})
    yield Sight("exchanges.desk_invite", OFFICE, {"session_id": "session"}, query={"q": "a"})
    yield Sight("exchanges.desk_uninvite", OFFICE, {"invitation_id": "invitation asked"})
    yield Sight("exchanges.desk_session", AUDITOR, {"session_id": "session"})
    yield Sight("exchanges.desk_polls", OFFICE)
    yield Sight("exchanges.desk_polls", OFFICE, query={"when": "closed"})
    yield from _both("exchanges.desk_new_poll", OFFICE, exchange_id="poll exchange")
    for kind in ("poll", "poll empty", "poll with session", "poll without"):
        yield Sight("exchanges.desk_poll", OFFICE, {"poll_id": kind})
    yield Sight("exchanges.desk_poll", AUDITOR, {"poll_id": "poll"})
    yield Sight("exchanges.desk_edit_poll", OFFICE, {"poll_id": "poll"})
    for name in ("desk_poll_times", "desk_poll_ask", "desk_close_poll"):
        yield from _both(f"exchanges.{name}", OFFICE, poll_id="poll")
    yield from _both("exchanges.desk_reopen_poll", OFFICE, poll_id="poll without")
    yield from _both("exchanges.desk_poll_answer", OFFICE, asked_id="asked own")
    yield Sight("exchanges.desk_places", OFFICE, {"session_id": "session"})
    yield from _both("exchanges.desk_second_sitting", OFFICE, session_id="session")
    yield from _both("exchanges.desk_delegation", OFFICE, session_id="session of the state", organisation_id="organisation asked")
    yield Sight("exchanges.place_requests", OFFICE, {"session_id": "session"})
    yield Sight("exchanges.decide_place", OFFICE, {"session_id": "session", "request_id": "request"})
    yield Sight("exchanges.desk_clocks", OFFICE)
    for kind in ("change anchor", "change fold", "change people", "change settled"):
        yield Sight("exchanges.desk_clock_change", OFFICE, {"change_id": kind})


def _desk_accounts() -> Iterator[Sight]:
    yield Sight("accounts.people", OFFICE)
    yield Sight("accounts.people", OFFICE, query={"q": "nobody of this name"})
    for kind in ("person", "person own"):
        yield Sight("accounts.person", OFFICE, {"person_id": kind})
    yield Sight("accounts.person", ADMIN, {"person_id": "person own"})
    yield from _both("accounts.new_person", OFFICE)
    yield from _both("accounts.edit_person", OFFICE, person_id="person")
    yield Sight("accounts.person_mails", OFFICE, {"person_id": "person"})
    yield from _both("accounts.new_designation", OFFICE, person_id="person")
    yield Sight("accounts.hand_over", OFFICE, {"person_id": "person"})
    yield Sight("accounts.hand_over", OFFICE, {"person_id": "person"}, query={"words": "a"})
    yield from _both("accounts.hand_over", OFFICE, person_id="person", successor="person own")
    yield Sight("accounts.organisations", OFFICE)
    for kind in ("organisation", "ministry"):
        yield Sight("accounts.organisation", OFFICE, {"organisation_id": kind})
    yield from _both("accounts.new_organisation", OFFICE)
    yield from _both("accounts.edit_organisation", OFFICE, organisation_id="organisation")
    yield Sight("accounts.designations", OFFICE)
    for kind in ("designation", "designation verified"):
        yield Sight("accounts.designation", OFFICE, {"designation_id": kind})
    yield from _both("accounts.edit_designation", OFFICE, designation_id="designation")
    yield Sight("accounts.audit_log", AUDITOR)


def _desk_transfers() -> Iterator[Sight]:
    yield Sight("transfers.imports", OFFICE)
    for kind in ("people", "organisations", "participants", "expressions"):
        yield from _both("transfers.new_import", OFFICE, kind=kind)
    for state in ("checked", "refused", "checking"):
        yield Sight("transfers.import_page", OFFICE, {"import_id": f"import {state}"})
    yield Sight("transfers.archives", OFFICE, {"exchange_id": "exchange"})


def _desk_mails() -> Iterator[Sight]:
    yield Sight("dashboards.outbox", OFFICE)
    yield Sight("dashboards.outbox", OFFICE, query={"q": "nobody@nowhere.example"})
    for state in ("failed", "queued", "suppressed"):
        yield Sight("dashboards.message", OFFICE, {"message_id": f"message {state}"})
    for state in ("open", "refused", "confirmed"):
        yield Sight("dashboards.rehearsal", OFFICE, {"rehearsal_id": f"rehearsal {state}"})
    yield Sight("dashboards.outbox", AUDITOR)
    yield Sight("dashboards.health", OFFICE)
    yield Sight("exchanges.replies", OFFICE)
    yield Sight("exchanges.reply", OFFICE, {"mail_id": "mail"})
    for reason in ("counter", "delegated", "unknown_replier", "alias", "delivery_report"):
        yield Sight("exchanges.reply", OFFICE, {"mail_id": f"mail {reason}"})
    yield Sight("accounts.person", OFFICE, {"person_id": "person lost"})


def _library() -> Iterator[Sight]:
    yield Sight("practices.practices", PUBLIC)
    yield Sight("practices.practices", PUBLIC, query={"q": "nothing of this kind"})
    yield Sight("practices.practice", PUBLIC, {"code": "practice code"})
    yield Sight("practices.tool", PUBLIC, {"code": "tool code"})
    yield Sight("practices.resource", PUBLIC, {"code": "resource code"})
    yield Sight("practices.desk_practices", OFFICE)
    for kind in ("practice", "tool", "resource"):
        yield Sight("practices.desk_edit", OFFICE, {"kind": kind, "record_id": f"{kind} record"})
        yield Sight("practices.desk_new", OFFICE, {"kind": kind}, send=kind == "practice")


def _pilots() -> Iterator[Sight]:
    yield Sight("pilots.pilot_list", PUBLIC)
    yield Sight("pilots.pilot_list", OFFICE)
    yield Sight("pilots.pilot", OFFICE, {"pilot_id": "pilot"})
    yield Sight("pilots.pilot", FOCAL, {"pilot_id": "pilot state"})
    yield Sight("pilots.milestone", OFFICE, {"pilot_id": "pilot", "milestone_id": "milestone"})
    yield Sight("pilots.milestone_by_link", PUBLIC, {"token": "milestone"})
    yield from _both("pilots.desk_new_pilot", OFFICE)
    yield from _both("pilots.desk_edit_pilot", OFFICE, pilot_id="pilot")
    yield from _both("pilots.desk_new_milestone", OFFICE, pilot_id="pilot")
    yield from _both("pilots.desk_edit_milestone", OFFICE, pilot_id="pilot", milestone_id="milestone")


def _calendars() -> Iterator[Sight]:
    yield Sight("calendars.desk_calendars", OFFICE)
    yield Sight("calendars.desk_calendars", AUDITOR, query={"q": "zzzz"})
    yield Sight("calendars.desk_calendar", OFFICE, {"organisation_id": "calendar state"}, {"year": 2027})
    yield Sight("calendars.desk_corrections", OFFICE)
    yield Sight("calendars.desk_corrections", AUDITOR, query={"ended": 1})
    yield from _both("calendars.desk_new_correction", OFFICE)
    yield Sight("calendars.times_page", PARTICIPANT)
    yield Sight("calendars.times_page", FOCAL, {"state_id": "focal state"})
    yield Sight("exchanges.desk_changed_dates", OFFICE)


def _circulars() -> Iterator[Sight]:
    yield Sight("circulars.desk_circulars", OFFICE)
    yield Sight("circulars.desk_circulars", AUDITOR)
    for audience in ("exchange", "call", "ground", "working_group"):
        yield Sight("circulars.desk_new", OFFICE, query={"to": audience})
    yield Sight("circulars.desk_new", OFFICE, send=True)
    yield from _both("circulars.desk_edit", OFFICE, circular_id="circular draft")
    for kind in ("draft", "sent"):
        yield Sight("circulars.desk_circular", OFFICE, {"circular_id": f"circular {kind}"})
        yield Sight("circulars.desk_mail", OFFICE, {"circular_id": f"circular {kind}", "lang_code": "arabic"})
    yield Sight("circulars.desk_circular", AUDITOR, {"circular_id": "circular sent"})
    yield Sight("circulars.circular", PUBLIC, {"circular_id": "circular sent"})
    yield Sight("circulars.read", PUBLIC, {"token": "circular"})
    yield Sight("circulars.phone_list", OFFICE)
    yield Sight("circulars.phone_list", AUDITOR, query={"session": ""})
    yield from _both("circulars.phone_person", OFFICE, person_id="person own")


def _letters() -> Iterator[Sight]:
    yield Sight("letters.register", OFFICE)
    yield Sight("letters.register", OFFICE, query={"list": "prepared"})
    yield Sight("letters.register", AUDITOR)
    yield Sight("letters.to_print", OFFICE)
    for kind in ("issued", "received", "draft"):
        yield Sight("letters.letter", OFFICE, {"letter_id": f"letter {kind}"})
    for send in (False, True):
        yield Sight("letters.draft", OFFICE, {"letter_id": "letter draft"}, send=send, fine=True)
    yield from _both("letters.new_incoming", OFFICE)
    yield from _both("letters.prepare", OFFICE, session="session")
    for kind in ("prepared", "issued"):
        yield Sight("letters.letter_set", OFFICE, {"set_id": f"letters {kind}"})
    yield Sight("letters.signatories", OFFICE)
    yield from _both("letters.new_signatory", OFFICE)
    yield from _both("letters.signatory", OFFICE, signatory_id="signatory")
    yield Sight("letters.wording", OFFICE)
    yield from _both("letters.formula", OFFICE, key="closing_note", spoken="arabic")


def _words() -> Iterator[Sight]:
    yield Sight("dashboards.text_gaps", OFFICE)
    yield Sight("dashboards.text_gaps", OFFICE, query={"language": "zh", "state": "missing"})
    yield Sight("dashboards.wordings", OFFICE)
    yield Sight("dashboards.wordings", OFFICE, query={"q": "session"})
    yield Sight("dashboards.wording", OFFICE, {"sentence": "sentence"})
    yield Sight("dashboards.wording_edit", OFFICE, {"sentence": "sentence", "lang_code": "arabic"})
    yield Sight("dashboards.templates", OFFICE)
    yield Sight("dashboards.template", OFFICE, {"lang_code": "arabic"}, query={"sort": "mail", "name": "session-invite"})
    yield Sight("dashboards.template", AUDITOR, {"lang_code": "arabic"}, query={"sort": "mail", "name": "session-cancel"})
