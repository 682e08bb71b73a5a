-- What is written here is undone.
INSERT INTO pgkeel_library.shelf VALUES (1, 'tried', 10);

SELECT count(*) = 1 FROM pgkeel_library.shelf;
