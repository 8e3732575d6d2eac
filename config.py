"""Settings by environment, read once. What must not run in production stops the start with a sentence."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, reset_tzpath

import logs

os.environ["PYTHONTZPATH"] = ""  # one source of zone data: the pinned tzdata, in child processes
reset_tzpath(to=())  # and in this one, which asked for its path before that line

HERE = Path(__file__).resolve().parent
DEV_SECRET = "development-only-not-a-secret"  # noqa: S105 - refused in production below
KINDS = ("development", "test", "demo", "production")
LOOPBACK = ("localhost", "127.0.0.1", "::1")
LANGUAGES = ("ar", "zh", "en", "fr", "ru", "es")
DEMO_NAMES = {
    "ar": "شبكة المسارات النظامية", "zh": "正常路径网络", "en": "Regular Pathways Network",
    "fr": "Réseau des voies régulières", "ru": "Сеть легальных путей", "es": "Red de Vías Regulares",
}  # fmt: skip


class BadSettings(SystemExit):
    """The environment asks for something that must not run."""

    def __init__(self, sentence: str) -> None:
        super().__init__(f"Pathways Exchange does not start: {sentence}")


def _flag(env: dict[str, str], name: str, default: bool) -> bool:
    return env.get(name, "1" if default else "0").strip().lower() in ("1", "true", "yes", "on")


def _names(env: dict[str, str]) -> dict[str, str]:
    """NETWORK_NAME for all languages, NETWORK_NAME_FR and its like for one; the demo's names by default."""
    common = env.get("NETWORK_NAME")
    return {c: env.get(f"NETWORK_NAME_{c.upper()}") or common or DEMO_NAMES[c] for c in LANGUAGES}


def _refuse_slips(env: dict[str, str]) -> None:
    """A value that nothing here can use is a slip of the pen: say so in a sentence, before anything else reads it."""
    for name in ("PROXY_HOPS", "UPDATE_DELAY_SECONDS"):
        said = env.get(name, "0")
        if not (said.isascii() and said.isdigit()):
            raise BadSettings(f"{name} must be a whole number, not {said!r}.")
    for name in ("DATABASE_URL", "MIGRATION_DATABASE_URL"):
        if not env.get(name, "postgresql:").startswith(("postgresql:", "postgresql+psycopg:", "postgres:")) and env[name]:
            raise BadSettings(f"{name} must name a PostgreSQL server (postgresql://…).")
    for name in ("DEFAULT_LANGUAGE", "LANGUAGE_ORDER"):
        if unknown := set(env.get(name, "en").split()) - set(LANGUAGES):
            raise BadSettings(f"{name} takes {', '.join(LANGUAGES)}, not {', '.join(sorted(unknown))}.")
    prefix = env.get("REGISTRY_PREFIX", "PX")
    if not (prefix.isascii() and prefix.replace("-", "").isalnum() and len(prefix) <= 12):
        raise BadSettings(f"REGISTRY_PREFIX must be up to 12 letters and digits such as PX, not {prefix!r}.")
    form, level = logs.wanted(env)
    if form not in logs.FORMATS or level not in logs.LEVELS:
        raise BadSettings(f"LOG_FORMAT takes {' or '.join(logs.FORMATS)}, LOG_LEVEL {', '.join(logs.LEVELS)}.")
    try:
        ZoneInfo(env.get("DEFAULT_ZONE", "UTC"))
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise BadSettings(f"DEFAULT_ZONE must be a time zone such as Africa/Nairobi, not {env['DEFAULT_ZONE']!r}.") from None


