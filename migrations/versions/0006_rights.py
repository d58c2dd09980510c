"""Row-level security, what each login may do, and the definer functions that come before a workspace is known."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

LOGINS = ("jalapeno_web", "jalapeno_media", "jalapeno_connections", "jalapeno_clock")

TENANT_TABLES = (
    "membership", "mail_message", "person", "series", "occurrence", "meeting", "meeting_share", "attendance",
    "recording", "upload", "speaker", "transcript_revision", "segment", "correction", "integration",
    "integration_token",
    "webhook_secret", "oauth_attempt", "webhook_delivery", "person_identity", "extraction_run", "action_item",
    "evidence", "item_candidate", "acceptance", "delivery", "external_link", "outbox", "extraction_debit",
    "audit_event", "audit_leaf", "audit_tree_head",
)  # fmt: skip

# login -> table -> rights; a right may name its columns: "update (a, b)".
RIGHTS: dict[str, dict[str, str]] = {
    "jalapeno_web": {
        "user_account": "select, insert, update",
        "workspace": "select, insert, update",
        "membership": "select, insert, update, delete",
        "user_session": "select, insert, update",
        "one_time_token": "select, insert, update, delete",
        "mail_message": "select (id, workspace_id, user_id, template, created_at, sent_at, failure_code), insert",
        "person": "select, insert, update, delete",
        "series": "select",
        "occurrence": "select",
        "meeting": "select, insert, update",
        "meeting_share": "select, insert, delete",
        "attendance": "select, insert, delete",
        "recording": "select, insert",
        "upload": "select, insert, delete",
        "speaker": "select, insert, update, delete",
        "transcript_revision": "select",
        "segment": "select, insert, update, delete",
        "correction": "select, insert",
        "integration": "select, insert, update",
        "webhook_secret": "select, insert, update, delete",
        "oauth_attempt": "select (id, workspace_id, integration_id, session_id, state_hash, created_at, expires_at,"
        " used_at), insert, update (sealed_code, used_at)",
        "webhook_delivery": "select, insert",
        "person_identity": "select, insert, update, delete",
        "extraction_run": "select",
        "action_item": "select, insert, update",
        "evidence": "select, insert, update, delete",
        "item_candidate": "select",
        "acceptance": "select, insert, update (revoked_at)",
        "delivery": "select, insert, update (state, finished_at, failure_code, failure_detail)",
        "external_link": "select",
        "outbox": "select, insert, update (again, not_before), delete",
        "audit_event": "select",
        "audit_leaf": "select",
        "audit_tree_head": "select",
    },
    "jalapeno_media": {
        "workspace": "select (id, name)",
        "person": "select (workspace_id, id, name)",
        "attendance": "select",
        "meeting": "select, update (state, failure_code, progress_stage, progress_share, progress_at,"
        " detected_language, language_probability, waits_until), delete",
        "recording": "select, update (duration_ms, peaks)",
        "upload": "select, delete",
        "speaker": "select, insert",
        "transcript_revision": "select, insert",
        "segment": "select, insert",
        "extraction_run": "select, insert",
        "action_item": "select, insert (workspace_id, id, meeting_id, ordinal_ms, title, owner_speaker_id, owner_name,"
        " due_on, due_text, score), update (ordinal_ms, title, owner_speaker_id, owner_name, due_on, due_text,"
        " score, updated_at), delete",
        "evidence": "select, insert, delete",
        "item_candidate": "select, insert",
        "outbox": "select, insert, update, delete",
    },
    "jalapeno_connections": {
        "user_account": "select (id, email, name, time_zone, language)",
        "workspace": "select (id, name)",
        "mail_message": "select, update (sealed, sent_at, failure_code)",
        "integration": "select, update",
        "integration_token": "select, insert, update, delete",
        "webhook_secret": "select, insert, delete",
        "oauth_attempt": "select, update (sealed_code, sealed_verifier)",
        "webhook_delivery": "select, update (handled_at, result)",
        "action_item": "select, update (status, updated_at)",
        "acceptance": "select",
        "delivery": "select, update (state, failure_code, failure_detail, called_at, finished_at)",
        "external_link": "select, insert, update",
        "outbox": "select, insert, update, delete",
    },
    "jalapeno_clock": {
        "outbox": "select, update (sent_at)",
        "audit_event": "select",
        "audit_leaf": "select, insert",
        "audit_tree_head": "select, insert",
    },
}

MINE = "workspace_id = nullif(current_setting('app.workspace', true), '')::uuid"

POLICIES = f"""
alter table workspace enable row level security;
create policy of_workspace on workspace
    using (id = nullif(current_setting('app.workspace', true), '')::uuid);
