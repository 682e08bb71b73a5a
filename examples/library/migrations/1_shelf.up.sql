CREATE TABLE pgkeel_library.shelf (
  id int PRIMARY KEY,
  name text NOT NULL UNIQUE,
  capacity int NOT NULL CHECK (capacity > 0)
);
