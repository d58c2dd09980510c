"""What the parts of the emulator share: its configuration, the workspace, limits, faults and the webhooks' courier."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from graphql import GraphQLSchema

from dev.emulators.linear import schema
from dev.emulators.linear.faults import Faults
from dev.emulators.linear.records import Issue
from dev.emulators.linear.webhooks import Courier
from dev.emulators.linear.world import World

__all__ = ["NOTICE", "Config", "Desk"]

NOTICE: Final = "This is an emulator of Linear — nothing leaves this machine"


@dataclass(frozen=True)
class Config:
    """How strict and how patient. Limits are Linear's published ones; tests make them small."""

    client_id: str
    client_secret: str
    redirect_uris: tuple[str, ...]
    token_seconds: float = 24 * 60 * 60
    code_seconds: float = 10 * 60
    page_limit: int = 250  # the most entries of a page, whatever was asked for
    requests_per_hour: int = 1_200
    points_per_hour: float = 200_000
    points_per_query: float = 10_000
    retry_after: tuple[float, ...] = (60, 3_600, 21_600)  # seconds until each further try of a webhook
    answer_within: float = 5.0  # seconds a webhook's receiver has
    contracts: str | None = None  # folder of the official schema
    folder: Path | None = None  # where state outlives a restart


@dataclass
class Desk:
    """One running emulator. `base_url` is known once its port is."""

    config: Config
    base_url: str = "http://127.0.0.1"
    stats: Counter[str] = field(default_factory=Counter)
    stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.world = World(self.config.folder)
        self.faults = Faults()
        self.spent: dict[str, tuple[float, int, float]] = {}  # user -> hour's end, requests, points
        self.courier = Courier(self)
        self.world.listeners.append(self.courier.issue_changed)

    @property
    def schema(self) -> GraphQLSchema:
        """Linear's own schema when it is at hand, else the slice."""
        return schema.load(schema.schema_file(self.config.contracts))

    def issue_url(self, issue: Issue) -> str:
        """The page of an issue, here."""
        return f"{self.base_url}/{self.world.url_key}/issue/{self.world.identifier(issue)}"
