"""Fills a school's database with accounts, each with a session, as if everybody had signed in during the last hour.

Arguments: the file, how many accounts. `siswa1` is there already; the others get its password.
A session's secret is its account's number in 43 digits, whose digest is kept.
"""

import hashlib
import sqlite3
import sys
import time

PERSON = """INSERT INTO person (first_name, last_name, search_key, username, username_key, role, is_disabled,
password_hash, must_change_password, created_at, updated_at, version)
SELECT 'Siswa', ?1, 'siswa ' || ?1, 'siswa' || ?1, 'siswa' || ?1, 'member', 0, password_hash, 0, created_at, created_at, 1
FROM person WHERE username_key = 'siswa1'"""
SESSION = """INSERT INTO session (hash, person_id, created_at, last_seen_at)
SELECT ?, id, ?, ? FROM person WHERE username_key = ?"""
DONE = [
    "UPDATE person SET must_change_password = 0 WHERE username_key = 'siswa1'",
    "UPDATE counter SET value = (SELECT count(*) FROM person) WHERE name = 'person'",
]

path, last = sys.argv[1], int(sys.argv[2])
now = time.time_ns() // 1000
with sqlite3.connect(path) as database:
    for number in range(1, last + 1):
        if number > 1:
            database.execute(PERSON, (str(number),))
        secret = hashlib.sha256(f"{number:043}".encode()).digest()
        # When a session was last used is noted once a minute: not everybody's falls due at once.
        seen = now - number % 60 * 1_000_000
        database.execute(SESSION, (secret, now, seen, f"siswa{number}"))
    for statement in DONE:
        database.execute(statement)
