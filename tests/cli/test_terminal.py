"""What people see: tables fitted to a terminal, whole words first."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

import chronicle as ch
from chronicle.cli.layout import lines
from chronicle.cli.render import cell
from chronicle.domain.table import Table
from log_toys import control, opening
from own_toy import CASE
from shell import PYTHON, spawned
from strategies import names, notes, steady
from worked_scenarios import FIVE_TOWNS

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def drawn(table: Table, width: int | None = None, **more: bool) -> list[str]:
    return [line.text for line in lines(table, cell, width, **more)]


def text(table: Table, width: int | None = None) -> str:
    return "\n".join(drawn(table, width))


# --- layout --------------------------------------------------------------------------

WIDE = Table(
    ("settlement", "lat", "control", "valid_from", "reliability", "counts", "note"),
    [
        ("alder", 36.5, "red", date(2024, 12, 1), "F", "yes", "claimed by red: " * 5),
        ("birch", None, None, date(2024, 12, 2), None, "no, not published by then", ""),
    ],
)


def test_a_column_without_a_value_is_left_out() -> None:
    table = Table(("a", "b", "c"), [(1, None, ""), (2, None, "x")])
    assert drawn(table)[0].split() == ["a", "c"]
    assert drawn(Table(("a", "b"), []))[0].split() == ["a", "b"]


def test_numbers_stand_to_the_right_with_thousands_apart() -> None:
    table = Table(("area", "persons"), [("Syria", 1_100_000), ("north", 7), ("", None)])
    assert drawn(table)[2:] == ["Syria  1,100,000", "north          7", ""]


def test_a_position_is_told_as_it_is_asked_about() -> None:
    assert drawn(Table(("position",), [(1295,)]))[2] == "    1295"


def test_a_time_is_told_to_the_second() -> None:
    when = datetime(2026, 11, 23, 13, 19, 58, 771193, tzinfo=UTC)
    assert drawn(Table(("recorded_at",), [(when,)]))[2] == "2026-11-23 13:19:58Z"


def test_what_does_not_fit_is_told_under_its_row() -> None:
    told = drawn(WIDE, 72)
    under = [line for line in told if line.startswith("  note: ")]
    assert len(under) == 1
    assert "claimed by red:" in under[0]
    assert not any("not shown" in line for line in told)


def test_what_is_left_out_is_named() -> None:
    told = text(WIDE, 50)
    assert "not shown in 50 columns of text: lat;" in told
    assert "--columns\nchooses, --format csv has all" in told


def test_nothing_is_left_out_of_columns_that_were_asked_for() -> None:
    told = "\n".join(drawn(WIDE, 50, all_columns=True))
    assert "not shown" not in told
    assert "36.5" in told


def test_dates_and_words_are_not_broken_while_there_is_another_way() -> None:
    for width in range(45, 140):
        told = text(WIDE, width)
        for word in ("2024-12-01", "2024-12-02", "alder", "published", "claimed"):
            assert word in told, width


def test_where_no_columns_fit_each_row_is_a_record() -> None:
    told = drawn(WIDE, 30, all_columns=True)
    assert told[:3] == ["settlement  alder", "lat         36.5", "control     red"]
    assert "valid_from  2024-12-01" in told
    assert told.count("") == 1  # between the two
    assert max(map(len, told)) <= 30
    wide = Table(("one", "two", "three"), [("a" * 24, "b" * 24, "c" * 24)])
    assert drawn(wide, 60) == ["one    " + "a" * 24, "two    " + "b" * 24,
        "three  " + "c" * 24]  # fmt: skip


def test_headings_break_at_syllables_and_underscores() -> None:
    table = Table(("time_of_day", "reliability"), [("night", "F")])
    told = drawn(table, 15)
    assert [line.split() for line in told[:2]] == [
        ["time_", "relia-"], ["of_day", "bility"]
    ]  # fmt: skip


def test_names_that_look_like_markup_are_names() -> None:
    table = Table(("name",), [("[red]x[/red]",), ("[/nothing]",), (":smile:",)])
    assert drawn(table)[2:] == ["[red]x[/red]", "[/nothing]", ":smile:"]


def test_a_very_long_name_is_cut_into_lines_and_not_lost() -> None:
    name = "x" * 500
    told = drawn(Table(("settlement", "name"), [("alder", name)]), 80)
    assert max(map(len, told)) <= 80
    assert "".join(line.replace("alder", "").strip() for line in told[2:]) == name


def test_lines_of_a_note_stay_lines() -> None:
    told = drawn(Table(("a", "note"), [("x", "one\ntwo\tthree")]))
    assert told[2:] == ["x  one", "   two three"]


values = (
    st.none()
    | names
    | notes
    | st.integers(-(10**12), 10**12)
    | st.dates()
    | st.booleans()
    | st.sampled_from(["漢字漢字漢字", "حلب", "a-b-c-d", "x" * 90, "é" * 3, "/", "- -"])
    | st.lists(st.sampled_from(["c1", "closure:a--b:2024-12-01"]), max_size=4).map(
        tuple
    )
)
columns = st.lists(
    st.sampled_from(["settlement", "name", "note", "says", "persons", "overlap", "lat",
                     "time_of_day", "about", "recorded_at", "of"]),
    min_size=1, max_size=8, unique=True,
)  # fmt: skip


@st.composite
def tables(draw: st.DrawFn) -> Table:
    head = draw(columns)
    rows = draw(st.lists(st.tuples(*(values for _ in head)), max_size=6))
    return Table(tuple(head), rows)


@settings(steady)
@given(table=tables(), width=st.integers(24, 200))
def test_no_line_is_wider_than_the_terminal(table: Table, width: int) -> None:
    told = drawn(table, width)
    assert max(map(cell_len, told)) <= width


def _letters(texts: Sequence[str]) -> str:
    return "".join(sorted(c for c in "".join(texts) if not c.isspace()))


@settings(steady)
@given(table=tables(), width=st.integers(40, 200))
def test_what_is_shown_is_whole(table: Table, width: int) -> None:
    """The same letters at any width, but for headings and names told beside."""
    told = drawn(table, width, all_columns=True)
    plain = drawn(table)
    rule = next((n for n, line in enumerate(told) if line.startswith("─")), None)
    if rule is None:  # rows as records, each value beside the name of its column
        assert not Counter(_letters(plain[2:])) - Counter(_letters(told))
        return
    body = _letters(told[rule + 1 :])
    missing = [c for c in _letters(plain[2:]) if c not in body]
    assert missing == []
    under = [n for n in ("note", "overlap", "says") if f"  {n}: " in "\n".join(told)]
    if not under:
        assert body == _letters(plain[2:])


# --- on a terminal -------------------------------------------------------------------


def on_a_terminal(*words: str | Path, wide: int, **env: str) -> str:
    """What `chronicle WORDS` shows on a terminal of that width; its exit code is 0."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, wide, 0, 0))
    process = subprocess.Popen(
        [*PYTHON, *words],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={k: v for k, v in os.environ.items() if k not in ("COLUMNS", "NO_COLOR")}
        | {"TERM": "xterm-256color", "CHRONICLE_PAGER": ""}
        | env,
    )
    os.close(theirs)
    seen = b""
    while True:
        try:
            more = os.read(ours, 65_536)
        except OSError:  # the other side was closed
            break
        if not more:
            break
        seen += more
    os.close(ours)
    assert process.wait(60) == 0, seen
    return seen.decode().replace("\r\n", "\n")


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("terminal") / "case.chronicle"
    with ch.create(path) as log:
        log.import_folder(CASE)
    return path


