CREATE TABLE account (
  customer_id bigint PRIMARY KEY REFERENCES customer (id),
  balance integer NOT NULL DEFAULT 0 CHECK (balance >= 0)
);

CREATE FUNCTION open_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO account (customer_id, balance) VALUES (NEW.id, 100);
  RETURN NEW;
END
$$;

CREATE TRIGGER open_account AFTER INSERT ON customer FOR EACH ROW EXECUTE FUNCTION open_account();
