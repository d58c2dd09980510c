"""The documents say what the code and the database say; what is promised is bound to a test that exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import psycopg
import pytest

from dev import documents
from dev.postgres import Database
from jalapeno.settings import ROLES, SETTINGS, rows_of
from tests.house.tree import ROOT, files_with, text_of, tree_of

SECURITY = "docs/security.md"
ANEW = "run `python -m dev.documents`"


@pytest.fixture
def catalog(postgres: Database) -> psycopg.Connection:
    with psycopg.connect(postgres.url("jalapeno_owner").replace("+psycopg", "")) as connection:
        yield connection


def test_the_page_of_settings_is_the_table_in_the_code() -> None:
    assert text_of("docs/settings.md") == documents.settings_page(), ANEW


def test_the_tables_of_rights_are_the_catalog_of_the_database(catalog: psycopg.Connection) -> None:
    page = text_of(SECURITY)
    assert page == documents.with_tables(page, catalog), ANEW


def test_a_right_more_or_less_is_noticed(catalog: psycopg.Connection) -> None:
    before = documents.rights_table(catalog)
    catalog.execute("grant select on integration_token to jalapeno_web")
    assert documents.rights_table(catalog) != before
    catalog.rollback()
    catalog.execute("revoke update (revoked_at) on acceptance from jalapeno_web")
    assert documents.rights_table(catalog) != before
    catalog.rollback()
    catalog.execute("create table fresh (id integer)")
    assert "| `fresh` | – | – | – | – |" in documents.rights_table(catalog)
    catalog.rollback()


def test_a_page_without_a_place_for_a_table_is_refused(catalog: psycopg.Connection) -> None:
    with pytest.raises(SystemExit, match="rights"):
        documents.with_tables(text_of(SECURITY).replace("generated: rights", "rights"), catalog)


def test_the_table_of_secrets_has_every_secret_and_every_role() -> None:
    head, _, *rows = documents.secrets_table().splitlines()
    assert head == f"| secret | {' | '.join(ROLES)} |"
    read = {cells[1].strip(" `"): [cell.strip() == "yes" for cell in cells[2:-1]] for cells in map(_cells, rows)}
    assert read.keys() == {row.name for row in SETTINGS if row.secret}
    for n, role in enumerate(ROLES):
        assert {name for name, who in read.items() if who[n]} == {row.name for row in rows_of(role) if row.secret}


def _cells(line: str) -> list[str]:
    return line.split("|")


# --- Promises ----------------------------------------------------------------------------------------------------


def promises() -> list[str]:
    """The sentences of docs/security.md, each with its tests, up to the tables."""
    written = text_of(SECURITY).partition("## Which process may read which secret")[0]
    return [" ".join(part.split()) for part in re.split(r"^- ", written, flags=re.MULTILINE)[1:]]


def named(text: str) -> list[tuple[str, str]]:
    return re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", text)


def test_there_are_promises() -> None:
    assert len(promises()) > 35


@pytest.mark.parametrize("promise", promises(), ids=lambda promise: promise[:60])
def test_every_promise_is_bound_to_tests_that_exist(promise: str) -> None:
    bound = named(promise)
    assert bound, "a promise without a test"
    assert promise.count("`tests/") == len(bound)
    for path, test in bound:
        assert path in files_with(".py"), path
        assert test in {node.name for node in ast.walk(tree_of(path)) if isinstance(node, ast.FunctionDef)}, test


# --- Links and commands ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", files_with(".md"))
def test_every_link_and_every_path_of_a_page_leads_somewhere(page: str) -> None:
    text = re.sub(r"^( {4}|```).*$", "", text_of(page), flags=re.MULTILINE)
    folder = (ROOT / page).parent
    links = [link for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text) if not re.match(r"https?://|mailto:", link)]
    assert [link for link in links if not (folder / link).exists()] == []
    paths = re.findall(r"`((?:jalapeno|jobs|dev|migrations|tests|docs|bench)/[\w./-]*)(?:::\w+)?`", text)
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", files_with(".md"))
def test_every_command_of_a_page_exists(page: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):.*## ", text_of("Makefile"), re.MULTILINE))
    assert "run" in targets
    assert set(re.findall(r"\bmake ([a-z-]+)\b(?=[ `,.]|$)", _quoted(text_of(page)))) - targets == set()
    modules = set(re.findall(r"\bpython -m ([a-z_.]+)", _quoted(text_of(page)))) - {"pytest", "venv", "pip"}
    assert [name for name in modules if not _is_module(name)] == []


def _quoted(text: str) -> str:
    """What stands in a page as code: between ticks, or indented."""
    return "\n".join(re.findall(r"`([^`\n]+)`", text) + re.findall(r"^ {4}(.+)$", text, re.MULTILINE))


def _is_module(name: str) -> bool:
    path = ROOT / Path(*name.split("."))
    return path.with_suffix(".py").exists() or (path / "__main__.py").exists()


def test_the_readme_names_every_target_of_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*## ", text_of("Makefile"), re.MULTILINE))
    assert targets - set(re.findall(r"make ([a-z-]+)", text_of("README.md"))) == set()
