"""Pilots begin, change and end; milestones move with reasons that stay, and are done with what shows it."""

from __future__ import annotations

import io
from datetime import date, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, InternalError, ProgrammingError
from werkzeug.datastructures import FileStorage

from app.accounts.models import OrganisationKind
from app.audit.models import AuditEntry
from app.core.errors import Conflict, RuleBroken
from app.files.models import StoredFile
from app.interests.models import Status
from app.pilots import rules
from app.pilots.models import DueChange, Evidence, Milestone, Pilot, Update, Visibility
from app.pilots.rules import MilestonePlan, Shown
from app.practices.models import Tool
from tests.factories.accounts import make_ministry, make_organisation, make_person, make_state
from tests.factories.interests import make_call, make_expression
from tests.factories.pilots import NOW, a_link, finished, fresh, make_milestone, make_pilot, make_plan
from tests.files import samples


@pytest.fixture
def by(session):
    return make_person("Berg", given_name="Tomas")


@pytest.fixture
def pilot(session, by):
    return make_pilot(by=by)


@pytest.fixture
def milestone(pilot):
    return make_milestone(pilot, date(2026, 12, 11))


def logged(session, pilot, action):
    query = select(AuditEntry).where(AuditEntry.object_id == pilot.id, AuditEntry.action == f"pilot.{action}")
    return list(session.scalars(query.order_by(AuditEntry.id)))


def test_codes_count_up_and_are_never_given_twice(session, by):
    codes = [make_pilot(by=by).code for _ in range(3)]
    assert codes == ["PL-2026-001", "PL-2026-002", "PL-2026-003"]
    session.execute(text("DELETE FROM pilots WHERE code = 'PL-2026-003'"))
    assert make_pilot(by=by).code == "PL-2026-004"
    assert make_pilot(by=by, now=NOW.replace(year=2027)).code == "PL-2027-001"


def test_the_same_form_sent_twice_starts_one_pilot(session, by):
    state = make_state()
    made = [rules.start(make_plan(state), by=by, now=NOW, submission_key="k1") for _ in range(2)]
    assert made[0].id == made[1].id
    assert len(session.scalars(select(Pilot)).all()) == 1
    assert len(logged(session, made[0], "started")) == 1


def test_a_pilot_starts_from_an_accepted_expression_only(session, by):
    state = make_state()
    expression = make_expression(make_call(), state)
    with pytest.raises(RuleBroken, match="rule"):
        rules.start(make_plan(state), by=by, now=NOW, expression=expression)
    assert session.scalars(select(Pilot)).all() == []
    expression.status = Status.ACCEPTED
    pilot = rules.start(make_plan(state), by=by, now=NOW, expression=expression)
    assert pilot.expression_id == expression.id
    assert logged(session, pilot, "started")[0].changes["expression"] == [None, expression.reference]


@pytest.mark.parametrize(("fields", "field"), [
    ({"titles": {}}, "titles"),
    ({"ends_on": date(2026, 5, 31)}, "ends_on"),
])  # fmt: skip
def test_what_cannot_be_a_pilot_is_refused_at_its_field(session, by, fields, field):
    with pytest.raises(RuleBroken) as refused:
        rules.start(make_plan(make_state(), **fields), by=by, now=NOW)
    assert refused.value.field == field
    ministry = make_ministry(make_state())
    with pytest.raises(RuleBroken) as refused:
        rules.start(make_plan(ministry), by=by, now=NOW)
    assert refused.value.field == "state_id"
    assert session.scalars(select(Pilot)).all() == []


def test_milestones_come_from_the_templates_of_its_tools(session, by):
    tool = session.scalars(select(Tool).where(Tool.code == "gap_checklist")).one()
    tool.milestones = [
        {"titles": {"en": "Second"}, "after_days": 60, "weight": 30, "evidence": {}},
        {"titles": {"en": "First"}, "after_days": 14, "weight": 10, "evidence": {"en": "signed agreement"}},
    ]
    session.flush()
    plan = make_plan(make_state(), tools=("gap_checklist",))
    pilot = rules.start(plan, by=by, now=NOW, with_templates=True)
    rows = session.scalars(select(Milestone).where(Milestone.pilot_id == pilot.id).order_by(Milestone.due_on)).all()
    assert [(m.titles["en"], m.baseline_on, m.due_on, m.weight, m.evidence_asked) for m in rows] == [
        ("First", date(2026, 6, 15), date(2026, 6, 15), 10, {"en": "signed agreement"}),
        ("Second", date(2026, 7, 31), date(2026, 7, 31), 30, {}),
    ]
    bare = rules.start(plan, by=by, now=NOW)
    assert session.scalars(select(Milestone).where(Milestone.pilot_id == bare.id)).all() == []


