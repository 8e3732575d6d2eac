"""Is everything well? The rules by themselves, then the one line, the page, the answer for programs, the figures, the command."""

from __future__ import annotations

import dataclasses
import re
import socket
from datetime import UTC, datetime, timedelta

import pytest
from flask_babel import force_locale
from prometheus_client.parser import text_string_to_metric_families

from app.accounts.models import Role
from app.core import broker, migrations, zones
from app.core.languages import LANGUAGES, babel_locale
from app.dashboards import metrics, wellbeing, wording
from app.dashboards.queries import outbox
from app.dashboards.queries import wellbeing as queries
from app.dashboards.queries.wellbeing import Facts
from app.extensions import db
from app.heartbeats.models import BEAT, MAILBOX, RELAY, RELAY_AWAY, RESTORE, SWEEP, Heartbeat
from app.heartbeats.queries import Sign
from app.notifications import freezing
from app.notifications.models import Priority, State
from tests.conftest import NOW
from tests.dashboards.rows import make_message, make_session
from tests.factories.accounts import make_person

TOKEN = "a-monitor-says-this-and-nothing-else-40"
HERE = "2026f"


def ago(**span):
    return NOW - timedelta(**span)


def signs(**at):
    names = {"sweep": SWEEP, "beat": BEAT, "mailbox": MAILBOX, "restore": RESTORE, "relay": RELAY, "away": RELAY_AWAY}
    fresh = {"sweep": ago(seconds=20), "beat": ago(seconds=40), "mailbox": ago(seconds=40), "restore": ago(days=2)}
    return {names[name]: Sign(when, HERE, {}) for name, when in (fresh | at).items() if when is not None}


WELL = Facts(
    now=NOW, real=NOW, oldest={"urgent": None, "normal": ago(seconds=3), "bulk": None}, signs=signs(), zones_here=HERE,
    migration="0025", release="0025", disk_free=50_000_000_000, disk_size=100_000_000_000, mailbox=True, production=True,
)  # fmt: skip
NOT_WELL = {
    "the database is of the release before": ({"migration": "0023"}, ["database-behind"]),
    "a newer release has migrated it": ({"migration": "0099", "release_knows": False}, ["database-ahead"]),
    "a restore was made": ({"frozen_since": ago(hours=1), "oldest": {"urgent": ago(hours=2)}}, ["frozen"]),
    "no worker sweeps": ({"signs": signs(sweep=ago(seconds=61)), "oldest": {"bulk": ago(hours=1)}}, ["no-sweep"]),
    "no worker ever swept": ({"signs": signs(sweep=None)}, ["no-sweep"]),
    "the relay is away": ({"signs": signs(relay=ago(seconds=90), away=ago(seconds=9)), "oldest": {"normal": ago(hours=1)}}, ["relay-away"]),
    "the relay never was there": ({"signs": signs(away=ago(seconds=9))}, ["relay-away"]),
    "an urgent mail waits": ({"oldest": {"urgent": ago(seconds=61), "normal": ago(seconds=61)}}, ["late-urgent"]),
    "all lanes wait": ({"oldest": {"urgent": ago(hours=1), "normal": ago(seconds=121), "bulk": ago(seconds=601)}}, ["late-urgent", "late-normal", "late-bulk"]),
    "the disk is full": ({"disk_free": 10_000_000}, ["disk-full"]),
    "the disk is nearly full": ({"disk_free": 900_000_000}, ["disk-low"]),
    "answers are not read": ({"signs": signs(mailbox=ago(seconds=301))}, ["mailbox"]),
    "the worker is of another release": ({"signs": signs() | {SWEEP: Sign(ago(seconds=5), "2025b", {})}}, ["zones-of-worker"]),
    "sessions are of other rules": ({"zones_of_sessions": "2025b"}, ["zones-of-sessions"]),
    "redis is away, and so beat is not heard": ({"broker": False, "signs": signs(beat=ago(hours=1))}, ["broker"]),
    "beat is silent": ({"signs": signs(beat=ago(seconds=121))}, ["no-beat"]),
    "no backup was proven for nine days": ({"signs": signs(restore=ago(days=9))}, ["not-proven"]),
    "no backup was ever proven": ({"signs": signs(restore=None)}, ["not-proven"]),
    "mails did not arrive": ({"undelivered": 3}, ["undelivered"]),
    "two things": ({"undelivered": 3, "disk_free": 10_000_000}, ["disk-full", "undelivered"]),
}  # fmt: skip


