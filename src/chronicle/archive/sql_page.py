"""docs/sql.md, from the one template: the tables, the questions, each engine's SQL."""

from __future__ import annotations

from chronicle.archive.schema import TABLES
from chronicle.archive.sql import ENGINES, statements
from chronicle.archive.sql_template import MANY, QUESTIONS

__all__ = ["page"]

_INTRO = """\
# The record in SQL

`chronicle export FILE --as archive --out DIR` writes the record as Parquet
files (see [the archive](archive.md)), and beside them a script for each engine
that makes its tables and the questions on this page. Whoever knows SQL, and
nothing of Chronicle, can then ask who held a place on a day, as known then:

```sql
-- duckdb, in DIR
.read duckdb.sql
SELECT name, control, status, report
FROM state(DATE '2024-11-30', position_at(TIMESTAMPTZ '2024-12-01 00:00:00Z'))
ORDER BY settlement;
```

## The clocks

| in SQL | is | as in |
| --- | --- | --- |
| `day` | the end of a day in the world | `--on` |
| `known_at` | what was recorded up to a position | `--known-at @POSITION` |
| `position_at(moment)` | the last position by then, 0: none | `--known-at MOMENT` |
| `published_by` | a day of the sources' clock; NULL: not asked | `--published-by` |

A position in the future of the archive is answered like its last one. A day
past the last report is answered by the last report; 9999-12-31 stands for *for
ever* and is no day to ask about.

## What is exact, and what is not here

- `state` is the lens `latest`, exactly: of one day the latest time of day
  (morning, then unstated, evening, night), and of one time of day the report
  that was recorded last, whatever was amended later. `time_order` and
  `position` are these two ties.
- `state_published` is the same on all three clocks, with `since` and the number
  of reports in a row that say so. `state_of_source` is the lens `source:ID`.
- The lenses `graded`, `majority` and `cautious` are not in SQL, nor is
  `disputed`: ask `chronicle state`. All that they look at is in `control`.
- A place that says when it was `published` is listed on every day of
  publication: the archive does not hold that day.
- An archive holds no notes and no references, and coordinates only as coarsely
  as the sensitivity of a place allows.

The tests start DuckDB, Spark and PostgreSQL themselves, and hold each of them
to `Chronicle.state` on 500 questions about the bundled case and 500 about a
record full of corrections.

"""
_MANY = """
## Many questions at once

A function call is planned by itself, and Spark takes no column as an argument of a
table function. Hundreds of questions are one query over a table of them:

```sql
CREATE TABLE asked (n INT, day DATE, known_at BIGINT, published_by DATE);
```

"""
_LOADING = """\
PostgreSQL reads no Parquet, so its script makes tables, and DuckDB fills them
through CSV, in which an empty text is quoted and a NULL is not:

```
cd DIR
psql -f postgresql.sql
for table in {tables}; do
  duckdb -c ".read duckdb.sql" -c "COPY $table TO '$table.csv' (HEADER)"
  psql -c "\\copy $table FROM '$table.csv' WITH (FORMAT csv, HEADER)"
done
psql -c "ANALYZE"
```

"""
_NOTES = {
    "duckdb": "`duckdb.sql` has these views with the files of the archive's position. "
    "Row groups that hold nothing of the day or the position are skipped by their "
    "statistics; nothing has to be said about partitions.\n\n",
    "spark": "`spark.sql` has these views with the files of the archive's position. "
    "The functions take Spark 4.0 or later.\n\n",
    "postgresql": _LOADING,
}


def page() -> str:
    """docs/sql.md, from the template: tables, then each engine."""
    parts = [_INTRO, "## The tables\n\n"]
    for name, shape in TABLES.items():
        parts.append(f"**`{name}`**: {shape.says}.\n\n| column | type | |\n")
        parts.append("| --- | --- | --- |\n")
        parts += [f"| `{c}` | {type_} | {says} |\n" for c, type_, says in shape.columns]
        parts.append("\n")
    parts.append("## The questions\n\n| | gives | says |\n| --- | --- | --- |\n")
    for asked in QUESTIONS:
        takes = ", ".join(name for name, _ in asked.takes)
        gives = ", ".join(f"`{name}`" for name, _ in asked.gives)
        parts.append(f"| `{asked.name}({takes})` | {gives} | {asked.says} |\n")
    parts.append(_MANY)
    for name, sql in MANY.items():
        parts.append(f"`{name}` of all of them:\n\n```sql\n{sql};\n```\n\n")
    for engine, found in ENGINES.items():
        note = _NOTES[engine].replace("{tables}", " ".join(TABLES))
        parts.append(f"## {found.title}\n\n{note}```sql\n")
        parts.append("\n\n".join(sql for _, sql in statements(engine)))
        parts.append("\n```\n\n")
    return "".join(parts).rstrip() + "\n"
