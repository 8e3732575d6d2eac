"""Pages read once before the web server forks: what the first readers would make in each process is made once, and shared."""

from __future__ import annotations

import logging

from flask import Flask

from app.extensions import db

PAGES = ("/ready", "/en/", "/en/pilots", "/en/practices")
"""Those that anybody may read and that use most of what all others use. Without a database the first of them ends it."""


def warm(app: Flask) -> None:
    """Read the pages as nobody in particular. No connection stays: one that was open at the fork would belong to every process."""
    logging.disable(logging.INFO)  # these are no requests of anybody
    try:
        reader = app.test_client(use_cookies=False)
        for path in PAGES:
            if reader.get(path, base_url=app.config["SETTINGS"].base_url).status_code != 200:
                break
    except Exception:  # the first reader will meet it, and be told
        logging.getLogger(__name__).exception("the pages could not be read before the start")
    finally:
        with app.app_context():
            db.engine.dispose()
        logging.disable(logging.NOTSET)