@dataclass(frozen=True)
class Settings:
    """Everything the environment decides. ``flask()`` gives Flask its own names for it."""

    env: str
    base_url: str
    secret_keys: list[str] = field(repr=False)  # these six and the token below hold secrets: a log or a traceback never shows them
    database_url: str = field(repr=False)
    migration_database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    smtp_url: str = field(repr=False)
    imap_url: str = field(repr=False)
    var_dir: Path
    organizer_address: str
    contact_address: str
    mail_domain: str
    network_names: dict[str, str]
    default_language: str = "en"
    language_order: tuple[str, ...] = ("en", "fr", "es", "ar", "ru", "zh")
    default_zone: str = "UTC"
    proxy_hops: int = 0
    update_delay_seconds: int = 120
    mails_per_person_a_day: int = 30_000  # mail to many counts by whoever confirmed it
    busy_feeds: bool = False  # may addresses be read at which people publish when they are busy?
    mail_authserv_id: str = ""  # the name our mail server writes in Authentication-Results; without one, From is believed
    debug: bool = False
    demo: bool = False
    clock_file: Path | None = None
    mark_file: Path | None = None
    registry_prefix: str = "PX"  # numbers of letters begin with it: PX/2026/L-0012
    metrics_token: str = field(default="", repr=False)  # opens /metrics and /health to a monitor; without one they are closed
    log_format: str = "plain"
    log_level: str = "INFO"
    log_requests: bool = True
    extra: dict[str, object] = field(default_factory=dict)

    @property
    def production(self) -> bool:
        """Is this the real thing?"""
        return self.env == "production"

    @property
    def celery_broker_url(self) -> str:
        """The Redis address in the form Celery wants: ``redis+socket://`` for a Unix socket, and TLS that is verified."""
        parts = urlsplit(self.redis_url)
        if parts.scheme == "rediss" and "ssl_cert_reqs=" not in parts.query:  # kombu takes any certificate otherwise
            return f"{self.redis_url}{'&' if parts.query else '?'}ssl_cert_reqs=required"
        if parts.scheme != "unix":
            return self.redis_url
        number = dict(p.split("=") for p in parts.query.split("&") if "=" in p).get("db", "0")
        return f"redis+socket://{parts.netloc}{parts.path}?virtual_host={number}"  # user and password stand before the path

    def flask(self) -> dict[str, object]:
        """The mapping for ``app.config``."""
        secure = self.base_url.startswith("https://")
        return {
            "SETTINGS": self,
            "SECRET_KEY": self.secret_keys[0] if self.secret_keys else None,
            "SECRET_KEY_FALLBACKS": self.secret_keys[1:],
            "SQLALCHEMY_DATABASE_URI": self.database_url,
            "SQLALCHEMY_ENGINE_OPTIONS": {
                "pool_size": 8, "max_overflow": 0, "pool_timeout": 10,
                "hide_parameters": True,  # an error is logged without what was typed
                "connect_args": {
                    "application_name": "pathways", "connect_timeout": 5,
                    "options": "-c timezone=UTC -c lock_timeout=10000 -c statement_timeout=60000"
                    " -c idle_in_transaction_session_timeout=120000",
                },
            },
            "SESSION_COOKIE_NAME": "__Host-pathways" if secure else "pathways",
            "SESSION_COOKIE_SECURE": secure, "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_SAMESITE": "Lax", "SESSION_COOKIE_PATH": "/",
            "MAX_CONTENT_LENGTH": 21 * 1024 * 1024, "MAX_FORM_MEMORY_SIZE": 2 * 1024 * 1024,
            "MAX_FORM_PARTS": 1000,
            "BABEL_DEFAULT_LOCALE": self.default_language, "BABEL_DEFAULT_TIMEZONE": "UTC",
            "BABEL_TRANSLATION_DIRECTORIES": str(HERE / "app" / "translations"),
            # Not the Referer, which pages behind signed links do not send: app/web/guards.py asks for the Origin.
            "WTF_CSRF_TIME_LIMIT": None, "WTF_CSRF_SSL_STRICT": False,
            "TRUSTED_HOSTS": [urlsplit(self.base_url).hostname, *(["localhost"] if not self.production else [])],
            "PREFERRED_URL_SCHEME": "https" if secure else "http",
            "DEBUG": self.debug,
            **self.extra,
        }  # fmt: skip


def _refuse_in_production(settings: Settings, env: dict[str, str]) -> None:
    if not settings.secret_keys or DEV_SECRET in settings.secret_keys or any(len(k) < 32 for k in settings.secret_keys):
        raise BadSettings("SECRET_KEY is missing, the default, or shorter than 32 characters.")
    if settings.debug:
        raise BadSettings("debug is on (PATHWAYS_DEBUG or FLASK_DEBUG); it never runs in production.")
    if not settings.base_url.startswith("https://"):
        raise BadSettings(f"BASE_URL must start with https:// in production, not {settings.base_url!r}.")
    for name in ("DATABASE_URL", "REDIS_URL", "SMTP_URL", "ORGANIZER_ADDRESS", "CONTACT_ADDRESS"):
        if not env.get(name):
            raise BadSettings(f"{name} must be set in production.")
    if settings.metrics_token and len(settings.metrics_token) < 32:
        raise BadSettings("METRICS_TOKEN is shorter than 32 characters.")
    redis = urlsplit(settings.redis_url)
    if redis.scheme != "unix" and not (redis.scheme == "rediss" and redis.password):
        raise BadSettings("an external Redis needs a password and TLS (rediss://:password@host/0).")
    for name, url in (("SMTP_URL", settings.smtp_url), ("IMAP_URL", settings.imap_url)):
        parts = urlsplit(url)
        if parts.password and parts.scheme in ("smtp", "imap") and parts.hostname not in LOOPBACK:
            raise BadSettings(f"{name} would send its password without TLS; use {parts.scheme}s://.")


