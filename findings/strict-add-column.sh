#!/usr/bin/env bash
# Expected: ALTER TABLE … ADD COLUMN changes the schema only, so it takes the same time on any table: SQLite's
#   documentation says that its running time does not depend on the amount of data, and names as exceptions columns
#   with a CHECK constraint and generated columns with NOT NULL.
# Seen: in a STRICT table it reads every row, also for a plain column without a constraint. In a table that is not
#   STRICT it reads none.
# Versions: SQLite 3.50.4 (apsw 3.50.4.0).
# Depends on it: db/migrations/README.md, which says what a migration costs on a large database.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'apsw==3.50.4.0'
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import apsw


def steps_to_add_a_column(rows: int, strict: str) -> int:
    """Steps of SQLite's virtual machine, in hundreds: the same in every run, unlike a time."""
    database = apsw.Connection(":memory:")
    database.execute(f"CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL) {strict}")
    database.execute(
        "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
        " INSERT INTO notes SELECT i, 'a note' FROM n",
        (rows,),
    )
    hundreds = 0

    def count() -> bool:
        nonlocal hundreds
        hundreds += 1
        return False

    database.set_progress_handler(count, 100)
    database.execute("ALTER TABLE notes ADD COLUMN language TEXT")
    return hundreds


few, many = 1_000, 100_000
print(f"SQLite {apsw.sqlite_lib_version()}: hundreds of steps for ALTER TABLE … ADD COLUMN language TEXT")
seen = {}
for strict in ("", "STRICT"):
    seen[strict] = [steps_to_add_a_column(rows, strict) for rows in (few, many)]
    print(f"  {strict or 'not STRICT':10}  {few:,} rows: {seen[strict][0]:,}  {many:,} rows: {seen[strict][1]:,}")
print("expected: the same for both numbers of rows, STRICT or not")
grows = seen["STRICT"][1] > 50 * seen["STRICT"][0]
constant = abs(seen[""][1] - seen[""][0]) <= 1
print(f"seen: STRICT grows with the rows: {grows}; not STRICT does not: {constant}")
sys.exit(0 if grows and constant else 1)
PYTHON
