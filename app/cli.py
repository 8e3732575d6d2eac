"""Flask commands, gathered from the rooms. Each is loaded when it is asked for: the web process never needs one."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import click
from flask import Flask
from flask.cli import AppGroup

COMMANDS: dict[str, str] = {
    "reference": "app.practices.commands:reference_cli",
    "demo": "app.demo.commands:demo_cli",
    "mail": "app.notifications.commands:mail_cli",
    "accounts": "app.accounts.commands:accounts_cli",
    "clocks": "app.exchanges.commands:clocks_cli",
    "outbox": "app.dashboards.commands:outbox_cli",
    "health": "app.dashboards.commands:wellbeing_cli",
    "prove": "app.proof:prove",
    "import": "app.transfers.commands:import_cli",
    "archive": "app.transfers.commands:archive_cli",
    "assets": "app.assets:assets_cli",
    "prepare": "app.prepare:prepare",
    "backup": "app.backup:backup",
    "restore": "app.backup:restore",
}
"""Name of a command or a group of them to the place where it stands."""
MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


class Commands(AppGroup):
    """The app's commands, and ``db`` of the migration tool."""

    def __init__(self, app: Flask) -> None:
        super().__init__()
        self._app = app

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names."""
        return sorted({*super().list_commands(ctx), *COMMANDS, "db"})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, loaded now."""
        if cmd_name in COMMANDS:
            module, name = COMMANDS[cmd_name].split(":")
            found: click.Command = getattr(import_module(module), name)
            return found
        if cmd_name == "db" and "migrate" not in self._app.extensions:
            from flask_migrate import Migrate

            from app.extensions import db

            Migrate(self._app, db, directory=str(MIGRATIONS), compare_type=True)  # it adds its own command
        return super().get_command(ctx, cmd_name)


def init_app(app: Flask) -> None:
    """Give the app its commands."""
    app.cli = Commands(app)
