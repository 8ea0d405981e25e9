"""The one template of the questions in SQL: `sql.py` renders it for each engine.

A body is written in what DuckDB, Spark SQL and PostgreSQL have in common. `{days}`
stands for the engine's series of the days from `first_day` to `last_day`.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["MANY", "QUESTIONS", "Question"]


class Question(NamedTuple):
    """A function of the page: what it takes, what it gives, and its SQL."""

    name: str
    takes: tuple[tuple[str, str], ...]
    gives: tuple[tuple[str, str], ...]
    says: str
    body: str


_DAY, _AT, _BY = ("day", "date"), ("known_at", "int64"), ("published_by", "date")
_HEARD = """(
         ({by} IS NULL AND {t}.published_to = DATE '9999-12-31')
         OR ({t}.published_from <= {by} AND {by} < {t}.published_to))"""
_STATE = """SELECT {q}p.settlement, p.name, p.lat, p.lon, l.actor AS control,
       coalesce(l.status, 'unknown') AS status, l.valid_from,
       l.report, l.source, l.grade
FROM {asked}settlements AS p
LEFT JOIN latest AS l
ON l.settlement = p.settlement AND l.valid_from <= {day} AND {day} < l.valid_to
   AND l.known_from <= {at} AND {at} < l.known_to
WHERE p.known_from <= {at} AND {at} < p.known_to"""

# Of all that is told of a place, in the order of `latest`: the last one is number 1.
# The run of reports that say the same ends with it, and its first day is *since*.
_FOLDED = """WITH ranked AS (
    SELECT {q}c.*, row_number() OVER (PARTITION BY {q}c.settlement
        ORDER BY c.valid_from DESC, c.time_order DESC, c.position DESC) AS nth
    FROM {asked}control AS c
    WHERE c.valid_from <= {day} AND c.known_from <= {at} AND {at} < c.known_to
      AND {heard}{only}
), decides AS (
    SELECT * FROM ranked WHERE nth = 1
), broken AS (
    SELECT {r}r.settlement, min(r.nth) AS nth
    FROM ranked AS r JOIN decides AS d ON d.settlement = r.settlement{d_r}
    WHERE r.actor IS DISTINCT FROM d.actor OR r.status <> d.status
    GROUP BY {r}r.settlement
), run AS (
    SELECT {r}r.settlement, min(r.valid_from) AS since, count(*) AS reports
    FROM ranked AS r LEFT JOIN broken AS b ON b.settlement = r.settlement{b_r}
    WHERE b.nth IS NULL OR r.nth < b.nth
    GROUP BY {r}r.settlement
)
SELECT {q}p.settlement, p.name, p.lat, p.lon, d.actor AS control,
       coalesce(d.status, 'unknown') AS status, run.since, d.valid_from,
       coalesce(run.reports, 0) AS reports, d.report, d.source, d.grade
