#!/usr/bin/env bash
# Expected: WITHOUT ROWID is the better form of a table that joins two others: one b-tree in place of two. Deleting a
#   row to which it refers with ON DELETE CASCADE then costs a look into the index of the reference, which finds nothing.
# Seen: for each deleted row, SQLite opens a temporary b-tree for the primary keys of the rows to delete, also when there
#   are none, and drops it. With a table that has row ids it collects them in a set in memory, which costs nothing while
#   it is empty.
# Versions: SQLite 3.50.4 (apsw 3.50.4.0).
# Depends on it: db/migrations/0028_cheaper_deletions.sql and db/migrations/README.md.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'apsw==3.50.4.0'
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import apsw


def cascade(form: str) -> set[str]:
    """The instructions for the deletion of a row to which another table refers."""
    database = apsw.Connection(":memory:")
    database.execute("PRAGMA foreign_keys = on")
    database.execute(
        "CREATE TABLE notes (id INTEGER PRIMARY KEY);"
        "CREATE TABLE saved (user_id INTEGER NOT NULL, note_id INTEGER NOT NULL REFERENCES notes ON DELETE CASCADE,"
        f" PRIMARY KEY (user_id, note_id)) {form};"
        "CREATE INDEX saves_of_note ON saved (note_id)"
    )
    return {row[1] for row in database.execute("EXPLAIN DELETE FROM notes WHERE id = 1")}


print(f"SQLite {apsw.sqlite_lib_version()}: DELETE of one row to which another table refers")
seen = {}
for form in ("", "WITHOUT ROWID"):
    instructions = cascade(form)
    seen[form] = ("OpenEphemeral" in instructions, "RowSetAdd" in instructions)
    print(f"  {form or 'with row ids':13}  temporary table: {seen[form][0]}  set in memory: {seen[form][1]}")
print("expected: no temporary table in either form")
sys.exit(0 if seen == {"": (False, True), "WITHOUT ROWID": (True, False)} else 1)
PYTHON
