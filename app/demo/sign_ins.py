"""The four sign-ins of the demonstration, with a passphrase made for this installation alone."""

from __future__ import annotations

import os
import secrets
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from app.accounts.models import Person
from app.accounts.rules.joining import set_password
from app.core.signing import settings
from app.extensions import db

ADDRESSES = {
    "secretariat": "tomas.berg@network.example",
    "co-lead": "lucia.prado@migration.hestland.example",
    "focal point": "adaeze.morrow@interior.alvania.example",
    "participant": "nora.sabri@civil.elmara.example",
}
_WORDS = (
    "amber", "anchor", "apricot", "basket", "beacon", "bridge", "bronze", "candle", "canyon", "carpet", "cedar", "cinnamon",
    "cobalt", "copper", "coral", "cotton", "drizzle", "feather", "fennel", "ferry", "garnet", "ginger", "glacier", "granite",
    "hammock", "harbor", "hazel", "indigo", "island", "ivory", "jasmine", "juniper", "kettle", "ladder", "lagoon", "lantern",
    "lemon", "linen", "lupin", "magnet", "mango", "maple", "marble", "meadow", "mosaic", "nutmeg", "olive", "orchard",
    "paddle", "pebble", "pepper", "pigeon", "pollen", "quartz", "ribbon", "saffron", "sandal", "spruce", "thimble", "tulip",
    "turnip", "velvet", "walnut", "willow",
)  # fmt: skip


def _file() -> Path:
    return settings().var_dir / "demo-passphrase"


def passphrase() -> str:
    """The passphrase of all four; empty when this folder has none."""
    try:
        return _file().read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""


def give_passphrase(now: datetime) -> str:
    """Make a passphrase, give it to the four, and keep it where only this user can read it."""
    phrase = "-".join(secrets.choice(_WORDS) for _ in range(5))
    for person in db.session.scalars(select(Person).where(Person.email_folded.in_(ADDRESSES.values()))):
        set_password(person, phrase, now=now, by=person, tell=False)
    _file().parent.mkdir(parents=True, exist_ok=True)
    fresh = _file().with_suffix(".new")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(phrase + "\n")
    fresh.replace(_file())
    return phrase


def told() -> str:
    """The four sign-ins as lines for a terminal."""
    lines = [f"  {role:<12} {address}" for role, address in ADDRESSES.items()]
    return "\n".join(["Demo sign-ins:", *lines, f"  passphrase   {passphrase()}"])
