"""What may stand in one place only, or nowhere."""

from __future__ import annotations

import ast
import re

import pytest

from tests.house.tree import code, files, files_with, text_of, texts

LOCKS = ("requirements", "package-lock.json")  # written by tools
PEOPLE_WRITE = [name for name in files() if not name.startswith(LOCKS)]
ONLY_VAULT = re.compile(r"\bIntegrationToken\b|\bintegration_token\b|\b(access|refresh)_envelope\b")


def test_provider_tokens_are_touched_by_the_vault_alone() -> None:
    """Not selected, joined or named by any other code: the model and the vault, and the clock's functions in SQL."""
    naming = {name for name, _ in code() if ONLY_VAULT.search(text_of(name))}
    assert naming == {"jobs/vault.py", "jalapeno/models/__init__.py", "jalapeno/models/integration.py"}


def test_keys_of_tokens_are_read_by_the_vault_alone() -> None:
    reading = {name for name, _ in code() if re.search(r"\btoken_keys\b", text_of(name))}
    assert reading == {"jobs/vault.py"}


def test_no_model_loads_tokens_by_a_relationship() -> None:
    """A relationship would read them where nobody wrote it down."""
    assert [name for name, _ in code() if "relationship(" in text_of(name)] == []


def test_app_code_does_not_print() -> None:
    printing = {
        name
        for name, tree in code()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"print", "sys.stdout.write", "sys.stderr.write"}
    }
    # The decoder's process answers its parent through its output: that is its interface.
    assert printing - {"jobs/speech/decoder.py"} == set()


def test_app_code_logs_by_structlog() -> None:
    by_logging = {
        name for name, _ in code() if re.search(r"\blogging\.(getLogger|info|warning|error)\(", text_of(name))
    }
    assert by_logging - {"jalapeno/logs/__init__.py"} == set()


def test_environment_variables_are_read_as_settings() -> None:
    """Whatever reads the environment itself is named here with what it reads."""
    reading = {name: set(re.findall(r"os\.environ[\w.(\[]*\"(\w+)\"|os\.getenv\(\"(\w+)\"", text_of(name)))
               for name, _ in code() if re.search(r"os\.(environ|getenv)", text_of(name))}  # fmt: skip
    assert set(reading) - {"jalapeno/settings.py"} <= {
        "jalapeno/http/client.py",  # certificates of the machine, as OpenSSL names them
        "jobs/downloads.py",  # a child process gets the caller's proxies
        "jobs/speech/decode.py",  # a child process gets nothing
        "jobs/work.py",  # where a test wants the worker to die
    }


def test_there_is_one_database_dialect() -> None:
    others = re.compile(r"sqlite|mysql|mariadb|oracle\+|mssql", re.IGNORECASE)
    for name in files_with(
        ".py", ".sql", ".cfg", ".toml", ".md", under=("jalapeno/", "jobs/", "migrations/", "setup.cfg", "docs/")
    ):
        assert not others.search(text_of(name)), name


def test_nobody_reaches_for_files_of_another_place() -> None:
    """Outside of the one script that looks beside the checkout, nothing names a place that is not in it."""
    elsewhere = re.compile(
        r"(?<![\w./-])/work(?![\w-])|\.\./shared|shared/(speech|contracts)|(?<![\w./-])/(root|home)/\w"
    )
    naming = {name for name in PEOPLE_WRITE if _is_text(name) and elsewhere.search(text_of(name))}
    assert naming - {".ci/run", "tests/house/test_places.py"} == set()
    script = text_of(".ci/run")
    assert len(elsewhere.findall(script)) == len(re.findall(r"\.\./shared", script))


def _is_text(name: str) -> bool:
    try:
        text_of(name)
    except UnicodeDecodeError:
        return False
    return True


def test_nothing_is_left_for_later() -> None:
    later = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    assert [name for name in PEOPLE_WRITE if _is_text(name) and later.search(text_of(name))] == [
        "tests/house/test_places.py"
    ]


def test_no_secret_is_kept_in_the_repository() -> None:
    looks = re.compile(
        r"-----BEGIN [A-Z ]*PRIVATE KEY|\blin_(api|oauth|wh)_[A-Za-z0-9]{20}|\bsk-[A-Za-z0-9]{20}|AKIA[A-Z0-9]{16}"
    )
    holding = [name for name in PEOPLE_WRITE if _is_text(name) and looks.search(text_of(name))]
    assert [
        name for name in holding if not name.startswith("tests/jalapeno/logs/")
    ] == []  # examples that logs must hide


@pytest.mark.parametrize("folder", ["jalapeno/", "jobs/"])
def test_sql_is_never_put_together_from_values(folder: str) -> None:
    """`text(f"…")` only where each part is a constant of our own: named here."""
    built = {
        name
        for name, tree in code(under=(folder,))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"text", "sa.text", "sql.SQL"}
        and any(isinstance(part, ast.JoinedStr | ast.BinOp) for part in node.args)
    }  # fmt: skip
    assert built <= {"jobs/clock.py"}  # the names of its own functions, from the list above


def test_every_text_of_the_app_is_unicode_and_ends_its_file() -> None:
    for name in files_with(".py", ".html", ".css", ".js", ".md"):
        content = text_of(name)
        assert not content or content.endswith("\n"), name
        assert "\t" not in content or name == "Makefile", name


def test_texts_name_no_place_of_the_makers() -> None:
    for name, tree in code():
        assert not any(re.search(r"\b(issue|ticket) #\d+", text) for text in texts(tree)), name
