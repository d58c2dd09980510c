"""One meeting's time outside of the model: from the upload's answer to "ready to review", less the listening itself.

The bare reference is decoding the same file alone, in the same run. Aim: at most 0.9 s.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.stack import Person, running
from jobs.speech.decode import decode

ROUNDS = 3


def main() -> None:
    """Print the row."""
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(os.environ.get("SAMPLES_DIR", "")) / "clips" / "jfk.flac"
    if not source.is_file():
        print("time outside the model: name a recording, or set SAMPLES_DIR to a folder with clips/jfk.flac.")
        return
    with tempfile.TemporaryDirectory(prefix="bench-") as name, running(Path(name)) as base:
        person = Person(base)
        _one(base, person, source, Path(name))  # the first one downloads the model
        rows = [_one(base, person, source, Path(name)) for _ in range(ROUNDS)]
    started = time.perf_counter()
    with decode(source):
        bare = time.perf_counter() - started
    outside = statistics.median(total - listening for total, listening in rows)
    listening = statistics.median(listening for _, listening in rows)
    print("one meeting            outside the model s   in the model s   decoding alone s   outside / decoding")
    print(f"{source.name:<22} {outside:>19.2f} {listening:>16.2f} {bare:>18.2f} {outside / bare:>20.1f}")


def _lines(log: Path) -> list[dict[str, Any]]:
    """The whole lines of a log that is being written."""
    text = log.read_text() if log.exists() else ""
    return [json.loads(line) for line in text.split("\n")[:-1] if line.startswith("{")]


def _one(base: str, person: Person, source: Path, folder: Path) -> tuple[float, float]:
    """(seconds from the answer to the review, seconds in the model), by the log's lines of this one request."""
    data = source.read_bytes() + os.urandom(8)  # another file each time, as the same one twice would be asked about
    answer = person.http.post("/uploads", data={"csrf_token": person.token}, files={"recording": (source.name, data)})
    answered = datetime.now(UTC)
    if answer.status_code != 303:
        raise RuntimeError(f"upload answered {answer.status_code}")
    request_id = answer.headers["x-request-id"]
    while True:
        mine = [line for line in _lines(folder / "log" / "media.log") if line.get("request_id") == request_id]
        if any(line["event"] == "step_given_up" for line in mine):
            raise RuntimeError("the meeting failed")
        done = [line for line in mine if line["event"] == "step_done" and line["step"] == "extract"]
        if done:
            model = next(line["seconds"] for line in mine if line["event"] == "transcribed")
            return (datetime.fromisoformat(done[0]["timestamp"]) - answered).total_seconds(), model
        time.sleep(0.2)


if __name__ == "__main__":
    main()
