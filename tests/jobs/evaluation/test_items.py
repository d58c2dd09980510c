"""Finds are paired with true actions one to one, and a control says how much of a score is chance."""

from __future__ import annotations

import json
import os
import zlib
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from jobs.evaluation.items import ItemScore, evaluate_items, meetings, pairs
from jobs.extraction.local import LocalExtractor
from jobs.extraction.reading import words_of
from jobs.extraction.verbs import stem

SAMPLES = os.environ.get("SAMPLES_DIR")
needs_samples = pytest.mark.skipif(SAMPLES is None, reason="SAMPLES_DIR is not set")
DULL = {"the", "a", "to", "of", "and", "on", "in", "for", "it", "with", "be", "that", "is", "what", "at"}


def by_words(sentences: list[str]) -> NDArray[np.float32]:
    """Sentence vectors that know words only: enough to pair, and needs no model."""
    rows = np.zeros((len(sentences), 4096), dtype=np.float32)
    for row, sentence in zip(rows, sentences, strict=True):
        for word in words_of(sentence):
            if word not in DULL:
                row[zlib.crc32(stem(word).encode()) % 4096] += 1
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


def scores(folder: Path) -> dict[str, ItemScore]:
    return {score.name: score for score in evaluate_items(folder, LocalExtractor(), by_words)}


def meeting(
    text: str, action: str, owner: str = "Ana", due: str | None = "2026-11-27", **more: str
) -> dict[str, object]:
    return {
        "date": "2026-11-23",
        "turns": [{"speaker": "Ana", "start": 0, "end": 4.5, "text": text}, {"speaker": "Bo", "text": "Fine."}],
        "actions": [{"text": action, "owner": owner, "due_date": due}],
    } | more


def write(folder: Path, name: str, content: object) -> None:
    (folder / name).write_text(json.dumps(content), "utf-8")


def test_a_meeting_is_scored_with_owner_and_due_date(tmp_path: Path) -> None:
    write(tmp_path, "one.json", meeting("I'll send the report to legal by Friday.", "Send the report to legal"))
    write(tmp_path, "two.json", meeting("I'll call the bank by Friday.", "Call the bank", "Bo", "2026-11-26"))
    found = scores(tmp_path)
    assert (found["one"].precision, found["one"].recall, found["one"].f1, found["one"].f1_wholly_right) == (1, 1, 1, 1)
    assert found["one"].f1_by_chance == 0.0
    assert (found["two"].f1, found["two"].owners, found["two"].dues, found["two"].f1_wholly_right) == (
        1,
        (0, 1),
        (0, 1),
        0,
    )


def test_a_collection_is_scored_by_split_against_its_neighbours(tmp_path: Path) -> None:
    same = meeting("I'll send the report to legal by Friday.", "Send the report to legal", split="train")
    write(
        tmp_path, "many.json", [same, same, meeting("I'll call the bank.", "Paint the fence", due=None, split="test")]
    )
    found = scores(tmp_path)
    assert found["many train"].f1 == found["many train"].f1_by_chance == 1.0  # the same meeting twice: all is chance
    assert (found["many test"].meetings, found["many test"].found, found["many test"].right) == (1, 1, 0)
    assert (found["many test"].precision, found["many test"].recall, found["many test"].f1) == (0, 0, 0)


def test_one_meeting_alone_has_no_control(tmp_path: Path) -> None:
    write(tmp_path, "one.json", meeting("Good morning.", "Send the report"))
    (score,) = scores(tmp_path).values()
    assert (score.found, score.f1, score.f1_by_chance) == (0, 0.0, None)


def test_a_folder_without_meetings_says_so(tmp_path: Path) -> None:
    write(tmp_path, "references.json", {"a.wav": "some words"})
    with pytest.raises(FileNotFoundError, match="no meeting"):
        scores(tmp_path)


@pytest.mark.parametrize(
    "text", ["{", '[{"turns": [{"text": "no speaker"}], "actions": []}]', '{"turns": [1], "actions": [2]}']
)
def test_a_broken_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.json").write_text(text, "utf-8")
    with pytest.raises(ValueError, match=r"bad\.json"):
        scores(tmp_path)


def test_the_most_alike_pair_first_and_each_once() -> None:
    found = ["send the report", "send the report to legal", "buy a dog"]
    assert pairs(found, ["send the report to legal", "send the report to sales"], by_words) == [(0, 1), (1, 0)]
    assert pairs([], ["x"], by_words) == pairs(["x"], [], by_words) == []


SENTENCES = st.lists(st.sampled_from(["send report", "send list", "call bank", "call", "paint fence red"]), max_size=6)


@given(SENTENCES, SENTENCES)
def test_pairs_are_one_to_one(found: list[str], wanted: list[str]) -> None:
    paired = pairs(found, wanted, by_words)
    assert len({i for i, _ in paired}) == len({j for _, j in paired}) == len(paired)
    assert len(pairs(wanted, found, by_words)) == len(paired)


@needs_samples
def test_a_whole_meeting_is_found_with_owners_and_due_dates() -> None:
    score = scores(Path(str(SAMPLES)))["meeting1"]
    assert score.f1_wholly_right >= 0.85


@needs_samples
def test_real_meetings_score_well_above_the_wrong_meeting() -> None:
    found = [score for name, score in scores(Path(str(SAMPLES))).items() if name.startswith("ami_actions")]
    right, chance = (sum(getattr(score, name) for score in found) for name in ("right", "chance"))
    size = sum(score.found + score.actions for score in found)
    assert sum(score.actions for score in found) == 112
    assert 2 * right / size >= 0.15
    assert right >= 2 * chance


@needs_samples
def test_the_samples_are_read_as_they_are() -> None:
    first = next(each for each in meetings(Path(str(SAMPLES))) if each.group == "meeting1")
    assert first.held_on == date(2026, 11, 23)
    assert (first.turns[0].speaker, first.turns[0].start_ms, first.turns[0].end_ms) == ("Priya", 0, 11_071)
    assert (first.actions[0].owners, first.actions[0].due) == (("Marcus",), date(2026, 11, 25))
