"""The schema that documents are checked against: Linear's own from CONTRACTS_DIR, else the emulator's slice of it."""

from __future__ import annotations

import threading
from functools import cache
from pathlib import Path
from typing import Final

from graphql import GraphQLSchema, build_schema

__all__ = ["OFFICIAL_NAME", "SLICE", "load", "schema_file"]

OFFICIAL_NAME: Final = "linear.schema.graphql"
SLICE: Final = Path(__file__).parent / "slice.graphql"

_building = threading.Lock()


def schema_file(contracts: str | None) -> Path:
    """The official schema in the folder `contracts` when it is there, else the slice."""
    official = Path(contracts) / OFFICIAL_NAME if contracts else SLICE
    return official if official.is_file() else SLICE


def load(path: Path) -> GraphQLSchema:
    """The schema of a file: parsed when it is first asked for (a second for the official one), once for a process."""
    with _building:
        return _load(path)


@cache
def _load(path: Path) -> GraphQLSchema:
    return build_schema(path.read_text(), assume_valid=True, no_location=True)
