-- The stored passwords are gone after this: roles keep their verifiers, and nobody knows the passwords any more.
DROP TABLE pgkeel.security_keys;
