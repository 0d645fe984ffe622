#!/usr/bin/env bash
# Expected: CHECK (x IN ('a', 'b', 'c')) costs an insert what CHECK (x = 'a' OR x = 'b' OR x = 'c') costs: three
#   comparisons. The planner is known to make an OR of one column into an IN, so the IN looks like the better form.
# Seen: with three values or more, each INSERT opens a temporary b-tree, inserts the values of the list into it, looks
#   for its own value there, and drops it. With two values, and with the OR, it compares.
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

CHECKS = ["x IN ('a', 'b')", "x IN ('a', 'b', 'c')", "x = 'a' OR x = 'b' OR x = 'c'"]


def program(check: str) -> list[str]:
    """The names of the instructions that SQLite runs for an INSERT of one row."""
    database = apsw.Connection(":memory:")
    database.execute(f"CREATE TABLE notes (x TEXT NOT NULL CHECK ({check})) STRICT")
    return [row[1] for row in database.execute("EXPLAIN INSERT INTO notes VALUES ('a')")]


print(f"SQLite {apsw.sqlite_lib_version()}: INSERT of one row into a table with a CHECK")
opens = {}
for check in CHECKS:
    instructions = program(check)
    opens[check] = "OpenEphemeral" in instructions
    print(f"  CHECK ({check}): {len(instructions)} instructions, opens a temporary table: {opens[check]}")
print("expected: no temporary table")
print(f"seen: {[check for check in CHECKS if opens[check]]} opens one")
sys.exit(0 if [opens[check] for check in CHECKS] == [False, True, False] else 1)
PYTHON
