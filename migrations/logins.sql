-- The logins of the processes, the database, and who may connect to it. Run by someone who may create roles and databases,
-- before the migrations; safe to run again, which also sets the passwords anew. Needs PostgreSQL 15 or later and psql:
--
--   export JALAPENO_OWNER_PASSWORD=… JALAPENO_WEB_PASSWORD=… JALAPENO_MEDIA_PASSWORD=… \
--          JALAPENO_CONNECTIONS_PASSWORD=… JALAPENO_CLOCK_PASSWORD=… JALAPENO_DATABASE=jalapeno
--   psql -X -d postgres -f migrations/logins.sql
--
-- Passwords come from the environment, so that they are in no argument list and no shell history of this command.
-- What each login may do inside the database is the migrations' work.
\set ON_ERROR_STOP on
\getenv owner_password JALAPENO_OWNER_PASSWORD
\getenv web_password JALAPENO_WEB_PASSWORD
\getenv media_password JALAPENO_MEDIA_PASSWORD
\getenv connections_password JALAPENO_CONNECTIONS_PASSWORD
\getenv clock_password JALAPENO_CLOCK_PASSWORD
\getenv database JALAPENO_DATABASE

SET password_encryption = 'scram-sha-256';
-- Two that run this at once would change the same roles at once; held until the connection is left.
SELECT pg_advisory_lock(hashtext('jalapeno logins')) \g /dev/null

SELECT format('CREATE ROLE %I LOGIN', wanted.name)
FROM (VALUES ('jalapeno_owner'), ('jalapeno_web'), ('jalapeno_media'), ('jalapeno_connections'), ('jalapeno_clock'))
     AS wanted (name)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted.name)
\gexec

ALTER ROLE jalapeno_owner       LOGIN PASSWORD :'owner_password';
ALTER ROLE jalapeno_web         LOGIN PASSWORD :'web_password';
ALTER ROLE jalapeno_media       LOGIN PASSWORD :'media_password';
ALTER ROLE jalapeno_connections LOGIN PASSWORD :'connections_password';
ALTER ROLE jalapeno_clock       LOGIN PASSWORD :'clock_password';

-- A role that was there before may hold powers that walk past row-level security. Stop rather than serve with it.
DO $$
DECLARE powerful text;
BEGIN
    SELECT string_agg(rolname, ', ') INTO powerful FROM pg_roles
    WHERE rolname IN ('jalapeno_owner', 'jalapeno_web', 'jalapeno_media', 'jalapeno_connections', 'jalapeno_clock')
      AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication);
    IF powerful IS NOT NULL THEN
        RAISE EXCEPTION 'these logins hold powers they must not have: %', powerful;
    END IF;
END
$$;

-- To make the owner own something, one must be a member of it; a superuser need not be.
SELECT format('GRANT jalapeno_owner TO %I', current_user)
WHERE NOT pg_has_role(current_user, 'jalapeno_owner', 'MEMBER')
\gexec

SELECT format('CREATE DATABASE %I OWNER jalapeno_owner TEMPLATE template0 ENCODING ''UTF8''', :'database')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database')
\gexec

-- Nobody but the five; and no temporary tables, which could stand before a real table in a search path.
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO jalapeno_web, jalapeno_media, jalapeno_connections, jalapeno_clock;
GRANT CONNECT, CREATE, TEMPORARY ON DATABASE :"database" TO jalapeno_owner;

\connect :"database"
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT ALL ON SCHEMA public TO jalapeno_owner;
GRANT USAGE ON SCHEMA public TO jalapeno_web, jalapeno_media, jalapeno_connections, jalapeno_clock;
