-- Networks that are refused at the door. What has ended is cleared away by the next write.

CREATE TABLE ban (
  network TEXT NOT NULL PRIMARY KEY,
  reason TEXT NOT NULL,
  made_by TEXT NOT NULL,
  since {integer} NOT NULL,
  until {integer},
  is_forced {integer} NOT NULL CHECK (is_forced IN (0, 1))
) {strict};

CREATE INDEX ban_until ON ban (until);

-- How often they were changed: whoever holds them in force looks at this number first.
INSERT INTO counter (name, value) VALUES ('bans', 0);
