CREATE TABLE customer (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  email text NOT NULL,
  -- Who wrote the row, as the session said with BEGIN.
  created_by text NOT NULL DEFAULT nullif(current_setting('pgkeel.actor', true), ''),
  CONSTRAINT customer_email_key UNIQUE (email)
);
