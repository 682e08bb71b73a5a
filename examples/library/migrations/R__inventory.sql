CREATE OR REPLACE VIEW pgkeel_library.inventory AS
SELECT s.name AS shelf, count(b.id)::int AS books
FROM pgkeel_library.shelf s
LEFT JOIN pgkeel_library.book b ON b.shelf = s.id
GROUP BY s.name;
