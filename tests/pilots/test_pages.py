"""The pages over HTTP: started from an expression or by hand, moved, done, edited by two at once, drawn."""

from __future__ import annotations

import io
from datetime import date, timedelta

from sqlalchemy import func, select

from app.accounts.models import Role
from app.interests.models import Status
from app.pilots import rules
from app.pilots.models import DueChange, Evidence, Milestone, Pilot, Update, Visibility
from app.practices.models import Tool
from tests.factories.accounts import make_person, make_state
from tests.factories.interests import make_call, make_expression
from tests.factories.pilots import NOW, a_link, finished, fresh, make_milestone
from tests.files import samples
from tests.interests.pages import form_of, words


def test_a_pilot_starts_from_the_record_of_an_accepted_expression(session, office):
    state = make_state("Alvania", code="XL")
    expression = make_expression(
        make_call(), state, status=Status.ACCEPTED, tools=["gap_checklist"], grounds=["disaster"], start_on=date(2026, 12, 7)
    )
    tool = session.scalars(select(Tool).where(Tool.code == "gap_checklist")).one()
    tool.milestones = [{"titles": {"en": "Agreement signed"}, "after_days": 14, "weight": 10, "evidence": {}}]
    session.commit()
    record = office.get(f"/en/desk/expressions/{expression.id}").text
    address = f"/en/desk/pilots/new?expression={expression.id}"
    assert f'href="{address}"' in record
    form = form_of(office.get(address).text, "starts_on")
    assert form.fields["state_id"] == [str(state.id)] and form.fields["tools"] == ["gap_checklist"]
    assert form.fields["grounds"] == ["disaster"] and form.fields["starts_on"] == ["2026-12-07"]
    assert form.fields["lead_name"] == ["Ministry of the Interior"] and form.fields["objectives-en"] == [expression.aim]
    sent = form.filled(**{"titles-en": "Permits after floods", "ends_on": "2027-06-30"})
    answers = [office.client.post(address, data=sent) for _twice in range(2)]
    assert [a.status_code for a in answers] == [303, 303] and answers[0].location == answers[1].location
    pilot = session.scalars(select(Pilot)).one()
    assert (pilot.expression_id, pilot.state_id, pilot.lead_name) == (expression.id, state.id, "Ministry of the Interior")
    milestone = session.scalars(select(Milestone)).one()
    assert (milestone.baseline_on, milestone.weight) == (date(2026, 12, 21), 10)
    again = words(office.get(address).text)
    assert "A pilot began with it already" in again and pilot.code in again


def test_an_expression_that_is_not_accepted_offers_no_pilot_and_starts_none(session, office):
    state = make_state("Alvania")
    expression = make_expression(make_call(), state)
    session.commit()
    assert "/desk/pilots/new" not in office.get(f"/en/desk/expressions/{expression.id}").text
    address = f"/en/desk/pilots/new?expression={expression.id}"
    form = form_of(office.get(address).text, "starts_on")
    assert form.fields.get("state_id", [""]) == [""]
    sent = form.filled(state_id=str(state.id), starts_on="2026-12-07", ends_on="2027-06-30", **{"titles-en": "X"})
    answer = office.client.post(address, data=sent)
    assert answer.status_code == 409 and "is not accepted" in answer.text
    assert session.scalars(select(Pilot)).all() == []
    assert office.get("/en/desk/pilots/new?expression=nonsense").status_code == 404


def test_what_is_missing_is_said_at_its_field(session, office):
    form = form_of(office.get("/en/desk/pilots/new").text, "starts_on")
    answer = office.client.post("/en/desk/pilots/new", data=form.filled())
    assert answer.status_code == 422
    for sentence in (
        "Choose the State that runs the pilot.",
        "Enter the first day of the pilot.",
        "Enter the last day of the pilot.",
    ):
        assert sentence in words(answer.text)
    assert "<title>Error:" in answer.text
    assert session.scalars(select(Pilot)).all() == []


