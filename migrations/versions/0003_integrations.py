"""Connections to other tools, their tokens, webhook secrets and what the webhooks brought."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

UP = """
create table integration (
    workspace_id uuid not null constraint fk_integration_workspace references workspace on delete cascade,
    id uuid not null,
    provider text not null,
    state text not null default 'connecting',
    failure_code text,
    organization_id text,
    organization_name text,
    account_name text,
    account_is_admin boolean not null default false,
    scopes text[] not null default '{}',
    targets jsonb not null default '[]',
    people jsonb not null default '[]',
    default_target jsonb,
    webhook_state text not null default 'none',
    webhook_external_id text,
    webhook_seen_at timestamptz,
    wants_webhook boolean not null default false,
    polled_at timestamptz,
    used_at timestamptz,
    connected_by uuid constraint fk_integration_user references user_account on delete set null,
    connected_at timestamptz,
    created_at timestamptz not null default now(),
    constraint pk_integration primary key (workspace_id, id),
    constraint ck_integration_state
        check (state in ('connecting', 'connected', 'needs_reconnect', 'disconnecting', 'disconnected', 'failed')),
    constraint ck_integration_webhook_state check (webhook_state in ('none', 'requested', 'refused', 'ready'))
);
create unique index uq_integration_id on integration (id);
create unique index uq_integration_live on integration (workspace_id, provider)
    where state in ('connecting', 'connected', 'needs_reconnect', 'disconnecting');

-- Only the connections worker has any right here.
create table integration_token (
    workspace_id uuid not null,
    integration_id uuid not null,
    access_envelope bytea not null,
    refresh_envelope bytea,
    key_version integer not null,
    expires_at timestamptz,
    refreshing_until timestamptz,
    updated_at timestamptz not null default now(),
    constraint pk_integration_token primary key (workspace_id, integration_id),
    constraint fk_integration_token_integration foreign key (workspace_id, integration_id)
        references integration (workspace_id, id) on delete cascade
);

create table webhook_secret (
    workspace_id uuid not null,
    id uuid not null,
    integration_id uuid not null,
    envelope bytea not null,
    key_version integer not null,
    created_at timestamptz not null default now(),
    retires_at timestamptz,
    used_at timestamptz,
    constraint pk_webhook_secret primary key (workspace_id, id),
    constraint fk_webhook_secret_integration foreign key (workspace_id, integration_id)
        references integration (workspace_id, id) on delete cascade
);
create index ix_webhook_secret_integration on webhook_secret (workspace_id, integration_id);

-- One try to connect: the state's hash, bound to a session; verifier and code are sealed to the connections worker.
create table oauth_attempt (
    workspace_id uuid not null,
    id uuid not null,
    integration_id uuid not null,
    session_id uuid not null,
    state_hash bytea not null,
    sealed_verifier bytea,
    sealed_code bytea,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at timestamptz,
    constraint pk_oauth_attempt primary key (workspace_id, id),
    constraint fk_oauth_attempt_integration foreign key (workspace_id, integration_id)
        references integration (workspace_id, id) on delete cascade
);
create unique index uq_oauth_attempt_state_hash on oauth_attempt (state_hash);
create index ix_oauth_attempt_integration on oauth_attempt (workspace_id, integration_id);

create table webhook_delivery (
    workspace_id uuid not null,
    id uuid not null,
    integration_id uuid not null,
    delivery_id text not null,
    event text not null,
    external_id text,
    received_at timestamptz not null default now(),
    handled_at timestamptz,
    result text,
    constraint pk_webhook_delivery primary key (workspace_id, id),
    constraint uq_webhook_delivery_delivery_id unique (integration_id, delivery_id),
    constraint fk_webhook_delivery_integration foreign key (workspace_id, integration_id)
        references integration (workspace_id, id) on delete cascade
);
create index ix_webhook_delivery_integration on webhook_delivery (workspace_id, integration_id, received_at desc);

-- Who a person is in another tool.
create table person_identity (
    workspace_id uuid not null,
    person_id uuid not null,
    integration_id uuid not null,
    external_id text not null,
    external_name text not null,
    confirmed_by uuid constraint fk_person_identity_user references user_account on delete set null,
    created_at timestamptz not null default now(),
    constraint pk_person_identity primary key (workspace_id, integration_id, person_id),
    constraint fk_person_identity_person foreign key (workspace_id, person_id)
        references person (workspace_id, id) on delete cascade,
    constraint fk_person_identity_integration foreign key (workspace_id, integration_id)
        references integration (workspace_id, id) on delete cascade
);
create index ix_person_identity_person on person_identity (workspace_id, person_id);
"""

DOWN = """
drop table person_identity;
drop table webhook_delivery;
drop table oauth_attempt;
drop table webhook_secret;
drop table integration_token;
drop table integration;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
