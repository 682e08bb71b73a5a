INSERT INTO pgkeel_library.book VALUES (1, 'Emma', 0), (2, 'Hamlet', 1), (3, 'Persuasion', 0)
ON CONFLICT DO NOTHING;
