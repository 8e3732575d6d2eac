"""Lists start at what the viewer may see; addresses of other countries' people stay hidden."""

import re
from pathlib import Path

import pytest

from app.accounts.access import Viewer
from app.accounts.models import Role
from app.accounts.queries import designations, organisations, people
from app.accounts.sessions import viewer_of
from app.extensions import db
from tests.factories.accounts import NOW, make_designation, make_ministry, make_person, make_state

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


@pytest.fixture
def world(session):
    own, other = make_state("Own"), make_state("Other")
    focal = make_person("Focal", of=make_ministry(own))
    make_designation(own, focal)
    return {
        "own": own, "other": other, "focal": focal, "colleague": make_person("Colleague", of=make_ministry(own)),
        "foreign": make_person("Foreign", of=make_ministry(other)), "office": make_person("Office", roles=(Role.SECRETARIAT,)),
    }  # fmt: skip


def seen(viewer):
    return {p.family_name for p in db.session.scalars(people.visible_to(viewer))}


def test_who_sees_whom(world):
    assert seen(Viewer()) == set()
    assert seen(viewer_of(world["colleague"], NOW)) == {"Colleague"}
    assert seen(viewer_of(world["focal"], NOW)) == {"Focal", "Colleague"}
    assert seen(viewer_of(world["office"], NOW)) >= {"Focal", "Colleague", "Foreign", "Office"}


def test_an_unverified_designation_shows_no_state(world, session):
    make_designation(world["other"], world["colleague"], verified=False)
    assert seen(viewer_of(world["colleague"], NOW)) == {"Colleague"}


def test_organisations_and_designations_of_ones_state_only(world):
    focal = viewer_of(world["focal"], NOW)
    names = {o.names["en"] for o in db.session.scalars(organisations.visible_to(focal))}
    assert "Own" in names
    assert "Other" not in names
    theirs = make_designation(world["other"], world["foreign"])
    assert designations.designation_in_view(focal, theirs.id) is None
    assert [d.person_id for d in db.session.scalars(designations.visible_to(focal))] == [world["focal"].id]
    assert db.session.scalars(designations.visible_to(Viewer())).all() == []


def test_no_page_outside_the_office_prints_a_persons_address_or_phone():
    """So nobody reads those of other countries' people, whatever else a page shows of them."""
    prints = re.compile(r"\{\{[^}]*(?<!form)\.(email|phone)\b")
    found = {p.relative_to(TEMPLATES).as_posix() for p in TEMPLATES.rglob("*.html") if prints.search(p.read_text("utf-8"))}
    mine = {"accounts/profile.html", "accounts/address.html"}  # only one's own; and of the own State the one that does not work
    mine |= {"exchanges/place_request.html", "exchanges/place_decide.html"}  # one's own wish; whose wish the secretariat decides
    assert found == {"accounts/person.html", "accounts/people.html", "components/phone.html", *mine}
    numbers = re.compile(r"phone\.(number|calls)\(")  # what that component prints, and where
    shown = {p.relative_to(TEMPLATES).as_posix() for p in TEMPLATES.rglob("*.html") if numbers.search(p.read_text("utf-8"))}
    office = {"accounts/person.html", "circulars/phone_list.html", "circulars/phone_person.html", "exchanges/desk_invitation.html"}
    assert shown == office | {"components/phone.html", "dashboards/message.html"}