def load(environ: dict[str, str] | None = None) -> Settings:
    """Read the environment once. Raises ``BadSettings`` (ends the process) on what must not run."""
    env = dict(os.environ if environ is None else environ)
    _refuse_slips(env)
    base_url = env.get("BASE_URL", "http://127.0.0.1:8000").rstrip("/")
    host = urlsplit(base_url).hostname or "localhost"
    domain = env.get("MAIL_DOMAIN") or (host if "." in host and not host[0].isdigit() else "pathways.example")
    kind = env.get("PATHWAYS_ENV", "development")
    var_dir = Path(env.get("VAR_DIR", HERE / "var"))
    database_url = _psycopg(env.get("DATABASE_URL", "postgresql:///pathways"))
    settings = Settings(
        env=kind,
        base_url=base_url,
        secret_keys=[k for k in (env.get("SECRET_KEY", DEV_SECRET), *env.get("SECRET_KEY_FALLBACKS", "").split()) if k],
        database_url=database_url,
        migration_database_url=_psycopg(env.get("MIGRATION_DATABASE_URL", "")) or database_url,
        redis_url=env.get("REDIS_URL", "unix:///nonexistent/redis.sock"),
        smtp_url=env.get("SMTP_URL", "smtp://127.0.0.1:8025"),
        imap_url=env.get("IMAP_URL", ""),
        var_dir=var_dir,
        organizer_address=env.get("ORGANIZER_ADDRESS", f"sessions@{domain}"),
        contact_address=env.get("CONTACT_ADDRESS", f"secretariat@{domain}"),
        mail_domain=domain,
        network_names=_names(env),
        default_language=env.get("DEFAULT_LANGUAGE", "en"),
        language_order=tuple(env.get("LANGUAGE_ORDER", "en fr es ar ru zh").split()),
        default_zone=env.get("DEFAULT_ZONE", "UTC"),
        proxy_hops=int(env.get("PROXY_HOPS", "0")),
        mail_authserv_id=env.get("MAIL_AUTHSERV_ID", "").strip(),
        busy_feeds=_flag(env, "BUSY_FEEDS", False),
        update_delay_seconds=int(env.get("UPDATE_DELAY_SECONDS", "120")),
        mails_per_person_a_day=int(env.get("MAILS_PER_PERSON_A_DAY", "30000")),
        debug=_flag(env, "PATHWAYS_DEBUG", False) or _flag(env, "FLASK_DEBUG", False),
        demo=kind == "demo",
        clock_file=Path(env["CLOCK_FILE"]) if env.get("CLOCK_FILE") and kind in ("demo", "test") else None,
        registry_prefix=env.get("REGISTRY_PREFIX", "PX"),
        metrics_token=env.get("METRICS_TOKEN", "").strip(),
        log_format=logs.wanted(env)[0],
        log_level=logs.wanted(env)[1],
        log_requests=_flag(env, "LOG_REQUESTS", kind != "test"),
        mark_file=Path(env["NETWORK_MARK"]) if env.get("NETWORK_MARK") else None,
    )
    if kind not in KINDS:  # a misspelt "production" must not run with the ways of a workshop
        raise BadSettings(f"PATHWAYS_ENV must be one of {', '.join(KINDS)}, not {kind!r}.")
    if settings.production:
        _refuse_in_production(settings, env)
    elif DEV_SECRET in settings.secret_keys and host not in LOOPBACK:
        raise BadSettings("SECRET_KEY must be set where others than this machine open the pages.")
    return settings


def _psycopg(url: str) -> str:
    """A PostgreSQL address with the driver named, whatever form an operator wrote."""
    for plain in ("postgresql://", "postgres://"):
        if url.startswith(plain):
            return "postgresql+psycopg://" + url[len(plain) :]
    return url
