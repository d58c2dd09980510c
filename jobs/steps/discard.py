"""An interrupted upload's bytes go, and then the row that remembered them."""

from __future__ import annotations

import structlog
from sqlalchemy import delete, select

from jalapeno.models import Recording, Upload
from jobs.work import Work

log = structlog.get_logger(__name__)


def run(work: Work) -> None:
    """May run twice. Bytes that became a recording meanwhile stay."""
    with work.session() as session:
        blob_name = session.scalar(
            select(Upload.blob_name).where(Upload.workspace_id == work.workspace_id, Upload.id == work.row_id)
        )
        kept = blob_name is not None and session.scalar(
            select(Recording.id).where(Recording.workspace_id == work.workspace_id, Recording.blob_name == blob_name)
        )
    if blob_name is not None and not kept:
        work.core.store.delete(blob_name)
    with work.store() as session:
        session.execute(delete(Upload).where(Upload.workspace_id == work.workspace_id, Upload.id == work.row_id))


def give_up(work: Work, code: str) -> None:
    """Bytes that should be gone are not: this is for the operator, and it is tried again tomorrow."""
    log.error("upload_not_discarded", code=code)
    work.put_back_later()
