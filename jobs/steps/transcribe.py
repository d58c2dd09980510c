"""Audio -> words with speakers: `stored` becomes `transcribed`, and the extraction is asked for.

May run twice: a second run writes a revision of its own, and only the one whose lease still holds is stored.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from jalapeno import audit, queue
from jalapeno.blobs import BlobMissing
from jalapeno.models import Meeting, Recording, utc_now
from jobs.failing import fail_meeting
from jobs.progress import Reporter
from jobs.speech.base import Cancelled, SpeechError, Transcript
from jobs.speech.decode import Decoded, decode
from jobs.speech.local import LocalTranscriber
from jobs.transcripts import store_transcript
from jobs.work import Again, GiveUp, LeaseLost, Work, backoff, checkpoint

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Task:
    """What the step needs of its rows."""

    blob_name: str
    language: str | None
    speakers: int | None
    waits_until: datetime | None


def run(work: Work) -> None:
    """Decode, listen, tell the voices apart, store."""
    task = _load(work)
    if task is None:
        with work.store():  # deleted or cancelled meanwhile: nothing to do, and the entry ends
            return
    report = Reporter(work)
    report(0.0, "decoding")
    checkpoint("transcribe", "call_sent")
    try:
        with work.core.store.open_file(task.blob_name) as source, _decoded(work, source, report) as audio:
            _keep_shape(work, audio)
            started = time.monotonic()
            transcript = _transcriber(work).transcribe(
                audio, language=task.language, speakers=task.speakers, progress=report
            )
            log.info("transcribed", seconds=round(time.monotonic() - started, 3), recording_ms=transcript.duration_ms)
    except BlobMissing:
        raise GiveUp("recording_missing") from None
    except Cancelled:
        raise LeaseLost from None
    except SpeechError as error:
        log.info("not_transcribed", code=error.code, reason=error.reason)
        raise (Again(backoff(work.attempts), error.code) if error.retry else GiveUp(error.code)) from error
    work.store_patiently(lambda session: _store(session, work, task, transcript))


def give_up(work: Work, code: str) -> None:
    """The meeting says why it has no transcript."""
    fail_meeting(work, code)


def _load(work: Work) -> Task | None:
    with work.session() as session:
        row = session.execute(
            select(Meeting, Recording.blob_name)
            .join(
                Recording,
                (Recording.workspace_id == Meeting.workspace_id) & (Recording.meeting_id == Meeting.id),
            )
            .where(Meeting.workspace_id == work.workspace_id, Meeting.id == work.row_id)
        ).one_or_none()
        if row is None or row.Meeting.deleted_at or row.Meeting.state == "cancelled":
            return None
        meeting = row.Meeting
        return Task(row.blob_name, meeting.language, meeting.speaker_hint, meeting.waits_until)


def _decoded(work: Work, source: BinaryIO, report: Reporter) -> Decoded:
    return decode(source, should_stop=work.stop_asked, progress=report)


def _transcriber(work: Work) -> LocalTranscriber:
    settings = work.core.settings
    return LocalTranscriber(
        models=Path(settings.models_dir), model=settings.whisper_model, speaker_model=settings.speaker_model
    )


def _keep_shape(work: Work, audio: Decoded) -> None:
    """Length and peaks, as soon as they are known: a recording in which nobody speaks can still be played."""
    with work.session() as session:
        session.execute(
            update(Recording)
            .where(Recording.workspace_id == work.workspace_id, Recording.meeting_id == work.row_id)
            .values(duration_ms=audio.duration_ms, peaks=audio.peaks)
        )


def _store(session: Session, work: Work, task: Task, transcript: Transcript) -> None:
    # The meeting is held first, as people hold it who merge or add voices: none comes or goes meanwhile.
    of_meeting = (Meeting.workspace_id == work.workspace_id, Meeting.id == work.row_id)
    session.execute(
        update(Meeting)
        .where(*of_meeting, Meeting.state != "cancelled")
        .values(
            state="transcribed",
            failure_code=None,
            detected_language=transcript.language,
            language_probability=transcript.language_probability,
            progress_stage="extracting",
            progress_share=0.0,
            progress_at=utc_now(),
        )
    )
    store_transcript(session, work.workspace_id, work.row_id, transcript)
    audit.record(
        session,
        "meeting.transcribed",
        subject=("meeting", work.row_id),
        details={"segments": len(transcript.segments), "engine": transcript.engine, "model": transcript.model},
    )
    queue.enqueue(session, "extract", work.row_id, not_before=task.waits_until, request_id=work.request_id)
