"""Flask commands, gathered from the rooms."""

from __future__ import annotations

from importlib import import_module, util

from flask import Flask

GROUPS: dict[str, str] = {
    "app.practices.commands": "reference_cli",
    "app.demo.commands": "demo_cli",
    "app.notifications.commands": "mail_cli",
    "app.accounts.commands": "accounts_cli",
    "app.dashboards.commands": "outbox_cli",
    "app.transfers.commands": "import_cli archive_cli",
    "app.assets": "assets_cli",
    "app.prepare": "prepare",
    "app.backup": "backup restore",
}
"""Module to the commands or groups it exports."""


def init_app(app: Flask) -> None:
    """Register every command."""
    for module, name in GROUPS.items():
        if util.find_spec(module.rpartition(".")[0]) and util.find_spec(module) is not None:
            for one in name.split():
                app.cli.add_command(getattr(import_module(module), one))
