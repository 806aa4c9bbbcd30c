-- The last entry of all stays: the next one is chained to it.

CREATE FUNCTION audit_has_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.seq <= (SELECT value FROM counter WHERE name = 'audit_moved') AND OLD.seq < (SELECT MAX(seq) FROM audit) THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'the audit trail is append-only';
END;
$$;

DROP TRIGGER audit_keeps ON audit;

CREATE TRIGGER audit_keeps BEFORE UPDATE ON audit
  FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();

CREATE TRIGGER audit_leaves BEFORE DELETE ON audit
  FOR EACH ROW EXECUTE FUNCTION audit_has_moved();
