DROP TABLE pgkeel_library.shelf;