@pytest.mark.parametrize("case", NOT_WELL)
def test_what_is_found(case):
    changes, codes = NOT_WELL[case]
    found = wellbeing.findings(dataclasses.replace(WELL, **changes))
    assert [one.code for one in found] == codes
    assert wellbeing.verdict(found) == found[0].severity


WELL_ALL_THE_SAME = {
    "all is well": {},
    "each lane within its limit": {"oldest": {"urgent": ago(seconds=59), "normal": ago(seconds=119), "bulk": ago(seconds=599)}},
    "no mailbox is set": {"mailbox": False, "signs": signs(mailbox=None)},
    "a demonstration proves no backup": {"production": False, "signs": signs(restore=None)},
    "the relay was away and is back": {"signs": signs(away=ago(seconds=60), relay=ago(seconds=30))},
    "the relay was away when nothing waits": {"signs": signs(away=ago(seconds=60)), "oldest": {"urgent": None}},
    "a small disk with room": {"disk_free": 900_000_000, "disk_size": 3_000_000_000},
}


@pytest.mark.parametrize("case", WELL_ALL_THE_SAME)
def test_what_is_well(case):
    found = wellbeing.findings(dataclasses.replace(WELL, **WELL_ALL_THE_SAME[case]))
    assert (found, wellbeing.verdict(found)) == ([], "well")


def test_every_code_is_found_by_some_case_and_has_words_in_every_language(app):
    found = {code for _, codes in NOT_WELL.values() for code in codes}
    assert found == set(wording.CODES)
    with app.test_request_context("/en/"):
        for changes, _ in NOT_WELL.values():
            for one in wellbeing.findings(dataclasses.replace(WELL, **changes)):
                for language in LANGUAGES:
                    with force_locale(babel_locale(language)):
                        said = f"{wording.sentence(one, 'THEN')} {wording.advice(one)}"
                    assert len(said) > 20 and "%" not in said and ("THEN" in said) == (one.since is not None)


def beat_of(**at):
    for name, sign in signs(**at).items():
        db.session.merge(Heartbeat(name=name, at=sign.at, version=zones.iana_version()))


@pytest.fixture
def well(app, written):
    """An installation where everything was heard of lately."""
    with written():
        beat_of()


@pytest.fixture
def office(written, sign_in):
    with written():
        person = make_person("Desk")
    return sign_in(person, Role.SECRETARIAT)


def line_of(browser):
    page = browser.get("/en/desk").text
    (found,) = re.findall(r'<p class="note note-(\w+)">.*?<span>(.*?)</span></p>', page, re.S)
    return found[0], re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", found[1]))


def test_the_desk_has_one_line_green_or_what_is_wrong_and_what_to_do(well, written, office, statements):
    statements.clear()
    assert line_of(office) == ("good", "Everything is well: mails leave within seconds. How the platform is doing")
    assert len([s for s in statements if "heartbeats" in s]) == 1
    with written():
        make_message(State.FAILED)
    assert line_of(office) == (
        "warn", "1 mail of the last days did not arrive. Look at each: send it again, or correct the address. Mails that failed"
        " How the platform is doing",
    )  # fmt: skip
    with written():
        make_message(due_at=ago(minutes=5), priority=Priority.URGENT)
    tone, said = line_of(office)
    assert tone == "bad" and said.startswith("An urgent mail, such as a sign-in link, has been waiting to leave since Mon 23 Nov")
    assert said.endswith("Mail waits and is not lost. An operator looks at the log of the worker. Mails that wait and 1 other thing")
    with written():
        freezing.freeze(freezing.RESTORED, now=NOW)
    tone, said = line_of(office)
    assert tone == "bad" and "the outbox is frozen. An operator lets it go with flask outbox go." in said


