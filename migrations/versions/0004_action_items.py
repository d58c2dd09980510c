"""Suggestions, action items with their evidence, deliveries to other tools and what these report back."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

UP = """
create table extraction_run (
    workspace_id uuid not null,
    id uuid not null,
    meeting_id uuid not null,
    revision_id uuid not null,
    engine text not null,
    model text not null,
    version text not null,
    language_supported boolean not null,
    share_read real not null,
    dropped integer not null,
    created_at timestamptz not null default now(),
    constraint pk_extraction_run primary key (workspace_id, id),
    constraint fk_extraction_run_meeting foreign key (workspace_id, meeting_id)
        references meeting (workspace_id, id) on delete cascade,
    constraint fk_extraction_run_revision foreign key (workspace_id, revision_id)
        references transcript_revision (workspace_id, id) on delete cascade
);
create index ix_extraction_run_meeting on extraction_run (workspace_id, meeting_id, created_at desc);
create index ix_extraction_run_revision on extraction_run (workspace_id, revision_id);

create table action_item (
    workspace_id uuid not null,
    id uuid not null,
    meeting_id uuid not null,
    ordinal_ms integer not null,
    source text not null default 'model',
    title text not null,
    owner_speaker_id uuid,
    owner_person_id uuid,
    owner_name text,
    owner_confirmed boolean not null default false,
    due_on date,
    due_text text,
    score real,
    edited_fields text[] not null default '{}',
    review text not null default 'suggested',
    include_quote boolean,
    status text,
    version integer not null default 1,
    created_by uuid constraint fk_action_item_created_by references user_account on delete set null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint pk_action_item primary key (workspace_id, id),
    constraint fk_action_item_meeting foreign key (workspace_id, meeting_id)
        references meeting (workspace_id, id) on delete cascade,
    constraint fk_action_item_speaker foreign key (workspace_id, owner_speaker_id)
        references speaker (workspace_id, id) on delete set null (owner_speaker_id),
    constraint fk_action_item_person foreign key (workspace_id, owner_person_id)
        references person (workspace_id, id) on delete set null (owner_person_id),
    constraint ck_action_item_title check (length(title) between 1 and 500),
    constraint ck_action_item_source check (source in ('model', 'human')),
    constraint ck_action_item_review check (review in ('suggested', 'accepted', 'rejected')),
    constraint ck_action_item_status check (status in ('open', 'in_progress', 'done', 'cancelled', 'deleted'))
);
create index ix_action_item_meeting on action_item (workspace_id, meeting_id, ordinal_ms, id);
create index ix_action_item_list on action_item (workspace_id, created_at desc, id desc);
create index ix_action_item_speaker on action_item (workspace_id, owner_speaker_id);
create index ix_action_item_person on action_item (workspace_id, owner_person_id);

-- The words an item stands on: offsets count characters of the segment's text.
create table evidence (
    workspace_id uuid not null,
    id uuid not null,
    action_item_id uuid not null,
    revision_id uuid not null,
    segment_id uuid not null,
    ordinal integer not null,
    start_char integer not null,
    end_char integer not null,
    start_ms integer not null,
    end_ms integer not null,
    quote text not null,
    constraint pk_evidence primary key (workspace_id, id),
    constraint uq_evidence_ordinal unique (workspace_id, action_item_id, ordinal),
    constraint fk_evidence_action_item foreign key (workspace_id, action_item_id)
        references action_item (workspace_id, id) on delete cascade,
    constraint fk_evidence_revision foreign key (workspace_id, revision_id)
        references transcript_revision (workspace_id, id) on delete cascade,
    constraint fk_evidence_segment foreign key (workspace_id, segment_id)
        references segment (workspace_id, id) on delete cascade,
    constraint ck_evidence_span check (start_char >= 0 and end_char > start_char)
);
create index ix_evidence_segment on evidence (workspace_id, segment_id);
create index ix_evidence_revision on evidence (workspace_id, revision_id);

