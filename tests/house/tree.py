"""What is in this repository: its files as git sees them, new ones included, and its Python as trees."""

from __future__ import annotations

import ast
import io
import subprocess
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
APP = ("jalapeno/", "jobs/")


@cache
def files() -> tuple[str, ...]:
    """Every file that is kept or about to be, by its path from the root."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return tuple(sorted(name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()))


def files_with(*endings: str, under: tuple[str, ...] = ("",)) -> list[str]:
    """Those with one of these endings, in one of these folders."""
    return [name for name in files() if name.endswith(endings) and name.startswith(under)]


@cache
def text_of(name: str) -> str:
    """A file's text."""
    return (ROOT / name).read_text(encoding="utf-8")


@cache
def tree_of(name: str) -> ast.Module:
    """A Python file, parsed."""
    return ast.parse(text_of(name), name)


def code(under: tuple[str, ...] = APP) -> Iterator[tuple[str, ast.Module]]:
    """The Python files of the app, with their trees."""
    for name in files_with(".py", under=under):
        yield name, tree_of(name)


def comments(name: str) -> Iterator[tuple[int, str]]:
    """(line, comment) of a Python file; a # in a text is none."""
    for token in tokenize.generate_tokens(io.StringIO(text_of(name)).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def texts(tree: ast.AST) -> Iterator[str]:
    """Every text that stands in this code, docstrings included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
