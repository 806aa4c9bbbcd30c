-- The trail is append-only for everybody who comes through SQL; who writes the file itself breaks the chain of hashes.

CREATE TRIGGER audit_keeps BEFORE UPDATE ON audit BEGIN
  SELECT RAISE(ABORT, 'the audit trail is append-only');
END;

CREATE TRIGGER audit_stays BEFORE DELETE ON audit BEGIN
  SELECT RAISE(ABORT, 'the audit trail is append-only');
END;
