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
        ({"SMTP_URL": "smtp://us:secret@relay.example.org"}, "SMTP_URL"),
        ({"IMAP_URL": "imap://us:secret@mail.example.org"}, "IMAP_URL"),
        ({"PATHWAYS_ENV": "Production"}, "PATHWAYS_ENV"),
        ({"PATHWAYS_ENV": "development", "SECRET_KEY": config.DEV_SECRET}, "SECRET_KEY"),
    ],
)
def test_what_must_not_run_in_production_stops_the_start(wrong, word):
    with pytest.raises(SystemExit) as stopped:
        config.load({**GOOD, **wrong})
    assert word in str(stopped.value)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PROXY_HOPS", "one", "PROXY_HOPS must be a whole number, not 'one'."),
        ("UPDATE_DELAY_SECONDS", "-5", "UPDATE_DELAY_SECONDS must be a whole number, not '-5'."),
        ("DATABASE_URL", "sqlite:///x", "DATABASE_URL must name a PostgreSQL server (postgresql://…)."),
        ("MIGRATION_DATABASE_URL", "mysql://h/x", "MIGRATION_DATABASE_URL must name a PostgreSQL server (postgresql://…)."),
        ("DEFAULT_LANGUAGE", "de", "DEFAULT_LANGUAGE takes ar, zh, en, fr, ru, es, not de."),
        ("LANGUAGE_ORDER", "en it pt", "LANGUAGE_ORDER takes ar, zh, en, fr, ru, es, not it, pt."),
        ("DEFAULT_ZONE", "Nairobi", "DEFAULT_ZONE must be a time zone such as Africa/Nairobi, not 'Nairobi'."),
        ("DEFAULT_ZONE", "../etc/passwd", "DEFAULT_ZONE must be a time zone such as Africa/Nairobi, not '../etc/passwd'."),
    ],
)
def test_a_slip_of_the_pen_stops_the_start_with_a_sentence(name, value, sentence):
    with pytest.raises(SystemExit) as stopped:
        config.load({"PATHWAYS_ENV": "development", name: value})
    assert str(stopped.value) == f"Pathways Exchange does not start: {sentence}"


def test_settings_in_a_log_or_a_traceback_show_no_secret():
    told = repr(config.load({**GOOD, "SMTP_URL": "smtps://us:secret@relay", "IMAP_URL": "imaps://us:secret@mail"}))
    assert "secret@" not in told and "k" * 40 not in told and "app@db" not in told


def test_celery_gets_its_own_form_of_a_socket_address():
    settings = config.load({"REDIS_URL": "unix:///run/redis.sock?db=2"})
    assert settings.celery_broker_url == "redis+socket:///run/redis.sock?virtual_host=2"
    settings = config.load({"REDIS_URL": "unix://:secret@/run/redis.sock"})
    assert settings.celery_broker_url == "redis+socket://:secret@/run/redis.sock?virtual_host=0", "the password goes with it"
    assert config.load({"REDIS_URL": "rediss://:s@h/1"}).celery_broker_url == "rediss://:s@h/1?ssl_cert_reqs=required"
    with_ca = "rediss://:s@h/1?ssl_ca_certs=/ca.pem"
    assert config.load({"REDIS_URL": with_ca}).celery_broker_url == f"{with_ca}&ssl_cert_reqs=required"
    said = "rediss://:s@h/1?ssl_cert_reqs=none"
    assert config.load({"REDIS_URL": said}).celery_broker_url == said, "who asks for it by name gets it"


def test_the_demo_clock_exists_in_the_demo_only():
    assert config.load({"PATHWAYS_ENV": "demo", "CLOCK_FILE": "/x"}).clock_file is not None
    assert config.load({"PATHWAYS_ENV": "development", "CLOCK_FILE": "/x"}).clock_file is None