@pytest.mark.parametrize("wide", [80, 100, 160])
@pytest.mark.parametrize(
    "words",
    [
        ["why", "FILE", "Khanasir", "--on", "2024-12-02"],
        ["displaced", "FILE", "--on", "2024-12-06"],
    ],
    ids=lambda words: words[0],
)
def test_a_wide_table_can_be_read_on_a_terminal(
    words: list[str], wide: int, case: Path
) -> None:
    seen = on_a_terminal(*(str(case) if w == "FILE" else w for w in words), wide=wide)
    told = ESCAPE.sub("", seen).splitlines()
    assert max(map(cell_len, told)) <= wide
    assert "2024-12-02 (UTC)" in told[0] or "2024-12-06 (UTC)" in told[0]
    # The words that people look for are whole, and most rows take few lines.
    for word in (
        ("2024-12-02",) if words[0] == "why" else ("178,000", "newly", "2024-12-05")
    ):
        assert any(word in line for line in told)
    assert len(told) < 150


def test_markup_in_names_is_shown_and_not_obeyed(tmp_path: Path) -> None:
    path = tmp_path / "toy.chronicle"
    with ch.create(path) as log:
        log.append(opening())
        log.append(
            ch.SettlementRegistered(settlement="elm", name="[red]x[/red]", lat=1, lon=2)
        )
        log.append(control("r1", note="[bold]not[/bold] [/bold] :boom:"))
    seen = on_a_terminal("state", path, "--on", "2024-12-02", wide=160)
    assert "[red]x[/red]" in seen
    seen = on_a_terminal("history", path, "alder", wide=160, NO_COLOR="1")
    assert "[bold]not[/bold] [/bold] :boom:" in seen
    assert not ESCAPE.search(seen)


