"""The factory: settings, extensions, pages, rooms, access, reactions. Readable in a minute.

Libraries are loaded where the factory uses them: the programs that write files know modules of this package, and would
otherwise load all of Flask for each letter, eight times what they need themselves.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

import logs

if TYPE_CHECKING:
    from flask import Flask

    from config import Settings

HERE = Path(__file__).resolve().parent
ROOMS = (
    "accounts", "calendars", "practices", "interests", "exchanges", "pilots", "letters", "circulars", "transfers", "dashboards",
    "api",
)  # fmt: skip
"""Rooms with pages. Each exports ``blueprint`` (under a language), ``bare_blueprint`` (without), or both."""


def create_app(settings: Settings | None = None) -> Flask:
    """Build the app for these settings, or for the environment's."""
    from app.web.addresses import Pathways
    from config import load

    settings = settings or load()
    _refuse_other_clocks()
    app = Pathways(__name__, template_folder=str(HERE.parent / "templates"), static_folder=None)
    app.config.from_mapping(settings.flask())
    logs.configure(settings.log_format, settings.log_level)
    _extensions(app, settings)

    from app import assets, cli, kinds, reactions, web
    from app.accounts.access import check_every_view

    web.init_app(app)
    assets.init_app(app)
    _rooms(app)
    reactions.subscribe_all()
    kinds.register_all()
    cli.init_app(app)
    check_every_view(app)
    _middleware(app, settings)
    return app


def _refuse_other_clocks() -> None:
    """Hours are worked out by the pinned zone data: a process that reads others would tell others."""
    from app.core import zones
    from config import BadSettings

    if not zones.reads_the_pinned():
        raise BadSettings("time zones would be read from the operating system, not from the package tzdata that is installed.")


def _extensions(app: Flask, settings: Settings) -> None:
    from app import models  # noqa: F401 - mappers need every room's tables
    from app.accounts.access import Viewer
    from app.accounts.sessions import load as load_session
    from app.core import clock
    from app.core.db import lively
    from app.extensions import celery, csrf, db, login

    clock.configure(settings.clock_file)
    db.init_app(app)
    with app.app_context():
        lively(db.engine)
    csrf.init_app(app)
    login.init_app(app)
    login.session_protection = None  # the session's row is the protection; networks change addresses
    login.anonymous_user = Viewer
    login.user_loader(load_session)
    celery.conf.update(broker_url=settings.celery_broker_url)
    app.extensions["celery"] = celery


def _rooms(app: Flask) -> None:
    for room in ROOMS:
        if not (HERE / room).is_dir() or importlib.util.find_spec(f"app.{room}.routes") is None:
            continue
        routes = importlib.import_module(f"app.{room}.routes")
        if hasattr(routes, "blueprint"):
            app.register_blueprint(routes.blueprint, url_prefix="/<lang:lang>")
        if hasattr(routes, "bare_blueprint"):
            app.register_blueprint(routes.bare_blueprint)


def _middleware(app: Flask, settings: Settings) -> None:
    from werkzeug.middleware.proxy_fix import ProxyFix
    from whitenoise import WhiteNoise

    if settings.proxy_hops:
        hops = settings.proxy_hops
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    built = HERE / "static" / "build"
    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
        app.wsgi_app,
        root=str(built) if built.is_dir() else None,
        prefix="static/",
        max_age=31536000,
        immutable_file_test=lambda _path, _url: True,
        allow_all_origins=False,  # fonts and scripts are for our own pages
        add_headers_function=_static_headers,
    )


def _static_headers(headers: object, _path: str, _url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"  # type: ignore[index]
    headers["Cross-Origin-Resource-Policy"] = "same-origin"  # type: ignore[index]
    headers["Content-Security-Policy"] = "default-src 'none'; sandbox"  # type: ignore[index]
