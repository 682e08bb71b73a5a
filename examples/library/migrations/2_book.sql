-- migrate:up
CREATE TABLE pgkeel_library.book (
  id int PRIMARY KEY,
  title text NOT NULL,
  shelf int REFERENCES pgkeel_library.shelf
);

CREATE INDEX CONCURRENTLY book_shelf_idx ON pgkeel_library.book (shelf);

-- migrate:down
-- The view is made again with the next up.
DROP VIEW IF EXISTS pgkeel_library.inventory;

DROP TABLE pgkeel_library.book;
