"""What the tools alone cost: a page of 25 rows by Flask, SQLAlchemy and Jinja, and nothing of ours."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from flask import Flask, render_template
from flask_sqlalchemy import SQLAlchemy
from jinja2 import DictLoader
from sqlalchemy import Engine, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

ROWS = 25


class Base(DeclarativeBase):
    """The base of the one table."""


class Entry(Base):
    """A row of the page."""

    __tablename__ = "bare_entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    place: Mapped[str]
    starts_at: Mapped[datetime]
    people: Mapped[int]


PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ title }}</title></head>
<body><h1>{{ title }}</h1>
<table><thead><tr><th>Title</th><th>Place</th><th>Start</th><th>People</th></tr></thead><tbody>
{% for entry in entries %}<tr><td><a href="{{ url_for('page', id=entry.id) }}">{{ entry.title }}</a></td><td>{{ entry.place }}</td>
<td><time datetime="{{ entry.starts_at.isoformat() }}">{{ entry.starts_at.strftime("%d %B %Y, %H:%M") }}</time></td>
<td>{{ entry.people }}</td></tr>
{% endfor %}</tbody></table></body></html>"""


def fill(owner: Engine) -> None:
    """Make the table and its rows."""
    Base.metadata.create_all(owner)
    start = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
    rows = [
        {"id": n, "title": f"Entry {n}", "place": f"Place {n}", "starts_at": start + timedelta(days=n), "people": n}
        for n in range(ROWS * 40)
    ]
    with owner.begin() as connection:
        connection.execute(Entry.__table__.insert(), rows)  # type: ignore[attr-defined]
        connection.execute(text("GRANT SELECT ON bare_entries TO pathways_app"))


def create_app() -> Flask:
    """The bare application."""
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"]
    app.jinja_loader = DictLoader({"page.html": PAGE})
    db = SQLAlchemy(app)

    @app.get("/")
    def page() -> str:
        entries = db.session.scalars(db.select(Entry).order_by(Entry.starts_at, Entry.id).limit(ROWS)).all()
        return render_template("page.html", title="Entries", entries=entries)

    return app
