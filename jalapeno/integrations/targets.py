"""Where items can go: teams and their projects, as one list of choices."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from jalapeno.errors import BadInput
from jalapeno.models import Integration


def target_options(integration: Integration) -> list[tuple[str, str]]:
    """(value, label) of every team and project items can go to; the value is "team" or "team/project"."""
    options = []
    for team in integration.targets:
        options.append((team["id"], team["name"]))
        options += [(f"{team['id']}/{project['id']}", f"{team['name']} · {project['name']}")
                    for project in team["projects"]]  # fmt: skip
    return options


def chosen_target(integration: Integration, value: str) -> dict[str, str | None]:
    """{team_id, project_id} of an option's value. Raises BadInput for anything the tool does not offer."""
    if value not in {option for option, _label in target_options(integration)}:
        raise BadInput(_("Choose a team from the list."), field="target")
    team_id, _slash, project_id = value.partition("/")
    return {"team_id": team_id, "project_id": project_id or None}


def target_value(target: dict[str, Any] | None) -> str:
    """The option's value of a stored target; empty for none."""
    if not target:
        return ""
    return f"{target['team_id']}/{target['project_id']}" if target.get("project_id") else str(target["team_id"])
