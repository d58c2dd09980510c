"""`flask evaluate` prints figures, needs no database, and says when there is nothing to measure."""

from __future__ import annotations

import json
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray

from jobs import cli
from jobs.speech.base import Progress, Segment, Transcript, Word
from jobs.speech.decode import Decoded
from tests.jobs.evaluation.test_items import by_words, meeting, write


@pytest.fixture(autouse=True)
def _words_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "_embed", lambda data: by_words)


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli.evaluate, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output


def test_action_items_are_printed_beside_their_control(tmp_path: Path) -> None:
    write(tmp_path, "one.json", meeting("I'll send the report to legal by Friday.", "Send the report to legal"))
    write(tmp_path, "two.json", meeting("I'll call the bank by Friday.", "Call the bank"))
    status, output = run(str(tmp_path), "--only", "items")
    assert status == 0
    assert "wrong meeting F1" in output.splitlines()[0]
    assert output.splitlines()[1].split() == ["one", "1", "1", "1", "1", "1.00", "1.00", "1.00", "0.00", "1/1", "1/1"]


class Parrot:
    """A transcriber that hears what it was told, whatever was said."""

    def __init__(self, *, models: Path, model: str) -> None:
        self.model = model

    def transcribe(
        self, audio: Decoded, *, language: str | None, speakers: int | None, progress: Progress
    ) -> Transcript:
        words = tuple(Word(at * 300, at * 300 + 280, word, 0.9) for at, word in enumerate(self.model.split()))
        return Transcript("en", 1.0, audio.duration_ms, (Segment(0, 1800, 0, words),), 1, "parrot", "parrot")


def test_words_and_speakers_are_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.speech.local.LocalTranscriber", Parrot)
    with wave.open(str(tmp_path / "one.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16_000)
        sound.writeframes(bytes(64_000))
    write(tmp_path, "one.json", meeting("I will send the report tomorrow", "Send the report"))
    (tmp_path / "one.rttm").write_text("SPEAKER one 1 0.000 1.800 <NA> <NA> Ana <NA> <NA>\n", "utf-8")
    status, output = run(str(tmp_path), "--only", "speech", "--model", "I will send the report today")
    assert status == 0
    title, row, *_ = output.splitlines()
    assert "0.25 s collar" in title
    # the second turn's one word ("Fine.") is missing, one of the other six is wrong: 2 of 7
    assert row.split()[:7] == ["one.wav", "2", "28.6%", "0.0%", "0.0%", "1/1", "0"]


@pytest.mark.parametrize("only", [(), ("--only", "items"), ("--only", "speech")])
def test_an_empty_folder_says_so_and_exits_with_two(tmp_path: Path, only: tuple[str, ...]) -> None:
    status, output = run(str(tmp_path), *only)
    assert status == 2
    assert "Nothing to evaluate" in output


def test_a_folder_that_is_not_there_and_a_wrong_choice_exit_with_two(tmp_path: Path) -> None:
    assert run(str(tmp_path / "missing"))[0] == 2
    assert run(str(tmp_path), "--only", "music")[0] == 2


def test_a_broken_file_is_named_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("{", "utf-8")
    status, output = run(str(tmp_path), "--only", "items")
    assert (status, "bad.json" in output, "Traceback" in output) == (2, True, False)


def test_what_can_be_measured_is_when_the_other_half_has_no_references(tmp_path: Path) -> None:
    write(tmp_path, "one.json", meeting("I'll call the bank by Friday.", "Call the bank"))
    status, output = run(str(tmp_path))
    assert status == 0
    assert "one" in output


def test_neither_database_nor_speech_libraries_are_loaded_to_show_help() -> None:
    script = (
        "import json, sys; from click.testing import CliRunner; from jobs.cli import evaluate;"
        "result = CliRunner().invoke(evaluate, ['--help']);"
        "heavy = {'sqlalchemy', 'flask', 'numpy', 'onnxruntime'} & set(sys.modules);"
        "print(json.dumps([result.exit_code, sorted(heavy)]))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [0, []]


def test_word_vectors_are_unit_rows() -> None:
    rows: NDArray[np.float32] = by_words(["send the report", "call"])
    assert np.allclose(np.linalg.norm(rows, axis=1), 1.0)
