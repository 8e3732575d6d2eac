"""F4 and F5: Redis is away for the whole run; PostgreSQL is killed and comes back."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, func, select

import config
from app import create_app
from app.accounts.models import OrganisationKind
from app.core import clock
from app.core.signing import sign
from app.exchanges.models import Answer, Invitation
from app.extensions import db
from app.notifications.models import Message, State
from app.prepare import upgrade
from embedded import servers
from embedded.place import Place
from tests.factories.accounts import make_organisation
from tests.factories.exchanges import make_invitation, make_session
from tests.faults.conftest import Form, wait_for

pytestmark = [pytest.mark.real_clock, pytest.mark.slow]


def test_f4_without_redis_pages_open_answers_are_taken_and_mail_leaves(live, web, start, relay, tmp_path):
    now = clock.now()
    row = make_session(local_start=(now + timedelta(days=20)).replace(tzinfo=None, microsecond=0), now=now)
    invitation = make_invitation(row, now=now)
    db.session.query(Message).delete()
    db.session.commit()
    away = {"REDIS_URL": f"unix://{tmp_path}/nobody.sock?db=0", "SMTP_URL": relay.url}
    worker = "-m celery -A worker.celery_app worker -P threads -c 2 --without-gossip --without-mingle"
    process = start(*worker.split(), **away)
    port = web(**away)
    path = f"/en/answer/{sign('answer', invitation.id, invitation.nonce)}"
    assert Form(port, path).send({"answer": "yes"}) == 303
    wait_for(lambda: relay.recipients == [invitation.person.email])
    assert process.poll() is None
    db.session.rollback()
    assert db.session.get(Invitation, invitation.id, populate_existing=True).answer is Answer.YES
    wait_for(lambda: db.session.rollback() or db.session.scalars(select(Message.state)).all() == [State.SENT])


@pytest.fixture
def own_postgres():
    """A PostgreSQL that may be killed, with the schema and its address."""
    folder = Path(tempfile.mkdtemp(prefix="pathways-", dir="/tmp"))
    place = Place(folder, servers.CHECKOUT)
    child = servers.postgres(place)  # with every guard on: what was acknowledged must be there
    try:
        urls = servers.start(place, [child])
        settings = config.load({
            "PATHWAYS_ENV": "test", "DATABASE_URL": urls.app, "MIGRATION_DATABASE_URL": urls.owner, "VAR_DIR": str(folder / "mail"),
            "SECRET_KEY": "a-secret-of-the-tests-with-more-than-32-characters", "MAIL_DOMAIN": "pathways.example",
        })  # fmt: skip
        upgrade(settings)
        app = create_app(settings)
        yield place, child, settings, app
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
    finally:
        child.stop()
        place.close()
        shutil.rmtree(folder)


def test_f5_while_the_database_is_dead_every_page_says_when_to_come_back(own_postgres):
    place, child, settings, app = own_postgres
    with app.app_context():
        make_organisation(OrganisationKind.ACADEMIA, "University of Alvania")
        db.session.commit()
        db.session.remove()
    client = app.test_client()
    assert client.get("/en/").status_code == 200
    os.killpg(child.process.pid, signal.SIGKILL)
    child.process.wait()
    for language in ("en", "ar"):
        for path in (f"/{language}/", f"/{language}/exchanges", f"/{language}/sign-in"):
            answer = client.get(path)
            if answer.status_code == 200:  # a page that needs nothing of the database goes on
                continue
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10"), path
            assert f'lang="{language}"' in answer.text and "Traceback" not in answer.text and "psycopg" not in answer.text
    assert client.get("/en/").status_code == 503
    servers.start(place, [child])
    assert client.get("/en/").status_code == 200
    owner = create_engine(settings.migration_database_url)
    with owner.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(db.text("organisations"))) == 1
    owner.dispose()