FROM {asked}settlements AS p
LEFT JOIN decides AS d ON d.settlement = p.settlement{d_q}
LEFT JOIN run ON run.settlement = p.settlement{run_q}
WHERE p.known_from <= {at} AND {at} < p.known_to"""
_ONE = {
    **{"day": "day", "at": "known_at", "by": "published_by", "asked": ""},
    **dict.fromkeys(("q", "r", "d_r", "b_r", "d_q", "run_q"), ""),
}
_ALL = {
    **{"day": "q.day", "at": "q.known_at", "by": "q.published_by"},
    **{"asked": "asked AS q CROSS JOIN ", "q": "q.n, ", "r": "r.n, "},
    **{f"{a}_{b}": f" AND {a}.n = {b}.n" for a, b in ("dr", "br", "dq")},
    "run_q": " AND run.n = q.n",
}


def _filled(body: str, words: dict[str, str], only: str = "") -> str:
    """*body* with the words of one question, or of all questions of a table."""
    body = body.replace("{heard}", _HEARD.replace("{t}", "c")).replace("{only}", only)
    for name, word in words.items():
        body = body.replace(f"{{{name}}}", word)
    return body


_PLACES = """(
    SELECT * FROM settlements
    WHERE known_from <= known_at AND known_at < known_to) AS p"""
_FOLD_GIVES = (
    ("settlement", "text"),
    ("name", "text"),
    ("lat", "float64"),
    ("lon", "float64"),
    ("control", "text"),
    ("status", "text"),
    ("since", "date"),
    ("valid_from", "date"),
    ("reports", "int64"),
    ("report", "text"),
    ("source", "text"),
    ("grade", "text"),
)


QUESTIONS: tuple[Question, ...] = (
    Question(
        "state",
        (_DAY, _AT),
        tuple(one for one in _FOLD_GIVES if one[0] not in ("since", "reports")),
        "Who held what at the end of a day, as known at a position: the lens `latest`, "
        "looked up in the rectangles of `latest`.",
        _filled(_STATE, _ONE),
    ),
    Question(
        "state_published",
        (_DAY, _AT, _BY),
        _FOLD_GIVES,
        "The same as the sources had published it by a day, folded from `control`; "
        "with `since`, and the number of reports in a row that say so. NULL asks "
        "nothing of the sources' clock.",
        _filled(_FOLDED, _ONE),
    ),
    Question(
        "state_of_source",
        (_DAY, _AT, _BY, ("one_source", "text")),
        _FOLD_GIVES,
        "The same from the reports of one source: the lens `source:ID`.",
        _filled(_FOLDED, _ONE, " AND c.source = one_source"),
    ),
    Question(
        "diff",
        (
            ("day_before", "date"),
            ("known_before", "int64"),
            ("day_after", "date"),
            ("known_after", "int64"),
        ),
        (
            ("settlement", "text"),
            ("name", "text"),
            ("control_before", "text"),
            ("status_before", "text"),
            ("control_after", "text"),
            ("status_after", "text"),
            ("report", "text"),
        ),
        "Where two states differ: of two days, of two positions, or both.",
        """SELECT coalesce(b.settlement, a.settlement) AS settlement,
       coalesce(b.name, a.name) AS name,
       a.control AS control_before, coalesce(a.status, 'unknown') AS status_before,
       b.control AS control_after, coalesce(b.status, 'unknown') AS status_after,
       b.report
FROM (SELECT * FROM state(day_before, known_before)) AS a
FULL OUTER JOIN (SELECT * FROM state(day_after, known_after)) AS b
ON a.settlement = b.settlement
WHERE a.control IS DISTINCT FROM b.control
   OR coalesce(a.status, 'unknown') <> coalesce(b.status, 'unknown')""",
    ),
    Question(
        "panel",
        (("first_day", "date"), ("last_day", "date"), _AT),
        (
            ("settlement", "text"),
            ("day", "date"),
            ("control", "text"),
            ("status", "text"),
            ("report", "text"),
        ),
        "A row for each settlement and day, the last day included.",
        f"""SELECT p.settlement, d.day, l.actor AS control,
       coalesce(l.status, 'unknown') AS status, l.report
FROM {_PLACES}
CROSS JOIN ({{days}}) AS d
LEFT JOIN (
    SELECT * FROM latest
    WHERE valid_from <= last_day AND first_day < valid_to
      AND known_from <= known_at AND known_at < known_to) AS l
ON l.settlement = p.settlement AND l.valid_from <= d.day AND d.day < l.valid_to""",
    ),
    Question(
        "displaced",
        (_DAY, _AT, _BY),
        (
            ("report", "text"),
            ("valid_from", "date"),
            ("measure", "text"),
            ("category", "text"),
            ("persons", "int64"),
            ("low", "int64"),
            ("high", "int64"),
            ("area", "text"),
            ("settlement", "text"),
            ("counter", "text"),
            ("since", "date"),
            ("until", "date"),
            ("includes", "text"),
            ("source", "text"),
            ("grade", "text"),
        ),
        "The figures of displaced people that hold on a day: the newest stocks of each "
        "counter, category and place, and all flows counted by then. They are not to "
        "be added: see `chronicle displaced` for which of them count the same people.",
        f"""SELECT report, valid_from, measure, category, persons, low, high,
       area, settlement, counter, since, until, includes, source, grade
FROM (
    SELECT d.*, max(CASE WHEN measure = 'stock' THEN valid_from END) OVER (
        PARTITION BY counter, category, coalesce(nullif(area, ''), settlement, '')
    ) AS newest
    FROM displacement AS d
    WHERE valid_from <= day AND known_from <= known_at AND known_at < known_to
      AND {_filled(_HEARD.replace("{t}", "d"), _ONE)}) AS f
WHERE measure <> 'stock' OR valid_from = newest""",
    ),
)

# The same over a table of questions, `asked(n, day, known_at, published_by)`.
MANY: dict[str, str] = {
    "state": _filled(_STATE, _ALL),
    "state_published": _filled(_FOLDED, _ALL),
}
