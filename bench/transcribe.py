"""What transcription costs beside bare faster-whisper with the same options: `python bench/transcribe.py [file]`.

The machine is shared, so the parts run in turn, three times, and CPU seconds are compared as ratios of the same run.
Decoding and telling speakers apart are told apart from listening; the aim for listening is at most 1.1.
"""

from __future__ import annotations

import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from jobs import weights
from jobs.speech import whisper
from jobs.speech.decode import decode
from jobs.speech.local import LocalTranscriber

ROUNDS = 3
THREADS = 2


def cpu_of(work: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds of this process and of the children it waited for."""

    def now() -> float:
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.process_time() + children.ru_utime + children.ru_stime

    start = now()
    result = work()
    return now() - start, result


def bare(pipeline: Any, samples: Any) -> int:
    """faster-whisper alone, with the options of `jobs.speech.whisper`."""
    chunks, _ = pipeline.transcribe(
        samples.astype(np.float32) / 32768,
        beam_size=whisper.BEAM,
        batch_size=whisper.BATCH,
        word_timestamps=True,
        vad_filter=True,
        vad_parameters=whisper.VAD | {"threshold": whisper.THRESHOLDS[0]},
        chunk_length=whisper.CHUNK_S,
    )
    return sum(len(chunk.words) for chunk in chunks)


def main() -> None:
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(os.environ.get("SAMPLES_DIR", "")) / "meeting1.wav"
    if not source.is_file():
        sys.exit("Name a recording, or set SAMPLES_DIR to a folder with meeting1.wav.")
    models = Path(os.environ.get("MODELS_DIR") or Path(tempfile.gettempdir()) / "jalapeno-bench-models")

    def quiet(share: float, stage: str) -> None:
        return None

    pipeline = whisper.load(weights.ensure_whisper("base", models, quiet), THREADS)
    listener = LocalTranscriber(models=models, speaker_model="", threads=THREADS)
    whole = LocalTranscriber(models=models, threads=THREADS)
    table: dict[str, list[float]] = {"decode": [], "bare": [], "listen": [], "listen and tell speakers": []}
    for _ in range(ROUNDS):
        seconds, audio = cpu_of(lambda: decode(source))
        with audio:
            table["decode"].append(seconds)
            table["bare"].append(cpu_of(lambda a=audio: bare(pipeline, a.samples()))[0])
            for name, transcriber in (("listen", listener), ("listen and tell speakers", whole)):
                run = partial(transcriber.transcribe, audio, language=None, speakers=None, progress=quiet)
                table[name].append(cpu_of(run)[0])
            length = audio.duration_ms / 1000
    print(f"{source.name}: {length:.0f} s, {ROUNDS} rounds, median CPU seconds, ratio to bare faster-whisper")
    for name, spent in table.items():
        ratio = statistics.median(mine / base for mine, base in zip(spent, table["bare"], strict=True))
        print(
            f"{name:26}{statistics.median(spent):8.2f} s{statistics.median(spent) / length:9.4f} per second{ratio:8.2f}"
        )


if __name__ == "__main__":
    main()
