-- Credentials of database roles, encrypted by the client before they arrive here.
-- The key-encryption key is never in the database: key_id only names it.
CREATE TABLE pgkeel.security_keys (
  name text NOT NULL,
  role_name text NOT NULL,
  key_id text NOT NULL,
  sealed text NOT NULL,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
  rotated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
  revoked_at timestamptz,
  CONSTRAINT security_keys_pkey PRIMARY KEY (name),
  CONSTRAINT security_keys_name_check CHECK (name <> ''),
  CONSTRAINT security_keys_role_name_check CHECK (role_name <> ''),
  CONSTRAINT security_keys_sealed_check CHECK (sealed ~ '^v[0-9]+[.]'),
  CONSTRAINT security_keys_version_check CHECK (version >= 1)
);

-- A role has one password, so at most one live credential can be right about it.
CREATE UNIQUE INDEX security_keys_role_name_key ON pgkeel.security_keys (role_name) WHERE revoked_at IS NULL;

COMMENT ON TABLE pgkeel.security_keys IS 'Credentials of database roles, sealed with a key that is not in the database';

COMMENT ON COLUMN pgkeel.security_keys.name IS 'What the application calls the credential';

COMMENT ON COLUMN pgkeel.security_keys.role_name IS 'The role that logs in with it; part of what the sealed value is bound to';

COMMENT ON COLUMN pgkeel.security_keys.key_id IS 'Fingerprint of the key that sealed it; says nothing about the key';

COMMENT ON COLUMN pgkeel.security_keys.sealed IS 'The password: XChaCha20-Poly1305, bound to this name and role';

COMMENT ON COLUMN pgkeel.security_keys.version IS 'Counts the passwords stored under this name, from 1';

COMMENT ON COLUMN pgkeel.security_keys.created_at IS 'When the first password was stored under this name';

COMMENT ON COLUMN pgkeel.security_keys.rotated_at IS 'When the present password was stored';

COMMENT ON COLUMN pgkeel.security_keys.revoked_at IS 'When the credential was withdrawn; NULL while it is in use';

REVOKE ALL ON TABLE pgkeel.security_keys FROM PUBLIC;