def test_each_move_is_kept_with_who_when_and_why_and_the_baseline_stays(session, milestone, by):
    later = NOW + timedelta(days=2)
    rules.move(milestone, date(2027, 1, 22), reason="Short of staff", version=None, by=by, now=NOW)
    rules.move(milestone, date(2027, 2, 5), reason="Floods", version=milestone.version, by=by, now=later)
    log = session.scalars(select(DueChange).where(DueChange.milestone_id == milestone.id).order_by(DueChange.at)).all()
    assert [(c.before, c.after, c.reason, c.by_name, c.at) for c in log] == [
        (date(2026, 12, 11), date(2027, 1, 22), "Short of staff", "Tomas Berg", NOW),
        (date(2027, 1, 22), date(2027, 2, 5), "Floods", "Tomas Berg", later),
    ]
    assert (milestone.baseline_on, milestone.due_on, milestone.due_version) == (date(2026, 12, 11), date(2027, 2, 5), 3)
    assert logged(session, milestone.pilot, "milestone_moved")[-1].changes == {
        "due_on": ["2027-01-22", "2027-02-05"], "reason": [None, "Floods"],
    }  # fmt: skip


@pytest.mark.parametrize("statement", ["UPDATE milestone_revisions SET reason = 'x'", "DELETE FROM milestone_revisions"])
def test_the_log_of_dates_only_grows(session, milestone, by, statement):
    rules.move(milestone, date(2027, 1, 22), reason="Short of staff", version=None, by=by, now=NOW)
    with pytest.raises((IntegrityError, InternalError, ProgrammingError)), session.begin_nested():
        session.execute(text(statement))
    assert session.scalars(select(DueChange.reason)).all() == ["Short of staff"]


def test_a_move_needs_a_reason_and_the_same_date_is_no_move(session, milestone, by):
    with pytest.raises(RuleBroken) as refused:
        rules.move(milestone, date(2027, 1, 22), reason="", version=None, by=by, now=NOW)
    assert refused.value.field == "reason"
    assert rules.move(milestone, milestone.due_on, reason="x", version=0, by=by, now=NOW) is None
    assert session.scalars(select(DueChange)).all() == []
    assert milestone.due_on == date(2026, 12, 11)


def test_a_move_made_on_an_older_page_says_what_stands_there_now(session, milestone, by):
    seen = milestone.version
    rules.move(milestone, date(2027, 1, 22), reason="Short of staff", version=seen, by=by, now=NOW)
    with pytest.raises(Conflict) as conflict:
        rules.move(milestone, date(2027, 1, 29), reason="Holidays", version=seen, by=by, now=NOW)
    assert [(str(label), theirs, yours) for label, theirs, yours in conflict.value.changes] == [
        ("Present date", date(2027, 1, 22), date(2027, 1, 29)),
    ]
    assert fresh(milestone).due_on == date(2027, 1, 22)
    assert len(session.scalars(select(DueChange)).all()) == 1


def test_done_needs_a_day_that_has_come_a_note_and_something_that_shows_it(session, milestone, by):
    def refused(field, **said):
        fields = {"on": date(2026, 11, 20), "note": "All were trained.", "shown": a_link(), **said}
        with pytest.raises(RuleBroken) as error:
            rules.finish(milestone, version=None, by=by, now=NOW, **fields)
        assert error.value.field == field

    refused("done_on", on=date(2026, 11, 24))
    refused("done_note", note="")
    refused("url", shown=None)
    assert fresh(milestone).done_on is None and session.scalars(select(Evidence)).all() == []
    assert rules.finish(milestone, on=date(2026, 11, 20), note="Done.", version=None, by=by, now=NOW, shown=a_link())
    assert not rules.finish(milestone, on=date(2026, 11, 20), note="Done.", version=0, by=by, now=NOW, shown=a_link())
    assert (milestone.done_on, milestone.done_note, milestone.done_by) == (date(2026, 11, 20), "Done.", by.id)
    assert milestone.slip_days == -21
    assert len(session.scalars(select(Evidence)).all()) == 1
    assert len(logged(session, milestone.pilot, "milestone_done")) == 1


def test_what_is_done_does_not_move_until_it_is_opened_again_with_a_reason(session, milestone, by):
    finished(milestone, date(2026, 11, 20))
    with pytest.raises(RuleBroken):
        rules.move(milestone, date(2027, 1, 22), reason="x", version=None, by=by, now=NOW)
    with pytest.raises(RuleBroken) as refused:
        rules.reopen(milestone, reason="", by=by, now=NOW)
    assert refused.value.field == "reason"
    for _twice in range(2):
        rules.reopen(milestone, reason="The list was wrong", by=by, now=NOW)
    assert milestone.is_open and len(logged(session, milestone.pilot, "milestone_reopened")) == 1
    rules.move(milestone, date(2027, 1, 22), reason="x", version=None, by=by, now=NOW)
    assert milestone.due_on == date(2027, 1, 22)


