-- What another store keeps stays here until it is there: messages in their own table, and those that were taken down since.

CREATE TABLE removed_message (
  id {place},
  is_moved {integer} NOT NULL CHECK (is_moved IN (0, 1))
) {strict};

CREATE INDEX removed_message_waiting ON removed_message (id) WHERE is_moved = 0;

-- Up to which place the trail may leave, since another store has it.
INSERT INTO counter (name, value) VALUES ('audit_moved', 0);
