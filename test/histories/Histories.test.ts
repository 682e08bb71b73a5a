/** The short form of `npm run histories`: the shapes that other tools' histories have. */
import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import { freshDatabase } from "../support/Database.ts"
import { hasPsql } from "../support/hasPsql.ts"
import { directory, test } from "../migration/support.ts"
import { follow } from "./history.ts"

const dump = String.raw`SELECT pg_catalog.set_config('search_path', '', false);
CREATE TABLE public.pet (id integer NOT NULL, name text);
COPY public.pet (id, name) FROM stdin;
1	a\tb
2	\N
\.
ALTER TABLE ONLY public.pet ADD CONSTRAINT pet_pkey PRIMARY KEY (id);
`

const histories = {
  dbmate: {
    "20210304120000_owner.sql":
      "-- migrate:up\nCREATE TABLE owner (id int PRIMARY KEY);\n\n-- migrate:down\nDROP TABLE owner;\n",
    "20210304120001_index.sql":
      "-- migrate:up transaction:false\nCREATE INDEX CONCURRENTLY owner_again ON owner (id);\n\n-- migrate:down\nDROP INDEX owner_again;\n"
  },
  "golang-migrate": {
    "000001_mood.up.sql": "BEGIN;\nCREATE TYPE mood AS ENUM ('sad');\nCOMMIT;\n",
    "000001_mood.down.sql": "BEGIN;\nDROP TYPE mood;\nCOMMIT;\n",
    "000002_happy.up.sql": "ALTER TYPE mood ADD VALUE 'happy';\n",
    "000002_happy.down.sql": "-- A value stays.\n",
    "000003_person.up.sql": "CREATE TABLE person (feels mood DEFAULT 'happy');\n",
    "000003_person.down.sql": "DROP TABLE person;\n"
  },
  diesel: {
    "00000000000000_setup/up.sql":
      "CREATE FUNCTION touch() RETURNS trigger AS $$ BEGIN NEW.at := 'now; then'; RETURN NEW; END; $$ LANGUAGE plpgsql;\n",
    "00000000000000_setup/down.sql": "DROP FUNCTION touch();\n",
    "2021-03-04-120000-0000_note/up.sql":
      "CREATE TABLE note (at text);\r\nCREATE TRIGGER touched BEFORE UPDATE ON note FOR EACH ROW EXECUTE FUNCTION touch();\r\n",
    "2021-03-04-120000-0000_note/down.sql": "DROP TABLE note;\n"
  },
  "Flyway's repeatable": {
    "1_a.up.sql": "CREATE TABLE a (id int);",
    "1_a.down.sql": "DROP TABLE a CASCADE;",
    "R__view.sql": "CREATE OR REPLACE VIEW seen AS SELECT id FROM a;"
  },
  pg_dump: {
    "1_dump.up.sql": dump,
    "1_dump.down.sql": "DROP TABLE public.pet;"
  }
}

describe("A history of migrations in the shape of", () => {
  for (const [tool, files] of Object.entries(histories)) {
    test(`${tool} goes up, down and up again${hasPsql ? ", and is what psql makes of the same files" : ""}`, () =>
      Effect.gen(function* () {
        const report = yield* follow(yield* directory(files), freshDatabase())
        const reverted = Object.keys(files).filter((file) => /down\.sql$|^\d{14}_\w+\.sql$/u.test(file)).length
        assert.deepInclude(report, { reverted, stopped: undefined, again: "equal" })
        if (hasPsql) assert.deepInclude(report, { psql: "equal", revertedByPsql: reverted })
      }))
  }
})
