"""Whatever code says that something failed, people read words."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from jalapeno.failures import FAILURES
from jalapeno.integrations.words import CONNECTIONS, DELIVERIES
from jobs.speech.base import Cancelled, ModelUnavailable, NoSpeech, Undecodable
from tests.house.tree import code, files_with, text_of, tree_of

# The files whose codes end in Meeting.failure_code, Integration.failure_code, Delivery.failure_code.
OF_MEETINGS = ("jobs/steps/transcribe.py", "jobs/steps/extract.py")
OF_CONNECTIONS = (
    "jobs/steps/connect.py", "jobs/steps/disconnect.py", "jobs/steps/offer.py", "jobs/steps/renew.py",
    "jobs/connection.py", "jalapeno/integrations/connecting.py",
)  # fmt: skip
OF_DELIVERIES = ("jobs/steps/push.py",)
PIPELINE = {"crashed", "internal"}
# What a provider says that a person can do nothing about: the last row of the table speaks for it.
GENERAL = {"ambiguous", "bad_handle", "endless_list", "not_revoked", "bad_secret", "webhook_not_allowed"}


def calls(name: str, *functions: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree_of(name)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in functions:
            yield node


def codes_of(node: ast.expr | None) -> set[str]:
    """The codes that an expression may be: `"denied" if … else "refused"` may be two."""
    branches = [node.body, node.orelse] if isinstance(node, ast.IfExp) else [node]
    return {branch.value for branch in branches if isinstance(branch, ast.Constant) and isinstance(branch.value, str)}


def ends(*names: str) -> set[str]:
    """The codes that stand in these files as the end of something: GiveUp("…"), failure_code = "…", lose("…")."""
    found: set[str] = set()
    for name in names:
        for call in calls(name, "GiveUp", "lose"):
            found |= {code for argument in call.args for code in codes_of(argument)}
        for node in ast.walk(tree_of(name)):
            is_argument = isinstance(node, ast.keyword) and node.arg == "failure_code"
            is_set = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).endswith("failure_code")
            if is_argument or is_set:
                found |= codes_of(node.value)
    return found


def said_by_providers() -> set[str]:
    """The codes that a provider's file may raise."""
    found: set[str] = set()
    for name in files_with(".py", under=("jobs/providers/",)):
        for call in calls(name, "Refused", "Disconnected", "Busy"):
            named = [keyword.value for keyword in call.keywords if keyword.arg == "code"]
            found |= {code for argument in [*call.args[:2], *named] for code in codes_of(argument) if " " not in code}
    return found


def test_every_code_of_a_meeting_has_words() -> None:
    own = {*Undecodable.MESSAGES, NoSpeech.code, ModelUnavailable.code, Cancelled.code}
    assert "recording_missing" in ends(*OF_MEETINGS)
    assert (ends(*OF_MEETINGS) | own | PIPELINE) - FAILURES.keys() == set()


def test_every_code_of_a_connection_has_words() -> None:
    by_the_database = set(re.findall(r"failure_code = '(\w+)'", text_of("migrations/versions/0006_rights.py")))
    assert by_the_database
    codes = ends(*OF_CONNECTIONS) | by_the_database | PIPELINE
    assert {"denied", "connect_refused", "connect_abandoned", "other_organization"} <= codes
    assert codes - CONNECTIONS.keys() == set()


def test_every_code_of_a_delivery_has_words() -> None:
    codes = ends(*OF_DELIVERIES) | PIPELINE
    assert {"not_accepted", "payload_changed"} <= codes
    assert codes - DELIVERIES.keys() == set()


def test_every_code_of_a_provider_has_words_where_it_may_appear() -> None:
    codes = said_by_providers()
    assert {"limited", "forbidden", "invalid_input", "no_answer"} <= codes
    assert codes - (CONNECTIONS.keys() | DELIVERIES.keys()) - GENERAL == set()
    assert GENERAL - codes - {"ambiguous"} == set(), "no longer said by anybody"


def test_an_unknown_code_has_the_words_of_the_last_row() -> None:
    for table in (CONNECTIONS, DELIVERIES):
        assert list(table)[-1] == ""
        for happened, to_do in table.values():
            assert happened._args[0].endswith(".")
            assert to_do._args[0].endswith(".")


def test_no_code_is_ever_shown_as_it_is() -> None:
    for name in files_with(".html", under=("jalapeno/templates/",)):
        assert re.findall(r"\{\{-?\s*[\w.]*failure_code\b[^(]*?\}\}", text_of(name)) == [], name


def test_steps_give_up_with_a_code_and_never_with_a_sentence() -> None:
    for name, _ in code(under=("jobs/steps/",)):
        assert [word for word in ends(name) if not re.fullmatch(r"[a-z_]+", word)] == [], name