alter table user_session enable row level security;
create policy of_user on user_session
    using (user_id = nullif(current_setting('app.user', true), '')::uuid);
-- The clock serves every workspace and sees ids and states only.
create policy of_clock on outbox to jalapeno_clock using (true);
create policy of_clock on audit_event to jalapeno_clock using (true);
create policy of_clock on audit_leaf to jalapeno_clock using (true);
create policy of_clock on audit_tree_head to jalapeno_clock using (true);
-- The media worker may change and remove only what nobody has decided on, whatever its code does.
create policy undecided_only on action_item as restrictive for update to jalapeno_media
    using (review = 'suggested' and source = 'model');
create policy undecided_only_delete on action_item as restrictive for delete to jalapeno_media
    using (review = 'suggested' and source = 'model' and edited_fields = '{{}}');
-- The words that a decided item stands on are decided with it.
create policy undecided_only on evidence as restrictive for insert to jalapeno_media with check (exists (
    select 1 from action_item i where i.workspace_id = evidence.workspace_id and i.id = evidence.action_item_id
    and i.review = 'suggested' and i.source = 'model'));
create policy undecided_only_delete on evidence as restrictive for delete to jalapeno_media using (exists (
    select 1 from action_item i where i.workspace_id = evidence.workspace_id and i.id = evidence.action_item_id
    and i.review = 'suggested' and i.source = 'model'));
-- A worker sees and asks for the work of its own queue: what broke into one does not set the other to work.
create policy own_queue on outbox as restrictive to jalapeno_media, jalapeno_connections
    using (session_user = 'jalapeno_' || queue);
-- It erases only meetings that somebody deleted.
create policy deleted_only on meeting as restrictive for delete to jalapeno_media using (deleted_at is not null);
-- A person may see which workspaces they belong to.
create policy of_user on membership for select
    using (user_id = nullif(current_setting('app.user', true), '')::uuid);
-- {MINE}: the policy of every other tenant table.
"""

FUNCTIONS = """
-- The session behind a cookie, before its user and workspace are known. No row: ended, over, or membership gone.
create function find_session(hash bytea)
returns table (session_id uuid, user_id uuid, workspace_id uuid, role text, created_at timestamptz,
               last_seen_at timestamptz, expires_at timestamptz)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select s.id, s.user_id, s.workspace_id, m.role, s.created_at, s.last_seen_at, s.expires_at
    from user_session s join membership m on m.workspace_id = s.workspace_id and m.user_id = s.user_id
    where s.token_hash = hash and s.ended_at is null and s.expires_at > now()
$$;

-- The first workspace of a person who signs in.
create function find_home(person uuid) returns uuid
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select workspace_id from membership where user_id = person order by created_at, workspace_id limit 1
$$;

-- Ends sessions of a person, all but one, when the password changes; says how many.
create function end_sessions(person uuid, but uuid) returns bigint
language sql security definer set search_path = pg_catalog, public, pg_temp as $$
    with ended as (
        update user_session set ended_at = now()
        where user_id = person and ended_at is null and id is distinct from but returning 1
    ) select count(*) from ended
$$;

-- The integration a webhook is addressed to, before its workspace is known.
create function find_integration(webhook uuid) returns table (workspace_id uuid, provider text, state text)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select i.workspace_id, i.provider, i.state from integration i where i.id = webhook
$$;

-- Takes one entry of the outbox for a while. A login takes only the work of its own queue.
create function claim_work(entry uuid, token uuid, seconds integer)
returns table (workspace_id uuid, step text, row_id uuid, request_id text, attempts integer)
language sql security definer set search_path = pg_catalog, public, pg_temp as $$
    update outbox o set lease_token = token, lease_until = clock_timestamp() + make_interval(secs => seconds),
                        attempts = o.attempts + 1, again = false
    where o.id = entry and session_user = 'jalapeno_' || o.queue and o.not_before <= clock_timestamp()
      and (o.lease_until is null or o.lease_until <= clock_timestamp())
    returning o.workspace_id, o.step, o.row_id, o.request_id, o.attempts
$$;

-- Gives work back whose process is known to have died, so that nobody waits for the lease to run out. What the process
-- itself had put back for later stays for later.
create function release_work(entry uuid) returns void
language sql security definer set search_path = pg_catalog, public, pg_temp as $$
    update outbox o set lease_token = null, lease_until = null, sent_at = null, not_before = clock_timestamp()
    where o.id = entry and session_user = 'jalapeno_' || o.queue and o.lease_token is not null
$$;

