-- How far each backfill has come. A batch and its row here are written in one transaction.
CREATE TABLE pgkeel.backfills (
  name text NOT NULL,
  table_name text NOT NULL,
  key_columns text[] NOT NULL,
  position text[],
  rows_done bigint NOT NULL DEFAULT 0,
  batches bigint NOT NULL DEFAULT 0,
  started_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
  updated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
  finished_at timestamptz,
  CONSTRAINT backfills_pkey PRIMARY KEY (name),
  CONSTRAINT backfills_name_check CHECK (name <> '')
);

COMMENT ON TABLE pgkeel.backfills IS 'How far each backfill has come';

COMMENT ON COLUMN pgkeel.backfills.name IS 'What the application calls the backfill';

COMMENT ON COLUMN pgkeel.backfills.table_name IS 'The table whose rows it goes through';

COMMENT ON COLUMN pgkeel.backfills.key_columns IS 'The columns in whose order it does';

COMMENT ON COLUMN pgkeel.backfills.position IS 'The key of the last row that is done, as text; NULL before the first';

COMMENT ON COLUMN pgkeel.backfills.rows_done IS 'How many rows it has gone through';

COMMENT ON COLUMN pgkeel.backfills.batches IS 'In how many transactions';

COMMENT ON COLUMN pgkeel.backfills.started_at IS 'When it was begun for the first time';

COMMENT ON COLUMN pgkeel.backfills.updated_at IS 'When the last batch was done';

COMMENT ON COLUMN pgkeel.backfills.finished_at IS 'When no row was left; NULL until then';

REVOKE ALL ON TABLE pgkeel.backfills FROM PUBLIC;