-- What one run found. `evidence` is a list of {segment_id, start_char, end_char, start_ms, end_ms, quote}.
create table item_candidate (
    workspace_id uuid not null,
    id uuid not null,
    run_id uuid not null,
    action_item_id uuid,
    kind text not null,
    title text not null,
    owner_kind text,
    owner_value text,
    due_on date,
    due_text text,
    score real not null,
    start_ms integer not null,
    end_ms integer not null,
    evidence jsonb not null,
    constraint pk_item_candidate primary key (workspace_id, id),
    constraint fk_item_candidate_run foreign key (workspace_id, run_id)
        references extraction_run (workspace_id, id) on delete cascade,
    constraint fk_item_candidate_action_item foreign key (workspace_id, action_item_id)
        references action_item (workspace_id, id) on delete set null (action_item_id),
    constraint ck_item_candidate_kind check (kind in ('item', 'moment'))
);
create index ix_item_candidate_run on item_candidate (workspace_id, run_id);
create index ix_item_candidate_action_item on item_candidate (workspace_id, action_item_id);

-- A person's yes. Only the web process writes it, only the newest unrevoked one counts.
create table acceptance (
    workspace_id uuid not null,
    id uuid not null,
    action_item_id uuid not null,
    accepted_by uuid constraint fk_acceptance_user references user_account on delete set null,
    created_at timestamptz not null default now(),
    revoked_at timestamptz,
    constraint pk_acceptance primary key (workspace_id, id),
    constraint fk_acceptance_action_item foreign key (workspace_id, action_item_id)
        references action_item (workspace_id, id) on delete cascade
);
create unique index uq_acceptance_standing on acceptance (workspace_id, action_item_id) where revoked_at is null;

-- One item on its way to one tool: `payload` is exactly what leaves, `payload_hash` what the person saw.
create table delivery (
    workspace_id uuid not null,
    id uuid not null,
    action_item_id uuid not null,
    integration_id uuid not null,
    acceptance_id uuid not null,
    handle uuid not null,
    payload jsonb not null,
    payload_hash bytea not null,
    state text not null default 'queued',
    failure_code text,
    failure_detail text,
    approved_by uuid constraint fk_delivery_user references user_account on delete set null,
    created_at timestamptz not null default now(),
    called_at timestamptz,
    finished_at timestamptz,
    constraint pk_delivery primary key (workspace_id, id),
    constraint uq_delivery_handle unique (handle),
    constraint fk_delivery_action_item foreign key (workspace_id, action_item_id)
        references action_item (workspace_id, id) on delete cascade,
    constraint fk_delivery_integration foreign key (workspace_id, integration_id)
        references integration (workspace_id, id) on delete cascade,
    constraint fk_delivery_acceptance foreign key (workspace_id, acceptance_id)
        references acceptance (workspace_id, id) on delete cascade,
    constraint ck_delivery_state check (state in ('queued', 'waiting', 'sent', 'unsure', 'failed', 'withdrawn'))
);
-- One item goes to one tool once: a second try needs the first one failed or withdrawn.
create unique index uq_delivery_live on delivery (workspace_id, action_item_id, integration_id)
    where state in ('queued', 'waiting', 'sent', 'unsure');
create index ix_delivery_action_item on delivery (workspace_id, action_item_id);
create index ix_delivery_integration on delivery (workspace_id, integration_id, state);
create index ix_delivery_acceptance on delivery (workspace_id, acceptance_id);

create table external_link (
    workspace_id uuid not null,
    id uuid not null,
    delivery_id uuid not null,
    action_item_id uuid not null,
    integration_id uuid not null,
    external_id text not null,
    identifier text not null,
    url text not null,
    remote jsonb not null default '{}',
    seen_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    constraint pk_external_link primary key (workspace_id, id),
    constraint uq_external_link_delivery unique (workspace_id, delivery_id),
    constraint uq_external_link_external_id unique (workspace_id, integration_id, external_id),
    constraint fk_external_link_delivery foreign key (workspace_id, delivery_id)
        references delivery (workspace_id, id) on delete cascade,
    constraint fk_external_link_action_item foreign key (workspace_id, action_item_id)
        references action_item (workspace_id, id) on delete cascade,
    constraint fk_external_link_integration foreign key (workspace_id, integration_id)
        references integration (workspace_id, id) on delete cascade
);
create index ix_external_link_action_item on external_link (workspace_id, action_item_id);
"""

DOWN = """
drop table external_link;
drop table delivery;
drop table acceptance;
drop table item_candidate;
drop table evidence;
drop table action_item;
drop table extraction_run;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
