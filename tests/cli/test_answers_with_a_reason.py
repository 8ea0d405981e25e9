"""An empty or doubtful answer names its cause, and the next step."""

from __future__ import annotations

from pathlib import Path

import pytest

import chronicle as ch
from shell import run

PLACES = ("alder", "birch", "cedar")


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Three places, two parties and reports without a day of publication."""
    path = tmp_path / "small.chronicle"
    with ch.create(path) as log:
        log.append(
            [
                *(ch.SettlementRegistered(settlement=p, name=p) for p in PLACES),
                *(ch.ActorRegistered(actor=a, name=a) for a in ("red", "blue")),
                *(
                    ch.ControlReported(
                        report_id=f"r{n}",
                        source="radio",
                        settlement=place,
                        controller="red",
                        valid_from="2024-11-27",
                    )
                    for n, place in enumerate(PLACES)
                ),
                ch.ControlReported(
                    report_id="r9",
                    source="paper",
                    settlement="alder",
                    controller="blue",
                    valid_from="2024-12-01",
                ),
            ]
        )
    return path


def test_what_was_known_before_the_record_began(small: Path) -> None:
    ended = run("state", small, "--known-at", "2020-01-01")
    assert ended.code == 0
    assert "nothing was recorded by then: this record begins on" in ended.err
    assert "--published-by" in ended.err
    why = run("why", small, "alder", "--known-at", "2020-01-01")
    assert "nothing was recorded by then" in why.err
    assert "register" not in why.err
    history = run("history", small, "alder", "--known-at", "2020-01-01")
    assert "nothing was recorded by then" in history.err


def test_reports_without_a_day_of_publication_are_counted(small: Path) -> None:
    ended = run("state", small, "--published-by", "2024-12-02")
    assert "all of 4 control reports say no day of publication" in ended.err


def test_a_day_past_the_last_report_says_so(small: Path) -> None:
    ended = run("state", small, "--on", "2042-01-01")
    assert "the last report speaks of 2024-12-01" in ended.err
    ended = run("state", small, "--on", "2010-01-01")
    assert "the first report speaks of 2024-11-27" in ended.err


def test_without_a_day_it_is_the_last_that_a_report_speaks_of(small: Path) -> None:
    assert "end of 2024-12-01" in run("state", small).err
    assert run("state", small).out == run("state", small, "--on", "last").out
    assert "end of 2024-12-01" in run("why", small, "alder").err


def test_sources_that_nobody_knows_get_the_nearest(small: Path) -> None:
    for words in (("state", small, "--lens", "source:rado"),
                  ("log", small, "--source", "rado")):  # fmt: skip
        ended = run(*words)
        assert ended.code == 3
        assert "did you mean radio" in ended.err


def test_an_empty_record_says_that_it_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "none.chronicle"
    ch.create(path).close()
    for command in ("state", "check"):
        ended = run(command, path)
        assert ended.code == 0
        assert "this record is empty" in ended.err
        assert "1970" not in ended.err


def test_the_sum_of_a_state_names_holders_and_what_has_no_population(
    small: Path,
) -> None:
    ended = run("state", small, "--summary", "--on", "2024-11-27", "--on", "last")
    assert ended.out.splitlines() == [
        "on,control,places,people,without_population",
        "2024-11-27,red,3,,3",
        "2024-12-01,red,2,,2",
        "2024-12-01,blue,1,,1",
    ]


def test_a_state_can_be_cut_to_places_and_holders(small: Path) -> None:
    def places(*words: str) -> list[str]:
        lines = run("state", small, *words).out.splitlines()[1:]
        return [line.partition(",")[0] for line in lines]

    assert places("--place", "Birch", "--place", "alder") == ["alder", "birch"]
    assert places("--control", "blue") == ["alder"]
    assert places("--control", "none") == []
    assert run("state", small, "--control", "blu").code == 3
    assert run("state", small, "--admin1", "Nowhere").code == 3


def test_the_environment_names_the_chronicle(small: Path, monkeypatch) -> None:
    monkeypatch.setenv("CHRONICLE_FILE", str(small))
    assert run("state").out == run("state", small).out
    assert run("why", "alder").out == run("why", small, "alder").out
    assert run("help", "why").out.startswith("Usage: chronicle why")


def test_a_place_that_nobody_spoke_of_is_told_once(tmp_path: Path) -> None:
    path = tmp_path / "a.chronicle"
    with ch.create(path) as log:
        log.append([ch.SettlementRegistered(settlement=p, name=p) for p in PLACES])
    rows = run("check", path).out.splitlines()[1:]
    assert [row.partition(",")[0] for row in rows] == ["never mentioned"] * 3


def test_a_branch_of_reports_without_a_day_of_publication_says_so(
    small: Path, tmp_path: Path
) -> None:
    toml = tmp_path / "what-if.toml"
    toml.write_text(
        '[scenario]\nid = "w"\nbranch_at = 2024-12-02\nhorizon_days = 5\n'
        "published_by = 2024-12-02\n[ensemble]\nreplicas = 2\nseed = 1\n"
        '[[force]]\nactors = ["blue"]\nagainst = ["red"]\nsupply = ["alder"]\n',
        encoding="utf-8",
    )
    ended = run("run", toml, small, "--out", tmp_path / "out")
    assert ended.code == 3
    assert "all of 4 control reports say no day of publication" in ended.err
    assert "Leave published_by out" in ended.err
    assert "take a later day" not in ended.err


def test_a_state_without_reports_of_control_says_so(tmp_path: Path) -> None:
    path = tmp_path / "places.chronicle"
    with ch.create(path) as log:
        log.append([ch.SettlementRegistered(settlement="alder", name="Alder")])
    ended = run("state", path)
    assert ended.code == 0
    assert "the record has no report of control; displaced and" in ended.err
    assert "no report of control" not in run("displaced", path).err
