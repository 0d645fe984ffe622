#!/usr/bin/env bash
# Expected: PRAGMA data_version tells whether another connection has committed a change: SQLite's documentation says that
#   two values differ if one was committed in the interim, and an experienced reader takes that for "if and only if".
# Seen: it also changes when another connection empties the WAL by a TRUNCATE checkpoint and nothing was written. The count
#   in the header of the WAL-index (bytes 8 to 11 of the file DATABASE-shm) goes up by one for each commit that
#   changes a page, and by nothing for one that writes the values that were there, a rollback, a read or a checkpoint.
# Versions: SQLite 3.50.4 (apsw 3.50.4.0).
# Depends on it: docs/decisions/0030-exact-copies.md, which reads the header to learn of other processes' commits.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'apsw==3.50.4.0'
"$folder/venv/bin/python" - "$folder/notes.sqlite3" <<'PYTHON'
import sys

import apsw

path = sys.argv[1]
writer, watcher = apsw.Connection(path), apsw.Connection(path)
writer.execute("PRAGMA journal_mode = wal")
writer.execute("CREATE TABLE notes (text TEXT)")
writer.execute("INSERT INTO notes VALUES ('a note')")
# Closing this file would give up SQLite's locks on it, so it stays open to the end.
index = open(path + "-shm", "rb", buffering=0)


def version() -> int:
    return watcher.execute("PRAGMA data_version").fetchone()[0]


def commits() -> int:
    index.seek(8)
    return int.from_bytes(index.read(4), sys.byteorder)


print(f"SQLite {apsw.sqlite_lib_version()}: what another connection does, by how much each number changes")
events = {
    "a commit": "INSERT INTO notes VALUES ('another')",
    "a commit of equal values": "UPDATE notes SET text = text",
    "two commits": "INSERT INTO notes VALUES ('b'); INSERT INTO notes VALUES ('c')",
    "a rollback": "BEGIN IMMEDIATE; INSERT INTO notes VALUES ('never'); ROLLBACK",
    "a read": "SELECT count(*) FROM notes",
    "a PASSIVE checkpoint": "PRAGMA wal_checkpoint(PASSIVE)",
    "a TRUNCATE checkpoint": "PRAGMA wal_checkpoint(TRUNCATE)",
}
seen = {}
for name, sql in events.items():
    before = (version(), commits())
    for _ in writer.execute(sql):
        pass
    seen[name] = (version() != before[0], commits() - before[1])
    print(f"  {name:26} data_version changes: {seen[name][0]!s:5}  commits: +{seen[name][1]}")
print("expected: data_version changes by commits alone")
as_recorded = {
    "a commit": (True, 1),
    "a commit of equal values": (False, 0),
    "two commits": (True, 2),
    "a rollback": (False, 0),
    "a read": (False, 0),
    "a PASSIVE checkpoint": (False, 0),
    "a TRUNCATE checkpoint": (True, 0),
}
print(f"seen: as recorded: {seen == as_recorded}")
sys.exit(0 if seen == as_recorded else 1)
PYTHON
