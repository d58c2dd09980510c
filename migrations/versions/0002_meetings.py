"""Meetings, recordings, speakers and transcripts."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

UP = """
create table series (
    workspace_id uuid not null constraint fk_series_workspace references workspace on delete cascade,
    id uuid not null,
    provider text not null,
    ical_uid text not null,
    title text not null,
    created_at timestamptz not null default now(),
    constraint pk_series primary key (workspace_id, id),
    constraint uq_series_ical_uid unique (workspace_id, provider, ical_uid)
);

create table occurrence (
    workspace_id uuid not null,
    id uuid not null,
    series_id uuid not null,
    original_start timestamptz not null,
    starts_at timestamptz not null,
    ends_at timestamptz,
    created_at timestamptz not null default now(),
    constraint pk_occurrence primary key (workspace_id, id),
    constraint uq_occurrence_original_start unique (workspace_id, series_id, original_start),
    constraint fk_occurrence_series foreign key (workspace_id, series_id)
        references series (workspace_id, id) on delete cascade
);

create table meeting (
    workspace_id uuid not null constraint fk_meeting_workspace references workspace on delete cascade,
    id uuid not null,
    occurrence_id uuid,
    title text not null,
    held_at timestamptz not null,
    time_zone text not null,
    visibility text not null,
    uploaded_by uuid constraint fk_meeting_uploaded_by references user_account on delete set null,
    language text,
    detected_language text,
    language_probability real,
    speaker_hint integer,
    state text not null default 'stored',
    failure_code text,
    progress_stage text,
    progress_share real not null default 0,
    progress_at timestamptz,
    waits_until timestamptz,
    request_id text,
    created_at timestamptz not null default now(),
    deleted_at timestamptz,
    constraint pk_meeting primary key (workspace_id, id),
    constraint fk_meeting_occurrence foreign key (workspace_id, occurrence_id)
        references occurrence (workspace_id, id) on delete set null (occurrence_id),
    constraint ck_meeting_title check (length(title) between 1 and 200),
    constraint ck_meeting_visibility check (visibility in ('workspace', 'private')),
    constraint ck_meeting_speaker_hint check (speaker_hint between 1 and 20),
    constraint ck_meeting_state check (state in ('stored', 'transcribed', 'in_review', 'failed', 'cancelled'))
);
create index ix_meeting_list on meeting (workspace_id, held_at desc, id desc) where deleted_at is null;

create table meeting_share (
    workspace_id uuid not null,
    meeting_id uuid not null,
    user_id uuid not null constraint fk_meeting_share_user references user_account on delete cascade,
    shared_by uuid constraint fk_meeting_share_by references user_account on delete set null,
    created_at timestamptz not null default now(),
    constraint pk_meeting_share primary key (workspace_id, meeting_id, user_id),
    constraint fk_meeting_share_meeting foreign key (workspace_id, meeting_id)
        references meeting (workspace_id, id) on delete cascade
);

create table attendance (
    workspace_id uuid not null,
    meeting_id uuid not null,
    person_id uuid not null,
    source text not null,
    created_at timestamptz not null default now(),
    constraint pk_attendance primary key (workspace_id, meeting_id, person_id),
    constraint fk_attendance_meeting foreign key (workspace_id, meeting_id)
        references meeting (workspace_id, id) on delete cascade,
    constraint fk_attendance_person foreign key (workspace_id, person_id)
        references person (workspace_id, id) on delete cascade,
    constraint ck_attendance_source check (source in ('model', 'calendar', 'human'))
);

create table recording (
    workspace_id uuid not null,
    id uuid not null,
    meeting_id uuid not null,
    blob_name text not null,
    etag text not null,
    sha256 bytea not null,
    size bigint not null,
    container text not null,
    filename text not null,
    duration_ms integer,
    peaks bytea,
    created_at timestamptz not null default now(),
    constraint pk_recording primary key (workspace_id, id),
    constraint uq_recording_meeting unique (workspace_id, meeting_id),
    constraint fk_recording_meeting foreign key (workspace_id, meeting_id)
        references meeting (workspace_id, id) on delete cascade
);
create index ix_recording_sha256 on recording (workspace_id, sha256);