def test_an_owner_moves_a_date_and_then_says_it_is_done_with_a_file(session, world):
    owner = world.browsers["owner"]
    page = owner.get(world.milestone_page).text
    move = form_of(page, "reason", action="/move")
    assert move.fields["m-due_on"] == ["2026-12-11"]
    sent = move.filled(**{"m-due_on": "2027-01-22", "m-reason": "Legal unit short of staff"})
    assert [owner.client.post(f"{world.milestone_page}/move", data=sent).status_code for _twice in range(2)] == [303, 303]
    assert len(session.scalars(select(DueChange).where(DueChange.milestone_id == world.open.id)).all()) == 1
    shown = words(owner.get(world.milestone_page).text)
    assert "From 11 December 2026 to 22 January 2027" in shown and "Joseph Ndegwa" in shown and "Legal unit short of staff" in shown
    done = form_of(owner.get(world.milestone_page).text, "done_note")
    bare = done.filled(**{"d-done_note": "All were trained."})
    refused = owner.client.post(f"{world.milestone_page}/done", data=bare)
    assert refused.status_code == 409 and "Add a link or a file that shows it." in words(refused.text)
    sent = {**form_of(refused.text, "done_note").filled(), "d-file": (io.BytesIO(samples.PDF), "list.pdf")}
    assert owner.client.post(f"{world.milestone_page}/done", data=sent).status_code == 303
    row = fresh(world.open)
    assert (row.done_on, row.done_note) == (date(2026, 11, 23), "All were trained.")
    assert [e.title for e in session.scalars(select(Evidence).where(Evidence.milestone_id == row.id))] == ["list.pdf"]
    assert "Done 23 November 2026, 18 days before the baseline" in words(owner.get(world.page).text)


def test_a_wrong_file_is_refused_at_its_field_and_nothing_is_done(session, world):
    owner = world.browsers["owner"]
    done = form_of(owner.get(world.milestone_page).text, "done_note")
    sent = {**done.filled(**{"d-done_note": "x"}), "d-file": (io.BytesIO(b"<html>"), "list.pdf")}
    answer = owner.client.post(f"{world.milestone_page}/done", data=sent)
    assert answer.status_code == 409 and "This file cannot be taken." in answer.text
    assert fresh(world.open).done_on is None
    assert session.scalars(select(Evidence).where(Evidence.milestone_id == world.open.id)).all() == []


def test_two_people_at_once_the_second_sees_what_changed_and_nothing_is_lost(session, world):
    owner, office = world.browsers["owner"], world.browsers["secretariat"]
    first = form_of(owner.get(world.milestone_page).text, "reason", action="/move")
    second = form_of(office.get(world.milestone_page).text, "reason", action="/move")
    owner.get(world.milestone_page)
    sent = first.filled(**{"m-due_on": "2027-01-22", "m-reason": "Short of staff"})
    assert owner.client.post(f"{world.milestone_page}/move", data=sent).status_code == 303
    office.get(world.milestone_page)
    sent = second.filled(**{"m-due_on": "2027-01-29", "m-reason": "Holidays"})
    answer = office.client.post(f"{world.milestone_page}/move", data=sent)
    shown = words(answer.text)
    assert answer.status_code == 409
    assert "Present date 22 January 2027 29 January 2027" in shown and "Somebody else changed this" in shown
    assert fresh(world.open).due_on == date(2027, 1, 22)
    again = form_of(answer.text, "reason", action="/move")
    assert again.fields["m-due_on"] == ["2027-01-29"] and again.fields["m-reason"] == ["Holidays"]
    assert office.client.post(f"{world.milestone_page}/move", data=again.filled()).status_code == 303
    assert fresh(world.open).due_on == date(2027, 1, 29)


def test_an_edit_made_on_an_older_page_is_409_with_both_versions_and_may_be_sent_again(session, world):
    office, address = world.browsers["secretariat"], f"/en/desk/pilots/{world.pilot.id}/edit"
    form = form_of(office.get(address).text, "starts_on")
    rules.publish(fresh(world.pilot), by=world.people["secretariat"], now=NOW)
    session.commit()
    office.get(address)
    answer = office.client.post(address, data=form.filled(**{"titles-en": "Another title"}))
    assert answer.status_code == 409 and "Permits after floods Another title" in words(answer.text)
    assert fresh(world.pilot).titles["en"] == "Permits after floods"
    again = form_of(answer.text, "starts_on").filled()
    assert office.client.post(address, data=again).status_code == 303
    assert fresh(world.pilot).titles == {"en": "Another title", "fr": "Permis après les inondations"}


