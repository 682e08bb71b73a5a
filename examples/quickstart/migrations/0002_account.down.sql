DROP TRIGGER open_account ON customer;
DROP FUNCTION open_account();
DROP TABLE account;
