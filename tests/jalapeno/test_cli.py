from __future__ import annotations

from flask import Flask

from jalapeno.settings import SETTINGS


def test_the_table_of_settings_has_every_row(app: Flask) -> None:
    printed = app.test_cli_runner().invoke(args=["settings"])
    assert printed.exit_code == 0
    lines = printed.output.splitlines()
    assert len(lines) == len(SETTINGS) + 2
    for row in SETTINGS:
        (line,) = [line for line in lines if line.startswith(f"| `{row.name}` |")]
        assert row.help in line
        assert ("| yes |" in line) == row.secret
    assert app.extensions["ground"].settings.session_keys not in printed.output