-- The atomic ledger of extractions: when this one may start. Nothing is written when it would have to wait and may not.
create function debit_extraction(debit uuid, person uuid, meeting uuid, per_hour integer, may_wait boolean)
returns timestamptz
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    earlier timestamptz;
    start timestamptz := clock_timestamp();
begin
    perform pg_advisory_xact_lock(hashtextextended('extraction:' || person::text, 0));
    select starts_at + interval '1 hour' into earlier from extraction_debit
    where user_id = person order by starts_at desc offset per_hour - 1 limit 1;
    start := greatest(start, coalesce(earlier, start));
    if may_wait or start <= clock_timestamp() then
        insert into extraction_debit (id, workspace_id, user_id, meeting_id, starts_at)
        values (debit, nullif(current_setting('app.workspace', true), '')::uuid, person, meeting, start);
    end if;
    return start;
end $$;

-- Appends to the audit log. A workspace's log is written only from inside that workspace; no worker speaks for a user.
create function append_audit(workspace uuid, what text, outcome text, who_kind text, who uuid, about_kind text,
                             about uuid, from_address text, request text, more jsonb) returns bigint
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    written bigint;
begin
    if workspace is not null and session_user <> 'jalapeno_clock'
       and workspace is distinct from nullif(current_setting('app.workspace', true), '')::uuid then
        raise exception 'audit events are written from inside their workspace' using errcode = '42501';
    end if;
    if who_kind = 'user' and session_user in ('jalapeno_media', 'jalapeno_connections', 'jalapeno_clock') then
        raise exception 'only the web process says what a user did' using errcode = '42501';
    end if;
    insert into audit_event (workspace_id, event, result, actor_kind, actor_id, subject_kind, subject_id, address,
                             request_id, details)
    values (workspace, what, outcome, who_kind, who, about_kind, about, from_address, request, more)
    returning seq into written;
    return written;
end $$;

-- Which meetings a person may see: the workspace's, their own, those shared with them or attended by them.
-- No pinned search_path: it runs with the caller's rights, and so the planner can look inside it.
create function may_see_meeting(m meeting, person uuid) returns boolean
language sql stable as $$
    select m.deleted_at is null and (
        m.visibility = 'workspace' or m.uploaded_by = person
        or exists (select 1 from meeting_share s where s.workspace_id = m.workspace_id and s.meeting_id = m.id
                   and s.user_id = person)
        or exists (select 1 from attendance a join person p on p.workspace_id = a.workspace_id and p.id = a.person_id
                   where a.workspace_id = m.workspace_id and a.meeting_id = m.id and p.user_id = person
                   and a.source = 'calendar'))
$$;

-- Full-text search. `@@` is not leakproof, so under a policy its index would not be used: this filters by itself.
create function search_segments(query text, most integer)
returns table (segment_id uuid, meeting_id uuid, start_ms integer, content text)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select s.id, s.meeting_id, s.start_ms, s.content
    from segment s join meeting m on m.workspace_id = s.workspace_id and m.id = s.meeting_id
    where s.tsv @@ websearch_to_tsquery('simple', query)
      and s.workspace_id = nullif(current_setting('app.workspace', true), '')::uuid
      and may_see_meeting(m, nullif(current_setting('app.user', true), '')::uuid)
    order by m.held_at desc, s.meeting_id, s.start_ms
    limit least(most, 200)
$$;

-- Puts the connections whose state should be asked for into the outbox; says how many.
create function schedule_polls(seconds integer) returns bigint
language sql security definer set search_path = pg_catalog, public, pg_temp as $$
    with due as (
        select i.workspace_id, i.id from integration i
        where i.state = 'connected'
          and coalesce(i.polled_at, 'epoch') < now() - make_interval(
              secs => case when i.webhook_seen_at > now() - interval '1 day' then greatest(seconds, 3600)
                      else seconds end)
          and exists (select 1 from external_link l where l.workspace_id = i.workspace_id and l.integration_id = i.id)
    ), put as (
        insert into outbox (id, workspace_id, queue, step, row_id)
        select gen_random_uuid(), workspace_id, 'connections', 'poll', id from due
        on conflict (step, row_id) do nothing returning 1
    ) select count(*) from put
$$;

-- Puts the connections whose token runs out soon into the outbox; says how many.
create function schedule_renewals(seconds integer) returns bigint
language sql security definer set search_path = pg_catalog, public, pg_temp as $$
    with put as (
        insert into outbox (id, workspace_id, queue, step, row_id)
        select gen_random_uuid(), t.workspace_id, 'connections', 'renew', t.integration_id
        from integration_token t join integration i
          on i.workspace_id = t.workspace_id and i.id = t.integration_id and i.state = 'connected'
        where t.expires_at < now() + make_interval(secs => seconds) and t.refresh_envelope is not null
        on conflict (step, row_id) do nothing returning 1
    ) select count(*) from put
