"""Full-text search: by its index, in one workspace, and only what this person may see."""

from __future__ import annotations

import time
import uuid

import psycopg
import pytest

from dev.postgres import Database
from tests.migrations.rows import fill


@pytest.fixture
def filled(postgres: Database) -> uuid.UUID:
    with psycopg.connect(postgres.url("jalapeno_owner").replace("+psycopg", "")) as owner:
        workspace = fill(owner, f"{uuid.uuid4().hex[:8]}@example.com")
        owner.execute(
            "insert into segment (workspace_id, id, revision_id, meeting_id, ordinal, start_ms, end_ms, content, words)"
            " select s.workspace_id, gen_random_uuid(), s.revision_id, s.meeting_id, 1 + n, 0, 1,"
            " 'word' || n || case when n %% 5000 = 7 then ' jalapeno' else ' meeting' end, '[]'"
            " from segment s, generate_series(1, 20000) n where s.workspace_id = %s",
            (workspace,),
        )
        owner.commit()
        owner.autocommit = True
        owner.execute("vacuum analyze segment")  # new rows wait beside the index until then, and the planner avoids it
        owner.execute("analyze meeting")
    return workspace


def search(postgres: Database, workspace: uuid.UUID, person: str, words: str) -> list[tuple[object, ...]]:
    with psycopg.connect(postgres.url("jalapeno_web").replace("+psycopg", "")) as web:
        web.execute(
            "select set_config('app.workspace', %s, false), set_config('app.user', %s, false)",
            (str(workspace), person),
        )
        return web.execute("select * from search_segments(%s, 50)", (words,)).fetchall()


def test_search_finds_words_of_this_workspace_only(postgres: Database, filled: uuid.UUID) -> None:
    somebody = str(uuid.uuid4())
    assert len(search(postgres, filled, somebody, "jalapeno")) == 4
    assert search(postgres, uuid.uuid4(), somebody, "jalapeno") == []


def test_private_meetings_are_found_by_their_own_people_only(postgres: Database, filled: uuid.UUID) -> None:
    with psycopg.connect(postgres.url("jalapeno_owner").replace("+psycopg", "")) as owner:
        owner.execute("delete from attendance where workspace_id = %s", (filled,))
        owner.execute("delete from meeting_share where workspace_id = %s", (filled,))
        uploader = owner.execute(
            "update meeting set visibility = 'private' where workspace_id = %s returning uploaded_by",
            (filled,),
        ).fetchone()
        assert uploader
    assert search(postgres, filled, str(uuid.uuid4()), "jalapeno") == []
    assert len(search(postgres, filled, str(uploader[0]), "jalapeno")) == 4


def test_a_deleted_meeting_is_not_found(postgres: Database, filled: uuid.UUID) -> None:
    with psycopg.connect(postgres.url("jalapeno_owner").replace("+psycopg", "")) as owner:
        owner.execute("update meeting set deleted_at = now() where workspace_id = %s", (filled,))
    assert search(postgres, filled, str(uuid.uuid4()), "jalapeno") == []


def scans(postgres: Database) -> int:
    with psycopg.connect(postgres.url("jalapeno_owner").replace("+psycopg", "")) as owner:
        found = owner.execute("select idx_scan from pg_stat_user_indexes where indexrelname = 'ix_segment_tsv'")
        return int((found.fetchone() or (0,))[0])


def test_search_uses_its_index(postgres: Database, filled: uuid.UUID) -> None:
    before = scans(postgres)
    assert len(search(postgres, filled, str(uuid.uuid4()), "jalapeno")) == 4
    deadline = time.monotonic() + 10  # the server counts when the session that searched has ended
    while scans(postgres) == before and time.monotonic() < deadline:
        time.sleep(0.1)
    assert scans(postgres) == before + 1
