"""The outbox that carries all work, the ledger of extractions, and the audit log with its tree."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

UP = """
-- One row is one step to be done for one row. It is deleted in the transaction that stores what the step did.
create table outbox (
    id uuid constraint pk_outbox primary key,
    workspace_id uuid not null constraint fk_outbox_workspace references workspace on delete cascade,
    queue text not null,
    step text not null,
    row_id uuid not null,
    request_id text,
    created_at timestamptz not null default now(),
    not_before timestamptz not null default now(),
    sent_at timestamptz,
    lease_token uuid,
    lease_until timestamptz,
    attempts integer not null default 0,
    again boolean not null default false,
    constraint uq_outbox_step_row unique (step, row_id),
    constraint ck_outbox_queue check (queue in ('media', 'connections'))
);
create index ix_outbox_ready on outbox (queue, not_before);
create index ix_outbox_workspace on outbox (workspace_id);

create function notify_outbox() returns trigger language plpgsql as $$
begin
    perform pg_notify('outbox', '');
    return null;
end $$;
-- Work that came, went or became due: each is a moment to send something.
create trigger outbox_changed after insert or delete or update of not_before on outbox
    for each statement execute function notify_outbox();

create table extraction_debit (
    id uuid constraint pk_extraction_debit primary key,
    workspace_id uuid not null constraint fk_extraction_debit_workspace references workspace on delete cascade,
    user_id uuid not null constraint fk_extraction_debit_user references user_account on delete cascade,
    meeting_id uuid not null,
    starts_at timestamptz not null
);
create index ix_extraction_debit_user on extraction_debit (user_id, starts_at desc);
create index ix_extraction_debit_workspace on extraction_debit (workspace_id);

-- `xid` orders what committed: an event is taken up once no transaction that began before it can still commit.
create table audit_event (
    seq bigint generated always as identity constraint pk_audit_event primary key,
    xid xid8 not null default pg_current_xact_id(),
    workspace_id uuid,
    occurred_at timestamptz not null default clock_timestamp(),
    event text not null,
    result text not null,
    actor_kind text not null,
    actor_id uuid,
    subject_kind text,
    subject_id uuid,
    address text,
    request_id text,
    details jsonb not null default '{}',
    constraint ck_audit_event_result check (result in ('ok', 'refused', 'failed')),
    constraint ck_audit_event_actor_kind check (actor_kind in ('user', 'system', 'provider', 'nobody'))
);
create index ix_audit_event_workspace on audit_event (workspace_id, seq desc);

create table audit_leaf (
    workspace_id uuid not null,
    leaf_index bigint not null,
    seq bigint not null constraint fk_audit_leaf_event references audit_event,
    leaf_hash bytea not null,
    constraint pk_audit_leaf primary key (workspace_id, leaf_index),
    constraint uq_audit_leaf_seq unique (seq)
);

-- `frontier` holds the roots of the tree's perfect subtrees, left to right: what is needed to append.
create table audit_tree_head (
    workspace_id uuid not null,
    tree_size bigint not null,
    root_hash bytea not null,
    frontier bytea[] not null,
    signed_at timestamptz not null,
    key_version integer not null,
    signature bytea not null,
    constraint pk_audit_tree_head primary key (workspace_id, tree_size)
);
"""

DOWN = """
drop table audit_tree_head;
drop table audit_leaf;
drop table audit_event;
drop table extraction_debit;
drop table outbox;
drop function notify_outbox();
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
