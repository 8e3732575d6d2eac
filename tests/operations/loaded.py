"""What a command of the platform loads before it does anything: loaded once, in the process that all commands of a test begin in."""

import importlib

import flask.cli  # noqa: F401

from app import ROOMS, assets, cli, kinds, models, prepare, reactions, web  # noqa: F401
from app.accounts import access, sessions  # noqa: F401

for room in ROOMS:
    importlib.import_module(f"app.{room}.routes")