def test_a_dropped_milestone_stays_with_its_reason_and_changes_no_more(session, milestone, by):
    for _twice in range(2):
        rules.drop(milestone, reason="Not needed", by=by, now=NOW)
    assert (milestone.dropped_at, milestone.drop_reason) == (NOW, "Not needed")
    assert len(logged(session, milestone.pilot, "milestone_dropped")) == 1
    plan = MilestonePlan(titles={"en": "Else"}, due_on=milestone.due_on)
    for change in (
        lambda: rules.move(milestone, date(2027, 1, 22), reason="x", version=None, by=by, now=NOW),
        lambda: rules.finish(milestone, on=date(2026, 11, 20), note="x", version=None, by=by, now=NOW, shown=a_link()),
        lambda: rules.edit_milestone(milestone, plan, version=None, by=by, now=NOW),
    ):
        with pytest.raises(RuleBroken):
            change()
    assert fresh(milestone).titles["en"] == "Officers trained"


def test_evidence_is_a_link_or_a_file_once_per_form_and_carries_its_class(session, milestone, by):
    def upload():
        return FileStorage(io.BytesIO(samples.PDF), filename="minutes.pdf")

    both = Shown("x", Visibility.STATE, url="https://a.example", upload=upload())
    for wrong in (both, Shown("x", Visibility.STATE)):
        with pytest.raises(RuleBroken):
            rules.add_evidence(milestone, wrong, by=by, now=NOW)
    for _twice in range(2):
        shown = Shown("", Visibility.SECRETARIAT, upload=upload(), submission_key="e1")
        rules.add_evidence(milestone, shown, by=by, now=NOW)
    found = session.scalars(select(Evidence)).one()
    stored = session.get(StoredFile, found.file_id)
    assert (found.title, found.visibility, stored.visibility) == ("minutes.pdf", "secretariat", "secretariat")
    assert (stored.object_kind, stored.object_id, stored.purpose) == ("milestone", milestone.id, "evidence")


def test_the_last_evidence_of_what_is_done_is_not_taken_away(session, milestone, by):
    finished(milestone, date(2026, 11, 20))
    first = session.scalars(select(Evidence)).one()
    with pytest.raises(RuleBroken):
        rules.remove_evidence(milestone, first, by=by, now=NOW)
    rules.add_evidence(milestone, a_link(title="Another"), by=by, now=NOW)
    rules.remove_evidence(milestone, first, by=by, now=NOW)
    assert [e.title for e in session.scalars(select(Evidence))] == ["Another"]
    assert logged(session, milestone.pilot, "evidence_removed")[0].changes == {"evidence": ["Minutes", None]}


def test_an_edit_names_people_and_bodies_in_the_log_and_a_second_click_changes_nothing(session, pilot, by):
    lead, partner = make_person("Prado", given_name="Lucía"), make_organisation(OrganisationKind.ACADEMIA, "Institute")
    plan = make_plan(pilot.state, co_lead_id=lead.id, partner_ids=(partner.id,), grounds=("disaster",))
    seen = pilot.version
    assert rules.edit(pilot, plan, version=seen, by=by, now=NOW)
    assert not rules.edit(pilot, plan, version=seen, by=by, now=NOW)
    entry = logged(session, pilot, "changed")
    assert len(entry) == 1
    assert entry[0].changes == {
        "co_lead_id": [None, "Lucía Prado"], "grounds": [[], ["disaster"]], "partners": [[], ["Institute"]],
    }  # fmt: skip
    other = make_plan(pilot.state, titles={"en": "Other"})
    with pytest.raises(Conflict) as conflict:
        rules.edit(pilot, other, version=seen, by=by, now=NOW)
    said = {str(label): (theirs, yours) for label, theirs, yours in conflict.value.changes}
    assert said["Title"][1] == {"en": "Other"} and said["Co-lead"] == (lead, None)
    assert fresh(pilot).titles["en"] == "Permits after floods"


def test_publishing_and_ending_twice_is_once(session, pilot, by):
    for _twice in range(2):
        rules.publish(pilot, by=by, now=NOW)
    with pytest.raises(RuleBroken) as refused:
        rules.end(pilot, on=date(2026, 11, 24), reason="x", by=by, now=NOW)
    assert refused.value.field == "ended_on"
    for _twice in range(2):
        rules.end(pilot, on=date(2026, 11, 23), reason="The law changed", by=by, now=NOW)
    assert (pilot.published, pilot.ended_on, pilot.end_reason) == (True, date(2026, 11, 23), "The law changed")
    rules.resume(pilot, by=by, now=NOW)
    rules.hide(pilot, by=by, now=NOW)
    assert (pilot.published, pilot.ended_on) == (False, None)
    assert [len(logged(session, pilot, a)) for a in ("published", "ended", "resumed", "hidden")] == [1, 1, 1, 1]


def test_an_update_is_written_once_per_form_and_its_words_stay_out_of_the_log(session, pilot, by):
    for _twice in range(2):
        rules.write_update(pilot, "Twelve offices.", visibility=Visibility.STATE, by=by, now=NOW, submission_key="u1")
    assert [u.text for u in session.scalars(select(Update))] == ["Twelve offices."]
    entry = logged(session, pilot, "update_written")
    assert len(entry) == 1 and "offices" not in str(entry[0].changes)
