"""`flask …` commands of the web app. Those that need worker keys are in the workers' package."""

from __future__ import annotations

import click
from flask import Flask

from jalapeno.settings import REQUIRED, SETTINGS

__all__ = ["register", "settings_table"]


@click.command("settings")
def settings_command() -> None:
    """Print every setting as a Markdown table."""
    click.echo(settings_table(), nl=False)


def settings_table() -> str:
    """docs/settings.md: one row a setting, in the order of `jalapeno.settings`."""
    lines = ["| Name | Read by | Default | Secret | What it does |", "| --- | --- | --- | --- | --- |"]
    for row in SETTINGS:
        shown = "" if row.default is REQUIRED else _shown(row.default)
        default = "required" if row.default is REQUIRED else f"`{shown}`" if shown else "empty"
        secret = "yes" if row.secret else ""
        lines.append(f"| `{row.name}` | {', '.join(row.roles)} | {default} | {secret} | {row.help} |")
    return "\n".join(lines) + "\n"


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(value)
    return str(int(value)) if isinstance(value, bool) else str(value)


def register(app: Flask) -> None:
    """Give the app its commands."""
    app.cli.add_command(settings_command)
