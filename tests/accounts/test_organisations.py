"""Organisations: records, names per language, parents, two editors."""

import pytest
from sqlalchemy import select

from app.accounts.models import MailRoute, Organisation, OrganisationKind, Role
from app.accounts.queries import organisations as reads
from app.accounts.rules import organisations as rules
from app.accounts.sessions import viewer_of
from app.audit.models import AuditEntry
from app.core.errors import RuleBroken
from tests.accounts.conftest import form_of, send
from tests.factories.accounts import NOW, make_ministry, make_mission, make_organisation, make_person, make_state


@pytest.fixture
def by(session):
    return make_person("Office", roles=(Role.SECRETARIAT,))


def fields(**more):
    return {
        "kind": OrganisationKind.STATE, "names": {"en": "Astoria"}, "formal_names": {}, "parent_id": None, "zone": "UTC",
        "weekend": ["5", "6"], "mail_route": MailRoute.BOTH, **more,
    }  # fmt: skip


def test_a_state_s_name_is_overridden_and_the_log_says_from_what(session, by):
    state = make_state("Astoria", search="everyday name|astoria")
    rules.change(state, fields(names={"en": "Republic of Astoria"}), version=state.version, by=by, now=NOW)
    assert state.sort_name == "republic of astoria"
    assert "everyday name" in state.search
    assert "republic of astoria" in state.search
    line = session.scalars(select(AuditEntry)).one()
    assert line.action == "organisation.changed"
    assert line.changes["names"] == [{"en": "Astoria", "fr": "Astoria (fr)"}, {"en": "Republic of Astoria"}]
    assert ("en", "Republic of Astoria") in {("en", c[1]) for c in reads.state_choices("en")}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"names": {}}, "names"),
        ({"kind": OrganisationKind.MINISTRY}, "parent_id"),
        ({"kind": OrganisationKind.MISSION}, "parent_id"),
        ({"parent": True}, "parent_id"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(session, by, wrong, field):
    if wrong.pop("parent", None):
        wrong = {"parent_id": make_state().id}
    before = session.query(Organisation).count()
    with pytest.raises(RuleBroken) as refused:
        rules.create(fields(**wrong), by=by, now=NOW)
    assert refused.value.field == field
    assert session.query(Organisation).count() == before


def test_an_organisation_is_never_part_of_itself(session, by):
    top = make_organisation(OrganisationKind.UN_ENTITY)
    below = make_organisation(OrganisationKind.UN_ENTITY, parent_id=top.id)
    for parent in (top, below):
        wish = fields(kind=OrganisationKind.UN_ENTITY, parent_id=parent.id)
        with pytest.raises(RuleBroken) as refused:
            rules.change(top, wish, version=top.version, by=by, now=NOW)
        assert refused.value.field == "parent_id"
    assert top.parent_id is None


def test_everything_below_a_state_is_its_own(session):
    state, other = make_state(), make_state()
    ministry = make_ministry(state)
    department = make_ministry(ministry)
    mission = make_mission(state)
    make_ministry(other)
    tree = reads.under([state.id])
    found = {(row.id, row.state_id) for row in session.execute(select(tree))}
    assert found == {(i, state.id) for i in (state.id, ministry.id, department.id, mission.id)}


def test_states_are_read_once_while_they_stay_the_same(session, statements, monkeypatch):
    make_state("Astoria")
    session.flush()
    from dataclasses import replace

    from app.core import signing

    kept = signing.settings()
    monkeypatch.setattr(reads, "settings", lambda: replace(kept, env="production"))
    reads.forget_states()
    statements.clear()
    names = [s.names["en"] for s in reads.states()]
    assert names.count("Astoria") == 1
    assert reads.states() is reads.states()
    assert len(statements) == 1
    reads.forget_states()


def test_lists_find_by_any_name_and_kind(session, by):
    state = make_state("Côte d'Or", names={"en": "Gold Coast", "fr": "Côte d'Or", "ar": "ساحل الذهب"})
    ministry = make_ministry(state, "Gold Ministry")
    viewer = viewer_of(by, NOW)
    for words in ("cote d'or", "GOLD coast", "ساحل الذهب", "coast gold"):
        assert list(reads.organisations_page(viewer, words=words).rows) == [state]
    assert list(reads.organisations_page(viewer, words="gold", kind=OrganisationKind.MINISTRY).rows) == [ministry]


def test_the_pages_add_edit_and_show(within, office):
    with within():
        state = make_state("Astoria")
    values = {"kind": "ministry", "names-en": "Ministry of Interior", "names-ar": "وزارة الداخلية", "zone": "Africa/Nairobi"}
    answer = send(office, f"/en/desk/organisations/new?parent={state.id}", **values)
    assert answer.status_code == 303
    page = office.get(answer.headers["Location"]).get_data(as_text=True)
    for shown in ("Ministry of Interior", "وزارة الداخلية", "Astoria", "Nairobi", "Organisation added"):
        assert shown in page
    arabic = office.get(answer.headers["Location"].replace("/en/", "/ar/")).get_data(as_text=True)
    assert "<h1>وزارة الداخلية</h1>" in arabic


def test_a_missing_name_comes_back_at_its_field(within, office):
    answer = send(office, "/en/desk/organisations/new", kind="academia", **{"formal_names-en": "Kept"})
    assert answer.status_code == 422
    html = answer.get_data(as_text=True)
    assert "Enter the name in at least one language." in html
    assert "Kept" in html


def test_two_editors_the_second_sees_what_changed(within, browser_of):
    first, _ = browser_of(Role.SECRETARIAT)
    second, _ = browser_of(Role.SECRETARIAT)
    with within():
        state = make_state("Astoria")
    url = f"/en/desk/organisations/{state.id}/edit"
    mine, theirs = form_of(second.get(url)), form_of(first.get(url))
    assert first.post(url, data={**theirs, "names-en": "Astoria One"}).status_code == 303
    conflict = second.post(url, data={**mine, "names-en": "Astoria Two"})
    assert conflict.status_code == 409
    html = conflict.get_data(as_text=True)
    assert "Astoria One" in html
    assert "Astoria Two" in html
    with within() as session:
        assert session.get(Organisation, state.id).names["en"] == "Astoria One"
