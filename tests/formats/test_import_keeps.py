"""Import never takes away in silence: the ways in which it once did, and the meant one.

Each folder and file of these tests is small, and each command is one that was given.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

import chronicle as ch
from own_toy import CONTROL, TOY, write
from shell import run

MARCH = (
    "m1,2025-03-01,alder,red,,radio",
    "m2,2025-03-02,birch,red,,radio",
)
APRIL = ("a1,2025-04-01,cedar,blue,,radio",)
BAD = "a9,31/02/22,cedar,blue,,radio"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "c.chronicle"
    assert run("init", path).code == 0
    places = write(folder(tmp_path / "places"), TOY)
    assert run("import", path, places).code == 0
    return path


def folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


def control(path: Path, rows: Sequence[str]) -> Path:
    folder(path.parent)
    path.write_text("\n".join([CONTROL, *rows]) + "\n")
    return path


def counted(file: Path) -> list[str]:
    """The control reports that count now."""
    with ch.open(file) as log:
        told = [log.history(place) for place in ("alder", "birch", "cedar")]
    return sorted(
        row["report"]
        for table in told
        for row in table
        if row["counts"].startswith("yes")
    )


ALL = ["a1", "m1", "m2"]


def test_a_second_file_in_one_command(file: Path, tmp_path: Path) -> None:
    march = control(tmp_path / "months/march.csv", MARCH)
    april = control(tmp_path / "months/april.csv", APRIL)
    ended = run("import", file, march, april)
    assert ended.code == 0
    assert counted(file) == ALL
    assert "RETRACTED" not in ended.err
    assert "april.csv,1,0,0,0,0,0" in ended.out


def test_a_second_file_in_a_second_command(file: Path, tmp_path: Path) -> None:
    march = control(tmp_path / "months/march.csv", MARCH)
    april = control(tmp_path / "months/april.csv", APRIL)
    for path in (march, april, march, april):
        assert run("import", file, path).code == 0
        assert run("import", file, path, "--complete").code == 0
    assert counted(file) == ALL


def test_two_folders_of_one_name(file: Path, tmp_path: Path) -> None:
    control(tmp_path / "p1/weekly/control.csv", MARCH)
    control(tmp_path / "p2/weekly/control.csv", APRIL)
    assert run("import", file, tmp_path / "p1/weekly").code == 0
    ended = run("import", file, tmp_path / "p2/weekly")
    assert ended.code == 0
    assert counted(file) == ALL
    assert "2 not told this time" in ended.err
    assert "2 reports stand that an earlier vintage told" in ended.err
    assert "m1, m2; --complete would retract them" in ended.err


def test_two_folders_of_one_name_in_one_command(file: Path, tmp_path: Path) -> None:
    control(tmp_path / "p1/weekly/control.csv", MARCH)
    control(tmp_path / "p2/weekly/control.csv", APRIL)
    ended = run(
        "import", file, tmp_path / "p1/weekly", tmp_path / "p2/weekly", "--complete"
    )
    assert ended.code == 0
    assert counted(file) == ALL


def test_two_files_of_one_name_and_one_data_set(file: Path, tmp_path: Path) -> None:
    first = control(tmp_path / "p1/control.csv", MARCH)
    second = control(tmp_path / "p2/control.csv", APRIL)
    for _ in range(2):
        ended = run("import", file, first, second, "--dataset", "d", "--complete")
        assert ended.code == 0
        assert counted(file) == ALL
    assert "p2/control.csv," in ended.out


def test_one_file_of_a_folder(file: Path, tmp_path: Path) -> None:
    control(tmp_path / "case/control.csv", MARCH)
    (tmp_path / "case/incidents.csv").write_text(
        "id,valid_from,settlement,kind,source\ni1,2025-03-01,alder,Attack,radio\n"
    )
    assert run("import", file, tmp_path / "case").code == 0
    other = control(tmp_path / "case/more.csv", APRIL)
    for path in (other, tmp_path / "case/incidents.csv"):
        assert run("import", file, path, "--complete").code == 0
    assert counted(file) == ALL
    with ch.open(file) as log:
        assert len(log.state("2025-04-02").heard.incidents) == 1


def test_a_part_of_a_file(file: Path, tmp_path: Path) -> None:
    path = control(tmp_path / "d/control.csv", [*MARCH, *APRIL])
    run("import", file, path)
    control(path, MARCH[:1])
    ended = run("import", file, path)
    assert (ended.code, counted(file)) == (0, ALL)
    assert "control.csv,0,0,0,2,1,0" in ended.out
    with ch.open(file) as log:
        found = log.import_folder(path)
    assert (found.total("not_told"), found.files[0].examples) == (2, ["m2", "a1"])


def test_a_file_that_is_empty_but_for_its_header(file: Path, tmp_path: Path) -> None:
    path = control(tmp_path / "d/control.csv", MARCH)
    run("import", file, path)
    control(path, ())
    assert run("import", file, path).code == 0
    ended = run("import", file, path, "--complete")
    assert ended.code == 4
    assert "tells none of the 2 reports again" in ended.err
    assert "--dataset d" in ended.err
    assert counted(file) == ["m1", "m2"]
    assert run("import", file, path, "--complete", "--dataset", "d").code == 0
    assert counted(file) == []


def test_complete_retracts_only_what_the_same_file_told(
    file: Path, tmp_path: Path
) -> None:
    march = control(tmp_path / "months/march.csv", MARCH)
    april = control(tmp_path / "months/april.csv", APRIL)
    run("import", file, march, april)
    control(march, MARCH[:1])
    would = run("import", file, march, "--complete", "--dry-run")
    assert "1 report would be RETRACTED" in would.err
    assert counted(file) == ALL
    ended = run("import", file, march, "--complete")
    assert ended.code == 0
    assert "march.csv: 1 report RETRACTED" in ended.err
    assert ": m2" in ended.err
    assert counted(file) == ["a1", "m1"]
    control(march, MARCH)
    run("import", file, march)
    assert counted(file) == ALL


def test_complete_takes_nothing_where_rows_could_not_be_read(
    file: Path, tmp_path: Path
) -> None:
    path = control(tmp_path / "d/control.csv", MARCH)
    run("import", file, path)
    control(path, [MARCH[0], BAD])
    ended = run("import", file, path, "--complete")
    assert (ended.code, counted(file)) == (0, ["m1", "m2"])
    assert "rows that could not be read, so nothing of it is gone" in ended.err


def test_a_row_that_moved_to_another_file_stays(file: Path, tmp_path: Path) -> None:
    march = control(tmp_path / "months/march.csv", MARCH)
    april = control(tmp_path / "months/april.csv", APRIL)
    run("import", file, march, april)
    control(april, ["m2,2025-03-03,birch,red,,radio", *APRIL])  # changed and moved
    control(march, MARCH[:1])
    run("import", file, april)
    ended = run("import", file, march, "--complete")
    assert (ended.code, counted(file)) == (0, ALL)


def test_ids_that_begin_again_in_each_file_do_not_rewrite_each_other(
    file: Path, tmp_path: Path
) -> None:
    march = control(tmp_path / "months/march.csv", ["1,2025-03-01,alder,red,,radio"])
    april = control(tmp_path / "months/april.csv", ["1,2025-04-01,birch,blue,,radio"])
    assert run("import", file, march).code == 0
    ended = run("import", file, april)
    assert ended.code == 3
    assert "april.csv:2: id: '1': is the id of a report on another place" in ended.err
    with ch.open(file) as log:
        assert log.state("2025-04-02").control["alder"] == "red"
        assert log.state("2025-04-02").status["birch"] == "unknown"
    renamed = control(tmp_path / "months/v2.csv", ["1,2025-03-02,alder,red,,radio"])
    assert "v2.csv,0,1,0,0,0,0" in run("import", file, renamed).out


def test_reports_by_hand_are_of_no_file(file: Path, tmp_path: Path) -> None:
    path = control(tmp_path / "d/control.csv", MARCH)
    run("import", file, path)
    with ch.open(file) as log:
        log.append(
            ch.ControlReported(
                report_id="h1", settlement="cedar", controller="blue",
                valid_from="2025-03-01", source="me", dataset="d",
            )
        )  # fmt: skip
    control(path, MARCH[:1])
    run("import", file, path, "--complete")
    assert counted(file) == ["h1", "m1"]


# --- exit codes ---------------------------------------------------------------------


def test_nothing_went_in_is_exit_code_3(file: Path, tmp_path: Path) -> None:
    path = control(tmp_path / "d/control.csv", [BAD, BAD.replace("a9", "a8")])
    for words in ((), ("--dry-run",)):
        ended = run("import", file, path, *words)
        assert ended.code == 3
        assert "nothing was imported: there were problems, 2 in all" in ended.err
        assert "control.csv,0,0,0,0,0,2" in ended.out
    control(path, [BAD, *MARCH])
    ended = run("import", file, path)
    assert ended.code == 0
    assert "1 problems" in ended.err
    control(path, ())
    assert run("import", file, path).code == 0  # an empty file is no problem


def test_files_of_one_command_go_in_in_the_order_that_they_need(
    tmp_path: Path,
) -> None:
    path = tmp_path / "new.chronicle"
    run("init", path)
    case = write(folder(tmp_path / "case"), TOY)
    control(case / "control.csv", MARCH)
    names = ("control.csv", "actors.csv", "settlements.csv")
    ended = run("import", path, *(case / name for name in names))
    assert (ended.code, counted(path)) == (0, ["m1", "m2"])


def test_a_file_that_cannot_be_read_is_found_before_anything_goes_in(
    file: Path, tmp_path: Path
) -> None:
    good = control(tmp_path / "d/control.csv", MARCH)
    (tmp_path / "d/other.csv").write_text("what,is,this\n1,2,3\n")
    ended = run("import", file, good, tmp_path / "d/other.csv")
    assert (ended.code, counted(file)) == (3, [])


# --- undo ---------------------------------------------------------------------------


def undo(file: Path, which: str = "LAST") -> str:
    ended = run("import", file, "--undo", which)
    assert ended.code == 0, ended
    return ended.err


def test_an_import_is_undone_and_may_be_done_again(file: Path, tmp_path: Path) -> None:
    march = control(tmp_path / "months/march.csv", MARCH)
    april = control(tmp_path / "months/april.csv", APRIL)
    run("import", file, march)
    run("import", file, april)
    assert "undone: april.csv: 1 reports RETRACTED" in undo(file)
    assert counted(file) == ["m1", "m2"]
    assert "undone: march.csv: 2 reports RETRACTED" in undo(file)
    assert counted(file) == []
    run("import", file, march, april)
    assert counted(file) == ALL
    assert "undone: march.csv, april.csv: 3 reports RETRACTED" in undo(file)


def test_undo_takes_all_files_of_one_command(file: Path, tmp_path: Path) -> None:
    march = control(tmp_path / "months/march.csv", MARCH)
    april = control(tmp_path / "months/april.csv", APRIL)
    run("import", file, march, april)
    assert "march.csv, april.csv: 3 reports RETRACTED" in undo(file)
    assert counted(file) == []
    run("import", file, march, april)
    assert counted(file) == ALL
    undo(file)
    assert counted(file) == []


def test_undo_takes_back_changes_and_retractions(file: Path, tmp_path: Path) -> None:
    path = control(tmp_path / "d/control.csv", MARCH)
    run("import", file, path)
    changed = "m1,2025-03-01,alder,blue,,radio"
    control(path, [changed, *APRIL])
    run("import", file, path, "--complete")
    assert counted(file) == ["a1", "m1"]
    told = undo(file)
    assert "1 reports RETRACTED, 2 changes taken back" in told
    assert counted(file) == ["m1", "m2"]
    with ch.open(file) as log:
        assert log.state("2025-04-02").control["alder"] == "red"
    run("import", file, path, "--complete")
    assert counted(file) == ["a1", "m1"]
    with ch.open(file) as log:
        assert log.state("2025-04-02").control["alder"] == "blue"


def test_undo_of_registrations(file: Path, tmp_path: Path) -> None:
    path = folder(tmp_path / "places") / "settlements.csv"
    path.write_text("id,name,lat,lon\nalder,Elder,10,20\noak,Oak,11,21\n")
    run("import", file, path)
    told = undo(file)
    assert "1 registrations as before" in told
    assert "1 new registrations stay" in told
    with ch.open(file) as log:
        assert log.references().settlements["alder"].name == "Alder"


def test_one_import_is_undone_by_its_position(file: Path, tmp_path: Path) -> None:
    march = control(tmp_path / "months/march.csv", MARCH)
    april = control(tmp_path / "months/april.csv", APRIL)
    run("import", file, march)
    with ch.open(file) as log:
        at = log.head
    run("import", file, april)
    undo(file, f"@{at}")
    assert counted(file) == ["a1"]
    for which in (str(at), "1", "999"):
        ended = run("import", file, "--undo", which)
        assert ended.code == 3
        assert "no import" in ended.err


@pytest.mark.parametrize("words", [["--undo", "x"], ["--undo", "LAST", "a.csv"], []])
def test_undo_wants_sense(file: Path, words: list[str]) -> None:
    assert run("import", file, *words).code == 2


def test_undo_on_a_new_chronicle_says_so(tmp_path: Path) -> None:
    path = tmp_path / "new.chronicle"
    run("init", path)
    ended = run("import", path, "--undo", "LAST")
    assert ended.code == 3
    assert "no import that could be undone" in ended.err
