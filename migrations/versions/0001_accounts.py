"""People, workspaces and sessions."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

UP = """
create table user_account (
    id uuid constraint pk_user_account primary key,
    email text not null,
    name text not null,
    password_hash text not null,
    password_key integer not null,
    time_zone text not null default 'UTC',
    language text not null default 'en',
    created_at timestamptz not null default now(),
    email_verified_at timestamptz,
    constraint ck_user_account_email check (length(email) between 3 and 254),
    constraint ck_user_account_name check (length(name) between 1 and 100)
);
create unique index uq_user_account_email on user_account (lower(email));

create table workspace (
    id uuid constraint pk_workspace primary key,
    name text not null,
    default_visibility text not null default 'workspace',
    quotes_leave boolean not null default true,
    created_at timestamptz not null default now(),
    constraint ck_workspace_visibility check (default_visibility in ('workspace', 'private')),
    constraint ck_workspace_name check (length(name) between 1 and 100)
);

create table membership (
    workspace_id uuid not null constraint fk_membership_workspace references workspace on delete cascade,
    user_id uuid not null constraint fk_membership_user references user_account on delete cascade,
    role text not null,
    created_at timestamptz not null default now(),
    constraint pk_membership primary key (workspace_id, user_id),
    constraint ck_membership_role check (role in ('owner', 'admin', 'member', 'viewer'))
);
create index ix_membership_user on membership (user_id);

create table user_session (
    id uuid constraint pk_user_session primary key,
    user_id uuid not null,
    workspace_id uuid not null,
    token_hash bytea not null,
    created_at timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),
    expires_at timestamptz not null,
    ended_at timestamptz,
    address text not null,
    user_agent text not null,
    constraint fk_user_session_membership foreign key (workspace_id, user_id)
        references membership (workspace_id, user_id) on delete cascade
);
create unique index uq_user_session_token_hash on user_session (token_hash);
create index ix_user_session_user on user_session (user_id);

create table one_time_token (
    id uuid constraint pk_one_time_token primary key,
    user_id uuid not null constraint fk_one_time_token_user references user_account on delete cascade,
    purpose text not null,
    token_hash bytea not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at timestamptz,
    constraint ck_one_time_token_purpose check (purpose in ('reset', 'verify'))
);
create unique index uq_one_time_token_hash on one_time_token (token_hash);
create index ix_one_time_token_user on one_time_token (user_id, purpose);

-- A letter: what it says is sealed to the connections worker, which alone sends mail, and wiped when it is sent.
create table mail_message (
    id uuid constraint pk_mail_message primary key,
    workspace_id uuid not null constraint fk_mail_message_workspace references workspace on delete cascade,
    user_id uuid not null constraint fk_mail_message_user references user_account on delete cascade,
    template text not null,
    sealed bytea,
    created_at timestamptz not null default now(),
    sent_at timestamptz,
    failure_code text
);
create index ix_mail_message_workspace on mail_message (workspace_id);

-- A person of a workspace: somebody who speaks, owns or attends; perhaps also a user.
create table person (
    workspace_id uuid not null constraint fk_person_workspace references workspace on delete cascade,
    id uuid not null,
    name text not null,
    email text,
    user_id uuid constraint fk_person_user references user_account on delete set null,
    created_at timestamptz not null default now(),
    constraint pk_person primary key (workspace_id, id),
    constraint ck_person_name check (length(name) between 1 and 100)
);
create unique index uq_person_user on person (workspace_id, user_id);
create unique index uq_person_email on person (workspace_id, lower(email));
"""

DOWN = """
drop table person;
drop table mail_message;
drop table one_time_token;
drop table user_session;
drop table membership;
drop table workspace;
drop table user_account;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
