"""What a design reaches that commits each creation by itself, with nothing but SQLite in the way.

Arguments: the file, how many clients, for how many seconds. Prints how many rows, and in how many microseconds.
"""

import json
import sqlite3
import sys
import threading
import time

TABLE = """CREATE TABLE IF NOT EXISTS person
(id INTEGER PRIMARY KEY, first_name TEXT NOT NULL, last_name TEXT NOT NULL, created_at INTEGER NOT NULL)"""
INSERT = "INSERT INTO person (first_name, last_name, created_at) VALUES ('Siti', 'Rahma', 1790000000000000)"


def connect(path):
    connection = sqlite3.connect(path, isolation_level=None, timeout=60)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def insert(path, until, turn, counts):
    connection = connect(path)
    count = 0
    while time.monotonic() < until:
        # In turns: SQLite's own waiting, which sleeps between tries, would be slower by far.
        with turn:
            connection.execute(INSERT)
        count += 1
    counts.append(count)


path, clients, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
connect(path).execute(TABLE)
begun = time.monotonic()
counts, turn = [], threading.Lock()
threads = [threading.Thread(target=insert, args=(path, begun + seconds, turn, counts)) for _ in range(clients)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
if len(counts) < clients:
    sys.exit("a client failed")
print(json.dumps({"count": sum(counts), "duration_us": (time.monotonic() - begun) * 1e6}))
