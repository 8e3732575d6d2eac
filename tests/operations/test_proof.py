"""A backup is proven by restoring it: into a database made for it, compared, opened, dropped; and the date of it is noted."""

from __future__ import annotations

import dataclasses
import json
import shutil

import pytest
from sqlalchemy import create_engine, make_url, text

from app.dashboards.queries import wellbeing
from app.extensions import db
from app.files.models import StoredFile
from app.heartbeats.models import RESTORE
from app.notifications import outbox
from app.proof import drop
from tests.conftest import NOW
from tests.factories.accounts import make_person
from tests.factories.notifications import make_letter

pytestmark = pytest.mark.slow


@pytest.fixture
def house(committed_app, settings, tmp_path, monkeypatch):
    monkeypatch.setitem(committed_app.config, "SETTINGS", dataclasses.replace(committed_app.config["SETTINGS"], var_dir=tmp_path / "var"))
    stored = StoredFile(sha256="", size=4, media_type="application/pdf", original_name="a.pdf", object_kind="x", purpose="x",
                        visibility="secretariat", version=1)  # fmt: skip
    with committed_app.app_context():
        make_person("First")
        db.session.add(stored)
        outbox.queue(make_letter(), now=NOW)
        db.session.commit()
        name = stored.id.hex
        db.session.remove()
    place = tmp_path / "var" / "files" / name[-2:] / name
    place.parent.mkdir(parents=True)
    place.write_bytes(b"kept")
    return committed_app


def databases(settings):
    engine = create_engine(settings.migration_database_url)
    with engine.connect() as connection:
        found = set(connection.execute(text("SELECT datname FROM pg_database")).scalars())
    engine.dispose()
    return found


def proven(app):
    with app.app_context():
        return wellbeing.facts(NOW).signs.get(RESTORE)


def changed(folder, to, change):
    """A copy of a backup whose manifest says something else."""
    shutil.copytree(folder, to)
    told = json.loads((to / "manifest.json").read_text())
    change(told)
    (to / "manifest.json").write_text(json.dumps(told))
    return str(to)


def test_a_backup_is_proven_by_restoring_it_beside_the_platform(house, settings, tmp_path):
    run = house.test_cli_runner().invoke
    folder = tmp_path / "backup"
    before = databases(settings)
    assert run(args=["backup", str(folder)]).exit_code == 0
    told = json.loads((folder / "manifest.json").read_text())
    assert (told["counts"]["people"], told["counts"]["messages"], told["counts"]["alembic_version"]) == (1, 1, 1)

    def one_more(told):
        told["counts"]["people"] += 1

    def of_before(told):
        del told["counts"]

    def of_tomorrow(told):
        told["migration"] = "9999"

    for name, change, why in (("more", one_more, "differs from what the backup says: people."), ("old", of_before, "how many rows"),
                              ("new", of_tomorrow, "newer release")):  # fmt: skip
        refused = run(args=["prove", changed(folder, tmp_path / name, change)])
        assert refused.exit_code == 1 and why in refused.output
    assert proven(house) is None and databases(settings) == before, "nothing is noted and nothing stays"

    done = run(args=["prove", str(folder)])
    assert done.exit_code == 0 and f"The backup of {told['made_at']} is proven: " in done.output
    sign = proven(house)
    assert sign.at == NOW and sign.told["made_at"] == told["made_at"] and sign.told["rows"] == sum(told["counts"].values())
    assert sign.told["pages"] >= 10 and databases(settings) == before
    with house.app_context():
        assert db.session.execute(text("SELECT state FROM messages")).scalar_one() == "queued"


def test_a_file_that_is_missing_or_a_database_in_use_is_no_proof(house, settings, tmp_path):
    run = house.test_cli_runner().invoke
    shutil.rmtree(tmp_path / "var" / "files")
    folder = tmp_path / "backup"
    assert run(args=["backup", str(folder)]).exit_code == 0
    refused = run(args=["prove", str(folder), "--into", settings.migration_database_url])
    assert refused.exit_code == 1 and "is not empty" in refused.output
    name = f"named_{tmp_path.name[-8:].replace('-', '_')}"
    outside = create_engine(settings.migration_database_url, isolation_level="AUTOCOMMIT")
    with outside.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0"))
    url = make_url(settings.migration_database_url).set(database=name)
    try:
        refused = run(args=["prove", str(folder), "--into", url.render_as_string(hide_password=False)])
        assert refused.exit_code == 1 and "1 files that the database speaks of are not in the backup." in refused.output
        inside = create_engine(url)
        with inside.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")).scalar() == 0
        inside.dispose()
    finally:
        drop(outside, name)
        outside.dispose()
    assert proven(house) is None
