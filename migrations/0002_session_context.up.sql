-- Who acts in the current session of the application, for policies, triggers and column defaults. NULL outside of a
-- session, and where the session does not say it. The bodies are bound now, so no search_path can bend them, and they
-- are inlined where they are used: in a policy, (SELECT pgkeel.current_tenant()) is read once a statement.
CREATE FUNCTION pgkeel.current_actor() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
  RETURN NULLIF(pg_catalog.current_setting('pgkeel.actor', true), '');

CREATE FUNCTION pgkeel.current_tenant() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
  RETURN NULLIF(pg_catalog.current_setting('pgkeel.tenant', true), '');

CREATE FUNCTION pgkeel.current_component() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
  RETURN NULLIF(pg_catalog.current_setting('pgkeel.component', true), '');

CREATE FUNCTION pgkeel.current_session_id() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
  RETURN NULLIF(pg_catalog.current_setting('pgkeel.session_id', true), '');

COMMENT ON FUNCTION pgkeel.current_actor() IS 'Who acts in the current session of the application';

COMMENT ON FUNCTION pgkeel.current_tenant() IS 'For which tenant the current session of the application acts';

COMMENT ON FUNCTION pgkeel.current_component() IS 'The component of the application that opened the current session';

COMMENT ON FUNCTION pgkeel.current_session_id() IS 'The current session, as the application''s registry knows it';

-- A policy calls them as whoever reads the table, and they tell nobody more than current_setting does.
GRANT EXECUTE ON FUNCTION pgkeel.current_actor(), pgkeel.current_tenant(), pgkeel.current_component(),
  pgkeel.current_session_id() TO PUBLIC;
