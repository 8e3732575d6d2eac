"""Every page of the room opens, in six languages."""

import re

import pytest

from app.accounts.models import JoinInvitation
from app.core import signing
from tests.factories.accounts import make_designation, make_ministry, make_person, make_state


@pytest.fixture
def addresses(within):
    with within():
        state = make_state("Astoria", names={"en": "Astoria", "ar": "أستوريا"})
        ministry = make_ministry(state)
        person = make_person("Morrow", of=ministry, posts={"fr": "Ministre"}, honorifics={"en": "Ms."})
        waiting = make_designation(state, person, verified=False)
        verified = make_designation(state, person, replaces_id=waiting.id)
    return [
        "desk/organisations", "desk/organisations?words=asto&kind=state", f"desk/organisations/{state.id}",
        f"desk/organisations/{ministry.id}", "desk/organisations/new", f"desk/organisations/{state.id}/edit",
        "desk/people", "desk/people?words=morr&inactive=1", f"desk/people/{person.id}", "desk/people/new",
        f"desk/people/{person.id}/edit", f"desk/people/{person.id}/designations/new", "desk/designations",
        f"desk/designations?waiting=1&state={state.id}", f"desk/designations/{waiting.id}",
        f"desk/designations/{verified.id}", "desk/audit", f"desk/audit?kind=person&actor={person.id}&day=2026-11-23",
        "profile", "profile/password", "profile/sign-ins", "preferences", "preferences/lighter",
    ]  # fmt: skip


@pytest.mark.parametrize("lang", ["en", "ar", "fr", "zh", "ru", "es"])
def test_every_page_of_the_office_opens(addresses, administrator, lang):
    for address in addresses:
        answer = administrator.get(f"/{lang}/{address}")
        assert answer.status_code == 200, address
        assert f'lang="{lang}"' in answer.get_data(as_text=True)


def test_the_pages_for_visitors_open(client):
    for address in ("sign-in", "preferences", "preferences/lighter"):
        assert client.get(f"/en/{address}").status_code == 200


def test_a_list_takes_the_same_statements_for_one_row_and_for_many(within, administrator, statements):
    counts = {}
    for many in (1, 30):
        with within():
            for _ in range(many):
                state = make_state()
                make_designation(state, make_person(of=make_ministry(state)))
        for address in ("organisations", "people", "designations", "audit"):
            statements.clear()
            assert administrator.get(f"/en/desk/{address}").status_code == 200
            counts.setdefault(address, []).append(len(statements))
    for address, (few, lots) in counts.items():
        assert few == lots <= 6, (address, few, lots)


def test_paging_by_key_shows_every_person_once(within, administrator):
    with within():
        for n in range(120):
            make_person(f"Page{n:03}")
    seen, url = [], "/en/desk/people?words=page"
    while url:
        html = administrator.get(url).get_data(as_text=True)
        seen += re.findall(r">Ada Page(\d+)<", html)
        following = re.search(r'rel="next" href="([^"]+)"', html)
        url = following[1].replace("&amp;", "&") if following else None
    assert seen == [f"{n:03}" for n in range(120)]


@pytest.mark.parametrize("key", ["x", "%00", "W10", "WzEsMl0", "eyJhIjoxfQ", "a" * 3000, "WyJcdTAwMDAiLCJ4Il0"])
@pytest.mark.parametrize("desk", ["people", "organisations", "designations", "audit"])
def test_a_hostile_key_is_the_first_page(administrator, desk, key):
    assert administrator.get(f"/en/desk/{desk}?after={key}&day=9999-12-31&actor=x&state=x&kind=\u2603").status_code == 200


def test_an_unknown_token_is_not_found(client, within, now):
    with within() as session:
        invitation = JoinInvitation(person_id=make_person().id, created_at=now, expires_at=now)
        session.add(invitation)
        session.flush()
        other = signing.sign("other-purpose", invitation.id, invitation.nonce)
    for token in ("x", "a" * 54, other, "é" * 54):
        assert client.get(f"/en/welcome/{token}").status_code == 404
        assert client.get(f"/en/sign-in/{token}").status_code == 404