$$;

-- Puts uploads that were interrupted into the outbox, so that their bytes go; says how many.
create function schedule_discards(seconds integer) returns bigint
language sql security definer set search_path = pg_catalog, public, pg_temp as $$
    with put as (
        insert into outbox (id, workspace_id, queue, step, row_id)
        select gen_random_uuid(), workspace_id, 'media', 'discard', id from upload
        where created_at < now() - make_interval(secs => seconds)
        on conflict (step, row_id) do nothing returning 1
    ) select count(*) from put
$$;

-- Removes what is over: sessions, one-time tokens, tries to connect, old debits.
create function sweep_expired() returns void
language sql security definer set search_path = pg_catalog, public, pg_temp as $$
    delete from user_session where expires_at < now() - interval '30 days';
    delete from one_time_token where expires_at < now() - interval '1 day';
    delete from oauth_attempt where expires_at < now() - interval '1 day';
    update oauth_attempt set sealed_code = null, sealed_verifier = null
        where expires_at < now() and (sealed_code is not null or sealed_verifier is not null);
    delete from extraction_debit where starts_at < now() - interval '1 day';
    delete from webhook_secret where retires_at < now();
    update integration i set state = case when connected_at is null then 'failed' else 'needs_reconnect' end,
        failure_code = 'connect_abandoned' where state = 'connecting'
        and not exists (select 1 from oauth_attempt a where a.workspace_id = i.workspace_id
                        and a.integration_id = i.id and a.expires_at > now())
        -- A code that is being exchanged, or was: the worker says how that ends, and forgets tokens that came.
        and not exists (select 1 from oauth_attempt a join outbox o on o.step = 'connect' and o.row_id = a.id
                        where a.workspace_id = i.workspace_id and a.integration_id = i.id);
$$;
"""

# function -> who may call it
CALLERS = {
    "find_session(bytea)": "jalapeno_web",
    "find_home(uuid)": "jalapeno_web",
    "end_sessions(uuid, uuid)": "jalapeno_web",
    "find_integration(uuid)": "jalapeno_web",
    "claim_work(uuid, uuid, integer)": "jalapeno_media, jalapeno_connections",
    "release_work(uuid)": "jalapeno_media, jalapeno_connections",
    "debit_extraction(uuid, uuid, uuid, integer, boolean)": "jalapeno_web",
    "append_audit(uuid, text, text, text, uuid, text, uuid, text, text, jsonb)": ", ".join(LOGINS),
    "may_see_meeting(meeting, uuid)": "jalapeno_web",
    "search_segments(text, integer)": "jalapeno_web",
    "schedule_polls(integer)": "jalapeno_clock",
    "schedule_renewals(integer)": "jalapeno_clock",
    "schedule_discards(integer)": "jalapeno_clock",
    "sweep_expired()": "jalapeno_clock",
}


def upgrade() -> None:
    op.execute("revoke create on schema public from public")
    for table in TENANT_TABLES:
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"create policy of_workspace on {table} using ({MINE})")
    op.execute(POLICIES)
    for login, tables in RIGHTS.items():
        op.execute(f"grant usage on schema public to {login}")
        op.execute(f"grant select on alembic_version to {login}")
        for table, rights in tables.items():
            op.execute(f"grant {rights} on {table} to {login}")
    op.execute(FUNCTIONS)
    for function, callers in CALLERS.items():
        op.execute(f"revoke execute on function {function} from public")
        op.execute(f"grant execute on function {function} to {callers}")


def downgrade() -> None:
    for function in reversed(CALLERS):
        op.execute(f"drop function {function}")
    for login, tables in RIGHTS.items():
        for table in tables:
            op.execute(f"revoke all on {table} from {login}")
        op.execute(f"revoke all on alembic_version from {login}")
        op.execute(f"revoke usage on schema public from {login}")
    for policy, bound in {
        "of_workspace": ("workspace", *TENANT_TABLES),
        "of_user": ("user_session", "membership"),
        "undecided_only": ("action_item", "evidence"),
        "undecided_only_delete": ("action_item", "evidence"),
        "own_queue": ("outbox",),
        "deleted_only": ("meeting",),
        "of_clock": ("outbox", "audit_event", "audit_leaf", "audit_tree_head"),
    }.items():
        for table in bound:
            op.execute(f"drop policy {policy} on {table}")
    for table in ("workspace", "user_session", *TENANT_TABLES):
        op.execute(f"alter table {table} disable row level security")
