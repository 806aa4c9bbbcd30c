-- The last entry of all stays: the next one is chained to it.

DROP TRIGGER audit_stays;

CREATE TRIGGER audit_stays BEFORE DELETE ON audit
  WHEN OLD.seq > (SELECT value FROM counter WHERE name = 'audit_moved') OR OLD.seq = (SELECT MAX(seq) FROM audit)
BEGIN
  SELECT RAISE(ABORT, 'the audit trail is append-only');
END;