def test_the_page_says_all_of_it(well, written, office):
    with written():
        make_message(due_at=ago(hours=3))
        make_message(State.UNKNOWN)
        make_session(tzdb_version="2020a")
    page = office.get("/en/desk/health").text
    for said in ("A mail has been waiting to leave since", "06:00", "1 mail of the last days did not arrive.",
                 "Sessions to come were planned by other clock rules (2020a)", "No mailbox is set", "None waits"):  # fmt: skip
        assert said in page
    assert page.index("A mail has been waiting") < page.index("other clock rules") < page.index("did not arrive")


def test_mail_that_is_not_due_held_or_too_late_is_not_late(app, written):
    with written():
        make_message(due_at=NOW + timedelta(minutes=9))
        make_message(due_at=ago(hours=2), restored_hold=True)
        make_message(due_at=ago(hours=2), expires_at=ago(hours=1))
        make_message(due_at=ago(minutes=4), priority=Priority.BULK)
        make_message(due_at=ago(minutes=3), priority=Priority.BULK)
        make_message(due_at=ago(minutes=29), waits="daily")  # a digest takes it
    with app.app_context():
        facts = queries.facts(NOW)
        assert facts.oldest == {"urgent": None, "normal": None, "bulk": ago(minutes=4)}
        assert (facts.held, facts.migration, facts.release) == (1, migrations.head(), migrations.head())


def test_what_no_digest_took_is_late(app, written):
    with written():
        make_message(due_at=ago(minutes=31), waits="weekly")
    with app.app_context():
        assert queries.facts(NOW).oldest["normal"] == outbox.pulse(NOW).oldest_due == ago(minutes=31)


@pytest.fixture
def token(app, monkeypatch):
    monkeypatch.setitem(app.config, "SETTINGS", dataclasses.replace(app.config["SETTINGS"], metrics_token=TOKEN))


def asks(client, path, said=TOKEN, **headers):
    return client.get(path, headers={"Authorization": f"Bearer {said}", **headers})


def test_without_a_token_there_are_no_figures_for_who_is_not_of_the_office(client, written, sign_in):
    assert client.get("/metrics").status_code == 404
    assert asks(client, "/metrics", "").status_code == 404
    assert client.get("/health").status_code == 401 and asks(client, "/health", "").status_code == 401
    with written():
        guest = make_person("Guest")
    browser = sign_in(guest, Role.PARTICIPANT)
    assert [browser.get(path).status_code for path in ("/metrics", "/health")] == [404, 404]


def test_a_wrong_token_is_refused_and_soon_not_even_looked_at(client, token):
    nobody = client.get("/metrics")
    assert (nobody.status_code, nobody.headers["WWW-Authenticate"]) == (401, "Bearer")
    answers = [asks(client, "/metrics", f"{TOKEN}{n}").status_code for n in range(22)]
    assert answers == [401] * 20 + [429] * 2
    assert asks(client, "/metrics").status_code == 200, "who knows it is let in all the same"


