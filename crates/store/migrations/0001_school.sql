-- Times are microseconds since 1970 in UTC, booleans are 0 or 1, and every `…_key` is normalised by the server, never by a collation.

CREATE TABLE person (
  id {id},
  first_name TEXT NOT NULL CHECK (length(first_name) BETWEEN 1 AND 100),
  last_name TEXT NOT NULL CHECK (length(last_name) BETWEEN 1 AND 100),
  email TEXT CHECK (length(email) <= 254),
  email_key TEXT UNIQUE,
  username TEXT CHECK (length(username) <= 64),
  username_key TEXT UNIQUE,
  search_key TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('admin', 'staff', 'member')),
  is_disabled {integer} NOT NULL CHECK (is_disabled IN (0, 1)),
  password_hash TEXT,
  must_change_password {integer} NOT NULL CHECK (must_change_password IN (0, 1)),
  created_at {integer} NOT NULL,
  updated_at {integer} NOT NULL,
  version {integer} NOT NULL CHECK (version >= 1),
  CHECK ((email IS NULL) = (email_key IS NULL)),
  CHECK ((username IS NULL) = (username_key IS NULL))
) {strict};

-- The few who can keep the school's server: the guard against losing the last of them reads only these.
CREATE INDEX person_admin ON person (id) WHERE role = 'admin' AND is_disabled = 0 AND password_hash IS NOT NULL;

CREATE TABLE session (
  id {id},
  hash {bytes} NOT NULL UNIQUE CHECK (length(hash) = 32),
  person_id {integer} NOT NULL REFERENCES person (id) ON DELETE CASCADE,
  created_at {integer} NOT NULL,
  last_seen_at {integer} NOT NULL,
  address TEXT,
  agent TEXT
) {strict};

CREATE INDEX session_person ON session (person_id, last_seen_at);

CREATE TABLE token (
  id {id},
  hash {bytes} NOT NULL UNIQUE CHECK (length(hash) = 32),
  person_id {integer} NOT NULL REFERENCES person (id) ON DELETE CASCADE,
  label TEXT NOT NULL,
  scope TEXT NOT NULL CHECK (scope IN ('read', 'write')),
  created_at {integer} NOT NULL,
  expires_at {integer}
) {strict};

CREATE INDEX token_person ON token (person_id, id);

CREATE TABLE message (
  id {id},
  message TEXT NOT NULL CHECK (length(message) BETWEEN 1 AND 1000),
  name TEXT CHECK (length(name) BETWEEN 1 AND 50),
  person_id {integer} REFERENCES person (id) ON DELETE SET NULL,
  created_at {integer} NOT NULL
) {strict};

CREATE INDEX message_person ON message (person_id) WHERE person_id IS NOT NULL;

CREATE TABLE audit (
  seq {place} CHECK (seq >= 1),
  at {integer} NOT NULL,
  actor TEXT NOT NULL,
  address TEXT,
  request_id TEXT,
  action TEXT NOT NULL,
  object_id {integer},
  before TEXT,
  after TEXT,
  hash {bytes} NOT NULL CHECK (length(hash) = 32)
) {strict};

CREATE TABLE idempotency (
  caller TEXT NOT NULL,
  key TEXT NOT NULL,
  fingerprint {bytes} NOT NULL CHECK (length(fingerprint) = 32),
  at {integer} NOT NULL,
  object_id {integer} NOT NULL,
  after TEXT NOT NULL,
  PRIMARY KEY (caller, key)
) {strict};

CREATE INDEX idempotency_at ON idempotency (at);

CREATE TABLE setting (
  name TEXT NOT NULL PRIMARY KEY,
  value {bytes} NOT NULL
) {strict};

CREATE TABLE counter (
  name TEXT NOT NULL PRIMARY KEY,
  value {integer} NOT NULL
) {strict};

INSERT INTO counter (name, value) VALUES ('person', 0), ('check', 0);
