"""Two people edit one record: the second keeps what they typed and reads what changed, by whom and when. On every form."""

from __future__ import annotations

from typing import Any

import pytest
from flask import g

from app.accounts.models import Designation, Organisation, Person, Role
from app.circulars.models import Circular
from app.exchanges.models import Exchange, PeerSession, Poll
from app.extensions import db
from app.interests.models import Call, Expression
from app.letters.models import Letter, Signatory
from app.notifications.models import MailChoices
from app.pilots.models import Milestone, Pilot
from app.practices.models import Practice
from tests.factories.accounts import make_person
from tests.interests.pages import form_of, words
from tests.web.everything import everything

# Name, the page with the form, what marks it among the page's forms, its row, what the first and the second editor
# change, what the second reads of the first one's.
EDITS: list[tuple[str, str, str, Any, str, dict[str, Any], dict[str, Any], tuple[str, ...]]] = [
    ("organisation", "desk/organisations/{organisation_id}/edit", "names-en", Organisation, "organisation_id",
     {"names-en": "Ministry of Home Affairs"}, {"names-en": "Ministry of Interior Affairs"}, ("Ministry of Home Affairs", "Names")),
    ("person", "desk/people/{person_id}/edit", "family_name", Person, "person_id",
     {"phone": "+254 1"}, {"phone": "+254 2", "family_name": "Okello-Ray"}, ("+254 1", "Phone")),
    ("profile", "profile", "family_name", Person, "officer",
     {"given_name": "Thomas"}, {"given_name": "Tom"}, ("Thomas", "Given name")),
    ("mails", "desk/people/{person_id}/mails", "quiet_until", MailChoices, "person_id",
     {"news": "none"}, {"news": "weekly"}, ("Not by mail", "Other circulars")),
    ("call", "desk/calls/{call_id}", "titles-en", Call, "call_id",
     {"titles-en": "Call for neighbours"}, {"titles-en": "Call for friends"}, ("Call for neighbours", "Title")),
    ("practice", "desk/practices/practice/{record_id}", "titles-en", Practice, "record_id",
     {"titles-en": "Kinship by letters"}, {"titles-en": "Kinship by word"}, ("Kinship by letters", "Title")),
    ("designation", "desk/designations/{designation_id}/edit", "signatory", Designation, "designation_id",
     {"signatory": "The Minister"}, {"signatory": "The Deputy"}, ("The Minister",)),
    ("pilot", "desk/pilots/{pilot_id}/edit", "titles-en", Pilot, "pilot_id",
     {"titles-en": "Permits after storms"}, {"titles-en": "Permits after quakes"}, ("Permits after storms", "Title")),
    ("milestone", "desk/pilots/{pilot_id}/milestones/{milestone_id}/edit", "titles-en", Milestone, "milestone_id",
     {"post": "Head of Legal"}, {"post": "Head of Unit"}, ("Head of Legal", "Post")),
    ("date", "pilots/{pilot_id}/milestones/{milestone_id}", "m-due_on", Milestone, "milestone_id",
     {"m-due_on": "2027-01-15", "m-reason": "Rain"}, {"m-due_on": "2027-02-12", "m-reason": "Snow"}, ("15 January 2027",)),
    ("exchange", "desk/exchanges/{exchange_id}/edit", "themes-en", Exchange, "exchange_id",
     {"themes-en": "Papers"}, {"themes-en": "Missing papers"}, ("Papers", "Theme")),
    ("session", "desk/sessions/{session_id}/edit", "titles-en", PeerSession, "session_id",
     {"capacity": "40", "tell": "nobody"}, {"capacity": "50", "tell": "nobody"}, ("40", "Number of seats")),
    ("places", "desk/sessions/{session_id}/places", "quota", PeerSession, "session_id",
     {"quota": "3"}, {"quota": "4"}, ("Seats for each State or organisation", "3")),
    ("reminders", "desk/sessions/{session_id}/edit", "titles-en", PeerSession, "session_id",
     {"remind": ["60"], "tell": "nobody"}, {"remind": ["1440"], "tell": "nobody"}, ("1 hour before", "Reminders")),
    ("poll", "desk/polls/{poll_id}/edit", "titles-en", Poll, "poll_id",
     {"titles-en": "Papers"}, {"titles-en": "Missing papers"}, ("Papers", "Title")),
    ("times of a poll", "desk/polls/{poll_id}/times", "date_1", Poll, "poll_id",
     {"date_1": "2026-12-15", "time_1": "09:00", "asking": "nobody"}, {"date_1": "2026-12-16", "time_1": "09:00", "asking": "nobody"},
     ("Times added to the poll",)),
    ("cancellation", "desk/sessions/{session_id}/cancel", "reason", PeerSession, "session_id",
     {}, {"reason": "Strike", "tell": "nobody"}, ("Number of seats",)),
    ("decision", "desk/expressions/{expression_id}", "reason", Expression, "expression_id",
     {"decision": "under_review"}, {"decision": "declined", "reason": "Not now"}, ("Under review", "Status")),
    ("question", "desk/expressions/{expression_id}", "q-text", Expression, "expression_id",
     {}, {"q-text": "Which ministry leads?"}, ("Under review", "Status")),
    ("signatory", "desk/letters/signatories/{signatory_id}", "posts-en", Signatory, "signatory_id",
     {"name": "Njeri Kamau"}, {"name": "Achieng Kamau"}, ("Njeri Kamau", "Name")),
    ("letter", "desk/letters/drafts/{draft_letter}", "subject", Letter, "draft_letter",
     {"subject": "A visit in December"}, {"subject": "A visit in January"}, ("A visit in December", "Subject")),
    ("circular", "desk/circulars/{circular_id}/edit", "subjects-en", Circular, "circular_id",
     {"subjects-en": "New form from May"}, {"subjects-en": "New form from June"}, ("New form from May", "Subject")),
]  # fmt: skip


