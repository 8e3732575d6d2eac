"""What must not run in production stops the start with one sentence."""

import pytest

import config

GOOD = {
    "PATHWAYS_ENV": "production", "SECRET_KEY": "k" * 40, "BASE_URL": "https://exchange.example.org",
    "DATABASE_URL": "postgresql://app@db/pathways", "REDIS_URL": "rediss://:secret@redis/0", "SMTP_URL": "smtps://relay",
    "ORGANIZER_ADDRESS": "sessions@example.org", "CONTACT_ADDRESS": "secretariat@example.org",
}  # fmt: skip


def test_good_settings_start():
    settings = config.load(GOOD)
    assert settings.production
    assert settings.database_url == "postgresql+psycopg://app@db/pathways"
    assert settings.flask()["SESSION_COOKIE_NAME"] == "__Host-pathways"
    assert settings.clock_file is None


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY"),
        ({"SECRET_KEY": config.DEV_SECRET}, "SECRET_KEY"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"FLASK_DEBUG": "1"}, "debug"),
        ({"PATHWAYS_DEBUG": "true"}, "debug"),
        ({"BASE_URL": "http://exchange.example.org"}, "https://"),
        ({"REDIS_URL": "redis://redis/0"}, "Redis"),
        ({"REDIS_URL": "rediss://redis/0"}, "Redis"),
        ({"DATABASE_URL": ""}, "DATABASE_URL"),
        ({"SMTP_URL": ""}, "SMTP_URL"),
    ],
)
def test_what_must_not_run_in_production_stops_the_start(wrong, word):
    with pytest.raises(SystemExit) as stopped:
        config.load({**GOOD, **wrong})
    assert word in str(stopped.value)


def test_celery_gets_its_own_form_of_a_socket_address():
    settings = config.load({"REDIS_URL": "unix:///run/redis.sock?db=2"})
    assert settings.celery_broker_url == "redis+socket:///run/redis.sock?virtual_host=2"
    assert config.load({"REDIS_URL": "rediss://:s@h/1"}).celery_broker_url == "rediss://:s@h/1"


def test_the_demo_clock_exists_in_the_demo_only():
    assert config.load({"PATHWAYS_ENV": "demo", "CLOCK_FILE": "/x"}).clock_file is not None
    assert config.load({"PATHWAYS_ENV": "development", "CLOCK_FILE": "/x"}).clock_file is None