def test_milestones_are_added_once_and_edited_with_their_owner(session, world):
    office, address = world.browsers["secretariat"], f"/en/desk/pilots/{world.pilot.id}/milestones/new"
    form = form_of(office.get(address).text, "due_on")
    sent = form.filled(**{"titles-en": "Review", "due_on": "2027-03-15", "weight": "20", "owner_id": str(world.people["owner"].id)})
    assert [office.client.post(address, data=sent).status_code for _twice in range(2)] == [303, 303]
    made = session.scalars(select(Milestone).where(Milestone.titles["en"].astext == "Review")).one()
    edit = f"/en/desk/pilots/{world.pilot.id}/milestones/{made.id}/edit"
    form = form_of(office.get(edit).text, "weight")
    assert "due_on" not in form.fields  # a date moves with a reason, or not at all
    assert office.client.post(edit, data=form.filled(post="Head of Review", weight="x")).status_code == 422
    assert office.client.post(edit, data=form.filled(post="Head of Review", owner_id="")).status_code == 303
    made = fresh(made)
    assert (made.post, made.owner_id, made.due_on, made.baseline_on) == (
        "Head of Review",
        None,
        date(2027, 3, 15),
        date(2027, 3, 15),
    )
    stranger = make_person("Stranger")
    session.commit()
    form = form_of(office.get(edit).text, "weight")
    answer = office.client.post(edit, data=form.filled(owner_id=str(stranger.id)))
    assert answer.status_code == 422 and fresh(made).owner_id is None


def test_updates_are_written_once_for_those_they_are_for(session, world):
    owner = world.browsers["owner"]
    form = form_of(owner.get(world.page).text, "text", action="/updates")
    sent = form.filled(**{"u-text": "Twelve offices now issue permits."})
    assert [owner.client.post(f"{world.page}/updates", data=sent).status_code for _twice in range(2)] == [303, 303]
    written = session.scalars(select(Update).where(Update.text.like("Twelve%"))).one()
    assert (written.visibility, written.author_id, written.at) == ("state", world.people["owner"].id, NOW)
    inner = form.filled(**{"u-text": "x", "u-visibility": "secretariat", "u-submission_key": ""})
    assert owner.client.post(f"{world.page}/updates", data=inner).status_code == 422  # not a class they read themselves
    assert session.scalar(select(func.count()).select_from(Update)) == 6


def test_the_page_draws_and_says_the_same_and_speaks_arabic_and_the_policy_finds_no_style(world):
    page = world.browsers["secretariat"].get(world.page)
    assert page.text.count('class="g-bar g-dots"') == 2 and page.text.count("g-today") == 2
    main = page.text.split("<main")[1]
    assert "style=" not in main and "<script" not in main
    shown = words(page.text)
    assert "Done 30 September 2026, 15 days after the baseline" in shown and "40 of 100" in shown and "Month 6 of 10" in shown
    assert "Due 11 December 2026" in shown
    arabic = world.browsers["secretariat"].get(world.page.replace("/en/", "/ar/")).text
    assert 'dir="rtl"' in arabic and "كانون الأول/ديسمبر" in arabic


def test_list_and_page_ask_for_everything_in_six_statements_at_most(session, world, statements):
    fresh(world.pilot).published = True
    session.commit()
    for reader in ("secretariat", "visitor"):
        for address in ("/en/pilots", world.page):
            world.browsers[reader].get(address)  # the process has what it keeps
            session.expire_all()
            statements.clear()
            assert world.browsers[reader].get(address).status_code == 200
            assert len(statements) <= 6, "\n".join(statements)


def test_a_page_costs_the_same_few_statements_for_two_milestones_and_for_many(session, world, statements):
    counts = []
    for more in (0, 12):
        for n in range(more):
            finished(make_milestone(fresh(world.pilot), date(2026, 10, 1) + timedelta(days=n)), date(2026, 11, 1))
        session.commit()
        session.expire_all()
        statements.clear()
        assert world.browsers["secretariat"].get(f"/en/pilots/{world.pilot.id}").status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 6


def test_a_tool_and_an_expression_tell_of_the_pilot_to_those_who_may_see_it(session, world):
    from app.accounts.access import Viewer
    from app.links.queries import related_to

    tool = session.scalars(select(Tool).where(Tool.code == "gap_checklist")).one()
    pilot = fresh(world.pilot)
    pilot.tools = ["gap_checklist"]
    expression = make_expression(make_call(), pilot.state, status=Status.ACCEPTED)
    pilot.expression_id = expression.id
    session.flush()
    office = Viewer(world.people["secretariat"], frozenset({Role.SECRETARIAT}))

    def named(kind, id_, viewer):
        return [(g.kind, r.ref.id) for g in related_to(kind, id_, viewer) for r in g.related]

    assert named("tool", tool.id, office) == [("pilot", pilot.id)]
    assert named("expression", expression.id, office) == [("pilot", pilot.id)]
    assert named("tool", tool.id, Viewer()) == []
    assert ("tool", tool.id) in named("pilot", pilot.id, office)


