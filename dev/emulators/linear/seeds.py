"""Who and what is in the emulated workspace on its first day: the same ids at every start."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from dev.emulators.linear.records import Project, State, Team, User, fixed_id

ORGANIZATION_ID: Final = fixed_id("organization")

_PEOPLE: Final = (
    ("ada", "Ada Lindqvist", True),
    ("ben", "Ben Okafor", False),
    ("chloe", "Chloé Martin", False),
    ("dai", "Dai Nakamura", False),
    ("eva", "Eva Horváth", False),
)
_STATES: Final = (
    ("Backlog", "backlog"),
    ("Todo", "unstarted"),
    ("In Progress", "started"),
    ("In Review", "started"),
    ("Done", "completed"),
    ("Canceled", "canceled"),
    ("Duplicate", "duplicate"),
)
_TEAMS: Final = (("ENG", "Engineering"), ("OPS", "Operations"), ("MKT", "Marketing"))
_PROJECTS: Final = (
    ("Autumn release", ("ENG", "MKT")),
    ("Customer onboarding", ("OPS",)),
    ("Website", ("MKT",)),
)


def users() -> list[User]:
    """One administrator, members, somebody who left, and an app that acts as a user."""
    people = [User(fixed_id(key), name, key, f"{key}@pepper.example", admin) for key, name, admin in _PEOPLE]
    left = User(fixed_id("fin"), "Fin Doyle", "fin", "fin@pepper.example", active=False)
    app = User(fixed_id("app"), "Deploy Bot", "deploy-bot", "deploy-bot@pepper.example", app=True)
    return [*people, left, app]


def teams() -> list[Team]:
    """Three teams."""
    return [Team(fixed_id(f"team {key}"), key, name) for key, name in _TEAMS]


def states(of_teams: Iterable[Team]) -> list[State]:
    """The usual board for each team; Operations has triage."""
    made = []
    for team in of_teams:
        board = ((("Triage", "triage"),) if team.key == "OPS" else ()) + _STATES
        made += [
            State(fixed_id(f"state {team.key} {name}"), team.id, name, kind, float(place))
            for place, (name, kind) in enumerate(board)
        ]
    return made


def projects() -> list[Project]:
    """Three projects, one of two teams."""
    return [
        Project(fixed_id(f"project {name}"), name, [fixed_id(f"team {key}") for key in keys])
        for name, keys in _PROJECTS
    ]
