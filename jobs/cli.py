"""`flask evaluate`: how good transcription, speakers and action items are, over a folder of references.

The measures and their libraries are loaded when the command runs, so that `flask --help` stays quick.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from jobs.evaluation.items import Embed

__all__ = ["evaluate"]

_HERE = Path("var")


@click.command("evaluate")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--only", type=click.Choice(["speech", "items"]), help="Measure one of the two; both unless said.")
@click.option(
    "--model", envvar="WHISPER_MODEL", default="base", show_default=True, help="Whisper model: a name or a folder."
)
@click.option(
    "--data",
    envvar="DATA_DIR",
    default=_HERE,
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where downloaded models are kept.",
)
def evaluate(folder: Path, only: str | None, model: str, data: Path) -> None:
    """Measure transcription and action items against the references in FOLDER.

    Needs no database. Exits with 2 when FOLDER has nothing to measure or something can't be read.
    """
    tables = {"speech": _speech_table, "items": _items_table}
    parts = [table for name, table in tables.items() if only in (None, name)]
    nothing: list[str] = []
    for part in parts:
        try:
            for line in part(folder, model, data):
                click.echo(line)
        except FileNotFoundError as problem:
            nothing.append(str(problem))
        except Exception as problem:
            if not _is_told(problem):
                raise
            raise _Unusable(str(problem)) from problem
    if len(nothing) == len(parts):
        raise _Unusable("Nothing to evaluate: " + "; ".join(nothing))


class _Unusable(click.ClickException):
    exit_code = 2


def _is_told(problem: Exception) -> bool:
    """Whether an error carries a message for a person: a bad file, or speech that can't be measured."""
    from jobs.speech.base import SpeechError

    return isinstance(problem, (SpeechError, ValueError))


def _speech_table(folder: Path, model: str, data: Path) -> Iterator[str]:
    from jobs.evaluation.speech import evaluate_speech
    from jobs.speech.local import LocalTranscriber

    transcriber = LocalTranscriber(models=data / "models", model=model)
    titles = ("recording", "seconds", "word errors", "speaker errors, 0.25 s collar", "no collar", "speakers", "CPU s")
    widths = (18, 8, 12, 30, 10, 9, 7)
    for at, score in enumerate(evaluate_speech(folder, transcriber)):
        if at == 0:
            yield from _rows(titles, widths)
        cells = (
            score.name,
            f"{score.seconds:.0f}",
            _percent(score.word_error_rate),
            _percent(score.diarization.rate if score.diarization else None),
            _percent(score.diarization_exact.rate if score.diarization_exact else None),
            f"{score.speakers_found}/{score.speakers_true if score.speakers_true is not None else '-'}",
            f"{score.cpu_seconds:.0f}",
        )
        yield from _rows(cells, widths)
    yield ""


def _items_table(folder: Path, model: str, data: Path) -> Iterator[str]:
    del model  # finding action items needs no speech model
    from jobs.evaluation.items import ALIKE, evaluate_items
    from jobs.extraction.local import LocalExtractor

    titles = (
        "action items of",
        "meetings",
        "true",
        "found",
        "right",
        "prec.",
        "recall",
        "F1",
        "wrong meeting F1",
        "owner",
        "due",
    )
    widths = (22, 9, 6, 6, 6, 6, 7, 6, 17, 8, 8)
    for at, score in enumerate(evaluate_items(folder, LocalExtractor(), _embed(data))):
        if at == 0:
            yield from _rows(titles, widths)
        cells = (
            score.name,
            f"{score.meetings}",
            f"{score.actions}",
            f"{score.found}",
            f"{score.right}",
            f"{score.precision:.2f}",
            f"{score.recall:.2f}",
            f"{score.f1:.2f}",
            "-" if score.f1_by_chance is None else f"{score.f1_by_chance:.2f}",
            "{}/{}".format(*score.owners),
            "{}/{}".format(*score.dues),
        )
        yield from _rows(cells, widths)
    yield f"Right: a sentence similarity of {ALIKE} or more. Wrong meeting: the same finds against another meeting's."


def _embed(data: Path) -> Embed:
    from jobs.evaluation.sentences import embed

    return partial(embed, models=data / "models")


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _rows(cells: Sequence[str], widths: Iterable[int]) -> Iterator[str]:
    first, *rest = zip(cells, widths, strict=True)
    yield first[0].ljust(first[1]) + "".join(cell.rjust(width) for cell, width in rest)
