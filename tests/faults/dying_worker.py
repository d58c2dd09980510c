"""A worker that dies where a test says: `python -m tests.faults.dying_worker ROLE FOLDER [--stand-in]`.

It is the real worker. Where a file `FOLDER/armed/<step>:<point>` stands, the next entry that reaches this moment takes
the file away, notes it in `FOLDER/deaths` and kills the worker and its child, both by SIGKILL; an entry kills only
once. A file `<step>:<point>:child` kills the child alone. With `--stand-in` nobody listens: everybody says LINES.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import structlog

from jobs import work
from jobs.speech.base import Progress, Segment, Transcript, Word
from jobs.speech.decode import Decoded

LINES = (
    "Let us plan the release of the new website today.",
    "I will send the test report to the customer by Friday.",
    "I will book the meeting room for Monday.",
    "I will call the printer tomorrow about the posters.",
)
WORD_MS = 300


class StandIn:
    """A transcriber that knows what was said without listening: two voices take turns with LINES."""

    def __init__(self, **_: object) -> None:
        """Takes what the real one takes."""

    def transcribe(
        self, audio: Decoded, *, language: str | None, speakers: int | None, progress: Progress
    ) -> Transcript:
        """See `jobs.speech.base.Transcriber`."""
        progress(0.5, "listening")
        segments, at = [], 0
        for number, line in enumerate(LINES):
            words = []
            for text in line.split():
                words.append(Word(at, at + WORD_MS, text, 0.9))
                at += WORD_MS
            segments.append(Segment(words[0].start_ms, at, number % 2, tuple(words)))
        return Transcript("en", 0.99, audio.duration_ms, tuple(segments), 2, "stand-in", "none")


class Reaper:
    """Kills at armed moments."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, step: str, point: str) -> None:
        """Takes the place of `jobs.work.checkpoint`."""
        entry = structlog.contextvars.get_contextvars().get("entry")
        if self._fires(f"{step}:{point}", entry):
            os.kill(os.getppid(), signal.SIGKILL)
            os.killpg(0, signal.SIGKILL)  # the child leads a group of its own, decoders are in it
        if self._fires(f"{step}:{point}:child", entry):
            os.killpg(0, signal.SIGKILL)

    def _fires(self, moment: str, entry: object) -> bool:
        armed, victim = self.folder / "armed" / moment, self.folder / "victims" / str(entry)
        if not armed.exists() or victim.exists():
            return False
        armed.rename(victim)
        with (self.folder / "deaths").open("a") as deaths:
            deaths.write(f"{moment}\n")
        return True


def main() -> None:
    """Become the worker."""
    role, folder, *options = sys.argv[1:]
    work.checkpoint = Reaper(Path(folder))  # before the modules that take it by name are loaded
    from jobs import worker

    if "--stand-in" in options:
        from jobs.steps import transcribe

        setattr(transcribe, "LocalTranscriber", StandIn)  # noqa: B010  no attribute that others may set
    worker.main(role)


if __name__ == "__main__":
    main()