def test_the_figures_are_prometheus_and_hold_nobodys_data(client, token, well, written):
    with written():
        make_message(due_at=ago(minutes=5), priority=Priority.URGENT, recipient_name="Nora Sabri", address="nora@alvania.example")
        make_message(State.FAILED)
        freezing.freeze("Nora asked", now=NOW)
    answer = asks(client, "/metrics", Accept="text/plain;version=0.0.4")
    assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Nora" not in answer.text and "alvania" not in answer.text and "example" not in answer.text
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    assert all(family.documentation and family.type in ("gauge", "info") for family in families.values())
    values = {(s.name, *s.labels.values()): s.value for family in families.values() for s in family.samples}
    assert values["pathways_outbox_oldest_due_seconds", "urgent"] == 300.0
    assert values["pathways_outbox_oldest_due_seconds", "bulk"] == 0.0
    assert (values["pathways_outbox_messages", "queued"], values["pathways_outbox_messages", "failed"]) == (1.0, 1.0)
    assert values[("pathways_outbox_frozen",)] == 1.0 and values["pathways_finding", "frozen"] == 1.0
    assert values["pathways_finding", "no-sweep"] == 0.0
    assert values[("pathways_last_sweep_timestamp_seconds",)] == ago(seconds=20).timestamp()
    assert values[("pathways_last_proven_restore_timestamp_seconds",)] == ago(days=2).timestamp()
    assert ("pathways_last_relay_contact_timestamp_seconds",) not in values, "what never happened has no moment"
    here = zones.iana_version()
    assert values["pathways_tzdata_info", here, here, here] == 1.0
    odd = asks(client, "/metrics", Accept="application/openmetrics-text; version=newest")
    assert (odd.status_code, odd.headers["Content-Type"]) == (200, answer.headers["Content-Type"])
    open_metrics = asks(client, "/metrics", Accept="application/openmetrics-text; version=1.0.0")
    assert open_metrics.headers["Content-Type"].startswith("application/openmetrics-text") and open_metrics.text.endswith("# EOF\n")


def test_counting_stops_where_it_costs(client, token, well, written, monkeypatch):
    monkeypatch.setattr(metrics, "MOST", 2)
    with written():
        for _ in range(4):
            make_message(State.SENT)
    assert 'pathways_outbox_messages{state="sent"} 2.0\n' in asks(client, "/metrics").text


def test_programs_read_health_and_people_are_led_to_the_page(client, token, well, office, written):
    answer = asks(client, "/health")
    assert (answer.status_code, answer.json["verdict"], answer.json["findings"]) == (200, "well", [])
    assert answer.json["last"]["sweep"] == "2026-11-23T08:59:40+00:00"
    with written():
        beat_of(sweep=ago(minutes=9))
    answer = asks(client, "/health")
    assert (answer.status_code, answer.json["verdict"]) == (503, "trouble")
    (found,) = answer.json["findings"]
    assert (found["code"], found["since"]) == ("no-sweep", "2026-11-23T08:51:00+00:00")
    assert found["sentence"].startswith("No mail leaves: no worker has looked through the outbox since 2026-11-23")
    led = office.get("/health", headers={"Accept": "text/html"})
    assert (led.status_code, led.headers["Location"].endswith("/desk/health")) == (303, True)
    assert office.get("/health", headers={"Accept": "application/json"}).status_code == 503


def test_the_command_says_the_same_and_its_end_tells_a_supervisor(app, well, written):
    run = app.test_cli_runner().invoke
    done = run(args=["health"])
    assert (done.exit_code, done.output) == (0, "Everything is well: mails leave within seconds.\n")
    with written():
        make_message(State.FAILED)
    assert run(args=["health"]).exit_code == 0 and run(args=["health", "--strict"]).exit_code == 1
    with written():
        beat_of(sweep=ago(minutes=9))
    done = run(args=["health"])
    assert done.exit_code == 1 and done.output.startswith(
        "trouble: No mail leaves: no worker has looked through the outbox since 2026-11-23 08:51 UTC. Mail waits and is not lost."
    )


def test_whether_redis_answers_is_asked_for_real_and_not_for_each_page(settings, tmp_path, monkeypatch):
    assert broker.answers(settings.redis_url)
    asked = []
    monkeypatch.setattr(broker, "_ping", lambda url: asked.append(url) or False)
    assert broker.answers(settings.redis_url) and not asked, "the answer is seconds old"
    assert [broker.answers("unix:///nowhere"), broker.answers("unix:///nowhere")] == [False, False] and len(asked) == 1
    monkeypatch.undo()
    with socket.create_server(("127.0.0.1", 0)) as silent:  # the system takes the connection, and nobody answers
        began = datetime.now(UTC)
        assert not broker.answers(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        assert datetime.now(UTC) - began < timedelta(seconds=2)
