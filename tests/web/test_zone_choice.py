"""Choosing a zone without scripts: likely ones first, then by region, each with the hour it is there now."""

import re

from app.accounts.models import Role
from app.extensions import db
from tests.factories.accounts import make_person, make_state


def groups(html, name):
    select = re.search(rf'<select[^>]*name="{name}".*?</select>', html, re.S)[0]
    found = re.findall(r'<optgroup label="([^"]*)">(.*?)</optgroup>', select, re.S)
    options = [(label, re.findall(r'<option(?: selected)? value="([^"]*)">([^<]*)<', inner)) for label, inner in found]
    return options, re.findall(r'<option selected value="([^"]*)"', select)


def test_the_persons_state_comes_first_and_every_zone_says_its_hour(app, sign_in):
    with app.app_context():
        brazil = make_state("Vastland", zone="America/Sao_Paulo")
        person, officer = make_person(of=brazil, zone="America/Manaus"), make_person("Berg")
        db.session.commit()
        person_id = person.id
        db.session.expunge_all()
    browser = sign_in(officer, Role.SECRETARIAT)
    found, selected = groups(browser.get(f"/en/desk/people/{person_id}/edit").text, "zone")
    assert [label for label, _options in found][:3] == ["Most likely", "Africa", "Americas"]
    first = dict(found[0][1])
    assert list(first)[:2] == ["America/Manaus", "America/Sao_Paulo"] and selected == ["America/Manaus"]
    assert first["America/Sao_Paulo"] == "Sao Paulo (06:00)" and "America/Belem" in first
    assert dict(found[1][1])["Africa/Nairobi"] == "Nairobi (12:00)"
    values = [value for _label, options in found for value, _said in options]
    assert len(values) == len(set(values)) < 450
    french, _ = groups(browser.get(f"/fr/desk/people/{person_id}/edit").text, "zone")
    assert "Afrique" in [label for label, _options in french]


def test_a_device_may_send_a_zone_by_its_former_name(client):
    from tests.interests.pages import form_of

    form = form_of(client.get("/en/preferences").text, "zone")
    done = client.post("/en/preferences/zone", data=form.filled(zone="Asia/Calcutta"))
    assert done.status_code == 303
    found, selected = groups(client.get("/en/preferences").text, "zone")
    assert selected == ["Asia/Calcutta"] and "Asia/Kolkata" not in dict(found[0][1])
    wrong = client.post("/en/preferences/zone", data=form.filled(zone="Mars/Base"))
    assert wrong.status_code == 422 and "Choose one from the list." in wrong.text