@pytest.fixture
def world(app, sign_in):
    with app.app_context():
        made = everything()
        other = make_person("Silva", given_name="Ines")
        db.session.commit()
        officer = db.session.get(Person, made["officer"])
        db.session.expunge_all()
    return made, sign_in(other, Role.ADMINISTRATOR), sign_in(officer)


def _send(browser, form, page, **typed):
    return browser.post(form.action or page, data=form.filled(**typed))


def _save_first(name, browser, made, page, having, typed):
    """The first editor: with the same form, or, where both could not use it, with the one beside it."""
    if name == "cancellation":
        page, having, typed = f"/en/desk/sessions/{made['session_id']}/edit", "titles-en", {"capacity": "40", "tell": "nobody"}
    elif name == "question":
        having, typed = "reason", {"decision": "under_review"}
    return _send(browser, form_of(browser.get(page).text, having), page, **typed)


@pytest.mark.parametrize("edit", EDITS, ids=[e[0] for e in EDITS])
def test_the_second_editor_reads_what_changed_and_keeps_what_was_typed(app, world, edit):
    name, where, having, model, key, theirs, ours, said = edit
    made, first, second = world
    page = "/en/" + where.format(**made)
    if name == "profile":
        first = second  # one's own profile in two windows
    stale = form_of(second.get(page).text, having)
    saved = _save_first(name, first, made, page, having, theirs)
    assert saved.status_code == 303, words(saved.text)
    answer = _send(second, stale, page, **ours)
    assert answer.status_code == 409
    text = words(answer.text)
    for part in (*said, "Berg" if name == "profile" else "Silva", "23 November 2026"):
        assert part in text, (part, text)
    again = form_of(answer.text, having)
    for field, typed in ours.items():
        assert again.fields[field] == (typed if isinstance(typed, list) else [typed]), field
    with app.app_context():
        row = db.session.get(model, made[key])
        version = row.version
        db.session.remove()
    done = _send(second, again, page, **({"decision": "declined"} if name == "decision" else {}))
    assert done.status_code == 303, words(done.text)  # a choice made with open eyes
    with app.app_context():
        assert db.session.get(model, made[key]).version > version
        db.session.remove()


@pytest.mark.parametrize("edit", [e for e in EDITS if e[0] not in ("cancellation", "question", "decision")], ids=lambda e: e[0])
def test_the_same_edit_sent_twice_is_no_conflict(app, world, edit):
    _name, where, having, model, key, theirs, _ours, _said = edit
    made, _first, browser = world
    page = "/en/" + where.format(**made)
    form = form_of(browser.get(page).text, having)
    assert _send(browser, form, page, **theirs).status_code == 303
    with app.app_context():
        version = db.session.get(model, made[key]).version
        db.session.remove()
    assert _send(browser, form, page, **theirs).status_code == 303
    with app.app_context():
        assert db.session.get(model, made[key]).version == version
        db.session.remove()


def test_the_table_names_every_form_that_edits_a_versioned_record(base_app):
    """A new form with a version has to come here too."""
    from app.core.forms import Form
    from app.interests.forms.desk import VersionField

    def below(kind):
        return {kind}.union(*(below(k) for k in kind.__subclasses__()))

    with base_app.test_request_context("/en/"):
        g.lang = "en"
        versioned = {k.__name__ for k in below(Form) if getattr(k, "version", None) is not None and k.__module__.startswith("app.")}
    assert VersionField
    assert versioned == {
        "ProfileForm", "OwnProfileForm", "PersonForm", "OrganisationForm", "CallForm", "ExchangeForm", "SessionForm",
        "CancelForm", "DecisionForm", "QuestionForm", "WrittenForm", "PracticeForm", "ToolForm", "ResourceForm",
        "EditPollForm", "AddTimesForm", "ClosePollForm", "ReopenForm",
        "DraftForm", "SignatoryForm", "CircularForm", "SendForm", "DesignationForm", "PilotForm", "MilestoneForm", "MoveForm", "DoneForm",
            "MailsForm", "SeatsForm", "EndForm", "ChoiceForm",
    }  # fmt: skip