-- Bytes on their way in. Deleted when they became a recording; what stays behind was interrupted and is discarded.
create table upload (
    workspace_id uuid not null constraint fk_upload_workspace references workspace on delete cascade,
    id uuid not null,
    user_id uuid not null constraint fk_upload_user references user_account on delete cascade,
    blob_name text not null,
    created_at timestamptz not null default now(),
    constraint pk_upload primary key (workspace_id, id)
);

create table speaker (
    workspace_id uuid not null,
    id uuid not null,
    meeting_id uuid not null,
    ordinal integer not null,
    person_id uuid,
    name text,
    source text not null default 'model',
    created_at timestamptz not null default now(),
    constraint pk_speaker primary key (workspace_id, id),
    constraint fk_speaker_meeting foreign key (workspace_id, meeting_id)
        references meeting (workspace_id, id) on delete cascade,
    constraint fk_speaker_person foreign key (workspace_id, person_id)
        references person (workspace_id, id) on delete set null (person_id),
    constraint ck_speaker_source check (source in ('model', 'calendar', 'human')),
    constraint ck_speaker_name check (length(name) between 1 and 100)
);
create unique index uq_speaker_ordinal on speaker (workspace_id, meeting_id, ordinal);

create table transcript_revision (
    workspace_id uuid not null,
    id uuid not null,
    meeting_id uuid not null,
    number integer not null,
    engine text not null,
    model text not null,
    language text not null,
    word_count integer not null,
    created_at timestamptz not null default now(),
    constraint pk_transcript_revision primary key (workspace_id, id),
    constraint uq_transcript_revision_number unique (workspace_id, meeting_id, number),
    constraint fk_transcript_revision_meeting foreign key (workspace_id, meeting_id)
        references meeting (workspace_id, id) on delete cascade
);

-- `words`: a list of [start_ms, end_ms, "word", probability]; `content`: those words as jalapeno.wording joins them.
create table segment (
    workspace_id uuid not null,
    id uuid not null,
    revision_id uuid not null,
    meeting_id uuid not null,
    ordinal integer not null,
    speaker_id uuid,
    start_ms integer not null,
    end_ms integer not null,
    content text not null,
    words jsonb not null,
    tsv tsvector generated always as (to_tsvector('simple', content)) stored,
    constraint pk_segment primary key (workspace_id, id),
    constraint uq_segment_ordinal unique (workspace_id, revision_id, ordinal),
    constraint fk_segment_revision foreign key (workspace_id, revision_id)
        references transcript_revision (workspace_id, id) on delete cascade,
    constraint fk_segment_meeting foreign key (workspace_id, meeting_id)
        references meeting (workspace_id, id) on delete cascade,
    constraint fk_segment_speaker foreign key (workspace_id, speaker_id)
        references speaker (workspace_id, id) on delete set null (speaker_id),
    constraint ck_segment_span check (start_ms >= 0 and end_ms >= start_ms)
);
create index ix_segment_meeting on segment (workspace_id, meeting_id, ordinal);
create index ix_segment_speaker on segment (workspace_id, speaker_id);
create index ix_segment_tsv on segment using gin (tsv);

create table correction (
    workspace_id uuid not null,
    id uuid not null,
    segment_id uuid not null,
    first_word integer not null,
    last_word integer not null,
    before text not null,
    after text not null,
    corrected_by uuid constraint fk_correction_user references user_account on delete set null,
    created_at timestamptz not null default now(),
    constraint pk_correction primary key (workspace_id, id),
    constraint fk_correction_segment foreign key (workspace_id, segment_id)
        references segment (workspace_id, id) on delete cascade
);
create index ix_correction_segment on correction (workspace_id, segment_id);
"""

DOWN = """
drop table correction;
drop table segment;
drop table transcript_revision;
drop table speaker;
drop table upload;
drop table recording;
drop table attendance;
drop table meeting_share;
drop table meeting;
drop table occurrence;
drop table series;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