def test_no_color_means_no_escapes(case: Path) -> None:
    words = ("check", case, "--columns", "finding,about", "--no-color")
    assert not ESCAPE.search(on_a_terminal(*words, wide=100))


MARKUP = """
[scenario]
id = "markup"
title = "[/t][bold]"
branch_at = 2030-05-10
horizon_days = 8
[ensemble]
replicas = 4
engine = "heap"
[[force]]
actors = ["red"]
against = ["blue"]
[[intervention]]
name = "[/x]"
kind = "hold"
place = "Birch"
extra_days = 2
[compare]
arms = [["[/x]"]]
"""


def test_an_arm_may_bear_a_name_that_is_markup(tmp_path: Path) -> None:
    (tmp_path / "markup.toml").write_text(MARKUP)
    with ch.create(path := tmp_path / "towns.chronicle") as log:
        log.import_folder(FIVE_TOWNS / "data")
    seen = on_a_terminal("run", tmp_path / "markup.toml", path, wide=120)
    assert "[/x]" in seen


def pager_of(tmp_path: Path, code: str) -> str:
    script = tmp_path / "pager.py"
    script.write_text(code)
    return f"{sys.executable} {script}"


READS = """import os, sys
text = sys.stdin.read()
print(f"PAGED {text.count(chr(10))} lines, LESS={os.environ['LESS']}")
print("red" if chr(27) in text else "plain")
"""


def test_a_table_longer_than_the_screen_goes_through_the_pager(
    case: Path, tmp_path: Path
) -> None:
    pager = pager_of(tmp_path, READS)
    told = on_a_terminal("state", case, wide=100, CHRONICLE_PAGER=pager, LESS="FRX")
    assert re.search(r"PAGED \d{3,} lines, LESS=FRX\nred", told)
    assert "damascus" not in told
    short = ("history", case, "hama")
    assert "PAGED" not in on_a_terminal(*short, wide=100, CHRONICLE_PAGER=pager)


def test_the_own_variable_of_the_pager_comes_first_and_may_be_empty(
    case: Path, tmp_path: Path
) -> None:
    pager = pager_of(tmp_path, READS)
    other = {"PAGER": pager, "LESS": "R"}
    assert "PAGED" not in on_a_terminal("state", case, wide=100, **other)
    told = on_a_terminal("state", case, wide=100, CHRONICLE_PAGER="cat", **other)
    assert "PAGED" not in told
    assert "damascus" in told


def test_a_pager_that_is_left_early_or_is_not_there_is_no_error(
    case: Path, tmp_path: Path
) -> None:
    leaves = pager_of(tmp_path, "print('LEFT')")
    assert "LEFT" in on_a_terminal("state", case, wide=100, CHRONICLE_PAGER=leaves)
    for broken in ("/no/such/pager", "'unclosed"):
        told = on_a_terminal("state", case, wide=100, CHRONICLE_PAGER=broken)
        assert "damascus" in told


def test_what_goes_into_a_pipe_or_a_file_is_never_paged(
    case: Path, tmp_path: Path
) -> None:
    env = {"CHRONICLE_PAGER": pager_of(tmp_path, READS)}
    assert "PAGED" not in spawned("state", case, "--format", "table", env=env).out
