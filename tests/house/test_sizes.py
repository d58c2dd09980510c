"""Small files, short functions, names that say what is inside."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import PurePath

from tests.house.tree import code, files, files_with, text_of

LONGEST_FILE = 400
LONGEST_FUNCTION = 40  # lines from `def` on, without its docstring
WRITTEN_BY_PEOPLE = (".py", ".html", ".css", ".js", ".sql", ".md", ".cfg", ".toml", ".graphql", "Makefile", "Procfile")
# A name for what nobody found a name for.
NAMELESS = {"utils", "util", "helpers", "helper", "common", "misc", "shared", "lib", "tools", "stuff", "base_utils"}


def test_no_file_is_long() -> None:
    long = {
        name: lines
        for name in files_with(*WRITTEN_BY_PEOPLE)
        if (lines := len(text_of(name).splitlines())) > LONGEST_FILE
    }
    assert long == {}


def functions(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            has_docstring = ast.get_docstring(node, clean=False) is not None
            said = (first.end_lineno or 0) - first.lineno + 1 if has_docstring else 0
            yield node.name, (node.end_lineno or 0) - node.lineno + 1 - said


def test_no_function_is_long() -> None:
    long = {
        f"{name}:{function}": lines
        for name, tree in code(under=("",))
        for function, lines in functions(tree)
        if lines >= LONGEST_FUNCTION
    }
    assert long == {}


def test_the_count_of_lines_leaves_out_the_docstring_alone() -> None:
    source = 'def one(\n    a,\n):\n    """Says\n\n    much.\n    """\n    # why\n    return a\n\ndef two(): pass\n'
    assert dict(functions(ast.parse(source))) == {"one": 5, "two": 1}


def test_most_files_are_small() -> None:
    sizes = sorted(len(text_of(name).splitlines()) for name in files_with(".py", under=("jalapeno/", "jobs/", "dev/")))
    assert sizes[len(sizes) // 2] <= 120


def test_every_file_and_folder_has_a_name_of_its_own() -> None:
    nameless = [name for name in files() if NAMELESS & {PurePath(part).stem for part in PurePath(name).parts}]
    assert nameless == []