def test_ending_a_pilot_asks_how_it_ended_and_publishing_asks_first(session, world):
    office = world.browsers["secretariat"]
    page = office.get(world.page).text
    assert "Names, notes and reasons stay inside." in words(page)
    assert office.post(f"/en/desk/pilots/{world.pilot.id}/publish", page=world.page).status_code == 303
    assert fresh(world.pilot).published
    form = form_of(office.get(world.page).text, "end_reason")
    assert office.client.post(f"/en/desk/pilots/{world.pilot.id}/end", data=form.filled()).status_code == 422
    sent = form.filled(**{"x-end_reason": "The law changed"})
    assert office.client.post(f"/en/desk/pilots/{world.pilot.id}/end", data=sent).status_code == 303
    shown = words(office.get(world.page).text)
    assert "Ended early" in shown and "The law changed" in shown
    assert "The law changed" not in words(world.browsers["visitor"].get(world.page).text)
    assert office.post(f"/en/desk/pilots/{world.pilot.id}/resume", page=world.page).status_code == 303
    assert fresh(world.pilot).ended_on is None


def test_evidence_is_added_and_removed_on_the_milestones_page(session, world):
    owner = world.browsers["owner"]
    form = form_of(owner.get(world.milestone_page).text, "e-title")
    sent = form.filled(**{"e-url": "javascript:alert(1)"})
    assert owner.client.post(f"{world.milestone_page}/evidence", data=sent).status_code == 422
    sent = form.filled(**{"e-url": "https://a.example/list", "e-title": "List", "e-visibility": "public"})
    assert [owner.client.post(f"{world.milestone_page}/evidence", data=sent).status_code for _twice in range(2)] == [303, 303]
    made = session.scalars(select(Evidence).where(Evidence.milestone_id == world.open.id)).one()
    address = f"{world.milestone_page}/evidence/{made.id}/remove"
    assert [owner.post(address, page=world.milestone_page).status_code for _twice in range(2)] == [303, 303]
    assert session.scalars(select(Evidence).where(Evidence.milestone_id == world.open.id)).all() == []
    inner = session.scalars(select(Evidence).where(Evidence.visibility == Visibility.SECRETARIAT.value)).one()
    owner.post(f"{world.page}/milestones/{world.done.id}/evidence/{inner.id}/remove", page=world.milestone_page)
    assert session.get(Evidence, inner.id) is not None  # nobody removes what they may not read


def test_a_link_that_shows_something_is_a_link_a_link_only(world):
    assert a_link().url.startswith("https://")
    page = world.browsers["owner"].get(world.page).text
    assert 'rel="noopener noreferrer nofollow"' in page


def test_a_pilot_is_tied_to_the_practices_that_were_chosen_and_a_colleagues_choice_stays(session, world):
    from app.links.models import LinkType, Ref
    from app.links.queries import ends_of
    from app.links.rules import link
    from app.practices.models import Level, Measure, Practice, PracticeType

    rows = [
        Practice(
            code=f"PR-9{n}", titles={"en": f"Practice {n}"}, type=PracticeType.POLICY, level=Level.NATIONAL, measure=Measure.STAY,
            published=True,
        )
        for n in range(3)
    ]  # fmt: skip
    session.add_all(rows)
    session.commit()
    ids = [r.id for r in rows]
    office, address = world.browsers["secretariat"], f"/en/desk/pilots/{world.pilot.id}/edit"
    form = form_of(office.get(address).text, "starts_on")
    link(Ref("pilot", world.pilot.id), LinkType.INSPIRED_BY, Ref("practice", ids[2]), by=None, now=NOW)
    session.commit()
    sent = form.filled(inspired_by=[f"practice:{ids[0]}", f"practice:{ids[1]}"])
    assert office.client.post(address, data=sent).status_code == 303
    assert set(ends_of(Ref("pilot", world.pilot.id), LinkType.INSPIRED_BY, "practice")) == set(ids)
    form = form_of(office.get(address).text, "starts_on")
    assert office.client.post(address, data=form.filled(inspired_by=[f"practice:{ids[1]}"])).status_code == 303
    assert ends_of(Ref("pilot", world.pilot.id), LinkType.INSPIRED_BY, "practice") == [ids[1]]
    assert "Practice 1" in words(office.get(world.page).text)
    assert "nonsense" not in form.fields["inspired_by"]
    assert office.client.post(address, data=form.filled(inspired_by=["tool:nonsense"])).status_code == 422
