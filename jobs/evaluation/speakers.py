"""Diarization error rate: the share of spoken time given to nobody, to somebody in silence, or to the wrong person.

As NIST scores it: the mapping of labels to people is the best one there is (Hungarian method), people who speak at
once count each, and 0.25 s on both sides of every start and end in the reference (the collar) are not judged.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

__all__ = ["COLLAR_MS", "DiarizationError", "Turn", "diarization_error", "read_rttm"]

COLLAR_MS = 250
STEP_MS = 10


@dataclass(frozen=True, slots=True)
class Turn:
    """Somebody speaks from here to there."""

    start_ms: int
    end_ms: int
    speaker: str


@dataclass(frozen=True, slots=True)
class DiarizationError:
    """Shares of the reference's spoken time; their sum is the error rate."""

    missed: float
    false_alarm: float
    confusion: float
    spoken_ms: int  # judged, each person counted: what the shares are shares of

    @property
    def rate(self) -> float:
        return self.missed + self.false_alarm + self.confusion


def read_rttm(text: str, recording: str | None = None) -> tuple[Turn, ...]:
    """The turns of one recording, or of all lines; names may hold any letter. Raise ValueError for a broken line."""
    turns: list[Turn] = []
    for number, line in enumerate(text.splitlines(), 1):
        fields = line.split()
        if not fields or fields[0] != "SPEAKER":
            continue
        if len(fields) < 8:
            raise ValueError(f"RTTM line {number} has {len(fields)} fields instead of 8 or more")
        if recording is None or fields[1] == recording:
            start, length = float(fields[3]), float(fields[4])
            name = unicodedata.normalize("NFC", fields[7])
            turns.append(Turn(round(start * 1000), round((start + length) * 1000), name))
    return tuple(turns)


def diarization_error(
    reference: Sequence[Turn], heard: Sequence[Turn], *, collar_ms: int = COLLAR_MS
) -> DiarizationError:
    """Compare two sets of turns, in steps of 10 ms; a reference in which nobody speaks raises ValueError."""
    steps = max((turn.end_ms for turn in (*reference, *heard)), default=0) // STEP_MS + 1
    true, found = _activity(reference, steps), _activity(heard, steps)
    judged = _judged(reference, steps, collar_ms)
    true, found = true[:, judged], found[:, judged]
    said, given = true.sum(axis=0), found.sum(axis=0)
    total = int(said.sum())
    if not total:
        raise ValueError("nobody speaks in the part of the reference that is judged")
    shared = true.astype(np.float64) @ found.T.astype(np.float64)
    rows, columns = linear_sum_assignment(shared, maximize=True)
    right = float(shared[rows, columns].sum())
    return DiarizationError(
        missed=float(np.maximum(said - given, 0).sum()) / total,
        false_alarm=float(np.maximum(given - said, 0).sum()) / total,
        confusion=(float(np.minimum(said, given).sum()) - right) / total,
        spoken_ms=total * STEP_MS,
    )


def _activity(turns: Iterable[Turn], steps: int) -> NDArray[np.int64]:
    """Who speaks when: people by steps, 0 or 1."""
    turns = tuple(turns)
    names = sorted({turn.speaker for turn in turns})
    active = np.zeros((len(names), steps), dtype=np.int64)
    for turn in turns:
        active[names.index(turn.speaker), turn.start_ms // STEP_MS : turn.end_ms // STEP_MS] = 1
    return active


def _judged(reference: Iterable[Turn], steps: int, collar_ms: int) -> NDArray[np.bool_]:
    judged = np.ones(steps, dtype=np.bool_)
    if collar_ms:
        for turn in reference:
            for edge in (turn.start_ms, turn.end_ms):
                judged[max(0, (edge - collar_ms) // STEP_MS) : (edge + collar_ms) // STEP_MS] = False
    return judged
