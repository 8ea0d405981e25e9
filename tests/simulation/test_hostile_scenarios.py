"""Broken scenario files: each mistake is told with file, key and value, and nothing is
left behind. Every case is run by the command, as its users would.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from shell import run as shell
from worked_scenarios import FIVE_TOWNS

GOOD = """\
[scenario]
id = "mine"
branch_at = 2030-05-10
published_by = 2030-05-10
horizon_days = 8
[ensemble]
replicas = 5
seed = 1
engine = "heap"
[[force]]
actors = ["red"]
against = ["blue"]
[rules]
speed_km_day = 30
"""


class Case(NamedTuple):
    """A scenario, the exit code that it deserves, and what must be said of it."""

    text: str
    said: str
    code: int = 3


def edit(old: str, new: str, said: str, code: int = 3) -> Case:
    """The good scenario with one part of it replaced."""
    assert GOOD.count(old) == 1, old
    return Case(GOOD.replace(old, new), said, code)


def add(text: str, said: str, code: int = 3) -> Case:
    """The good scenario with more at its end."""
    return Case(f"{GOOD}{text}\n", said, code)


def order(said: str, /, *, start: str = "", **fields: str) -> Case:
    """The good scenario with one intervention; values are TOML."""
    return add(one(start=start, **fields), said)


def one(*, start: str = "", **fields: str) -> str:
    fields |= {"from": start} if start else {}
    return "[[intervention]]\n" + "".join(f"{k} = {v}\n" for k, v in fields.items())


def arms(told: str, said: str) -> Case:
    """The good scenario with an intervention called hold, and these arms."""
    return add(f"{HOLD}[compare]\narms = {told}", said)


HOLD = one(kind='"hold"', place='"Birch"', extra_days="2")
CUT = {"kind": '"close_route"', "route": '["Birch", "Cedar"]'}
ON_12, ON_14 = "2030-05-12", "2030-05-14"
DAY = "must be a day, written bare, and nothing finer"

CASES: dict[str, Case] = {
    # --- keys ------------------------------------------------------------------
    "a table": add(
        "[ensembel]\nseed = 1", "there is no 'ensembel'; did you mean 'ensemble'?"
    ),
    "a key of the scenario": edit(
        "id =", "idd =", "[scenario] has no key 'idd'; did you mean 'id'?"
    ),
    "a key of the ensemble": edit(
        "seed =", "sead =", "[ensemble] has no key 'sead'; did you mean 'seed'?"
    ),
    "a key of a force": edit(
        "against =", "agianst =", "[force 1] has no key 'agianst'; did you mean"
    ),
    "a rule": edit(
        "speed_km_day", "speed_km_dya", "[rules] has no key 'speed_km_dya'; did you"
    ),
    "a key of an intervention": order(
        "[intervention 1] has no key 'extra_day'; did you mean 'extra_days'?",
        kind='"hold"', place='"Birch"', extra_day="2",
    ),
    "a key of compare": add("[compare]\narm = []", "[compare] has no key 'arm'"),
    "a hook in a file": add('[hook]\nfile = "../x.py"', "there is no 'hook'; known: "),
    "hooks of the scenario": edit(
        "[ensemble]", 'hooks = ["os.system"]\n[ensemble]',
        "[scenario] has no key 'hooks'; known: ",
    ),
    "a line break in a key": add('"a\\nb" = 5', "has no key 'a\\nb'"),
    # --- what must be there ------------------------------------------------------
    "nothing": Case("", "no [scenario]"),
    "no id": edit('id = "mine"\n', "", "[scenario] wants 'id'"),
    "no branch": edit(
        "branch_at = 2030-05-10\n", "", "[scenario] wants 'branch_at'"
    ),
    "no force": edit(
        '[[force]]\nactors = ["red"]\nagainst = ["blue"]\n', "",
        "no [[force]]: say who advances against whom",
    ),
    "no kind": order("[intervention 1] wants 'kind'", place='"Birch"'),
    "no actors": edit(
        'actors = ["red"]', "actors = []", "force 1.actors: [] must not be empty"
    ),
    # --- types -------------------------------------------------------------------
    "a scenario that is a number": Case("scenario = 5", "scenario: 5 must be a table"),
    "a force that is a table": edit(
        "[[force]]", "[force]", "force must be written as [[force]]"
    ),
    "interventions that are numbers": Case(
        f"intervention = [5]\n{GOOD}", "intervention 1: 5 must be a table"
    ),
    "a compare that is a list": add(
        "[[compare]]\narms = []", "compare: [{'arms': []}] must be a table"
    ),
    "an id that is a number": edit('"mine"', "5", "scenario.id: 5 must be a word"),
    "an id that is a path": edit(
        '"mine"', '"../x"', "scenario.id: '../x' must be a word"
    ),
    "an id that is empty": edit('"mine"', '""', "scenario.id: '' must not be empty"),
    "a title that is a number": edit(
        "[ensemble]", "title = 5\n[ensemble]", "scenario.title: 5 must be text"
    ),
    "a title with a null": edit(
        "[ensemble]", 'title = "a\\u0000"\n[ensemble]', "scenario.title: 'a\\x00'"
    ),
    "a title without end": edit(
        "[ensemble]", f'title = "{"y" * 100_000}"\n[ensemble]',
        "is longer than 300 characters",
    ),
    "actors that are text": edit(
        '["red"]', '"red"', "force 1.actors: 'red' must be a list of names"
    ),
    "an actor that is a number": edit(
        '["red"]', '["red", 5]', "force 1.actors: ['red', 5] must be a list of names"
    ),
    "a place that is a list": order(
        "intervention 1.place: ['Birch'] must be text",
        kind='"hold"', place='["Birch"]', extra_days="1",
    ),
    "an engine that is none": edit(
        '"heap"', '"hepa"', "ensemble.engine: 'hepa' must be one of auto, simpy, heap"
    ),
    "an engine that is a number": edit(
        '"heap"', "5", "ensemble.engine: 5 must be text"
    ),
    "a kind that is none": order(
        "intervention 1.kind: 'hook' must be one of hold, close_route",
        kind='"hook"', place='"Birch"',
    ),
    # --- numbers -----------------------------------------------------------------
    **{
        f"a rule of {value}": edit(
            "= 30\n", f"= {value}\n", f"rules.speed_km_day: {told} must be a number"
        )
        for value, told in (
            *(("nan", "nan"), ("inf", "inf"), ("-inf", "-inf"), ("-30", "-30")),
            *(('"fast"', "'fast'"), ("true", "True"), ("[30]", "[30]")),
            *(("1e400", "inf"), ("1" + "0" * 400, "1" + "0" * 79)),
        )
    },
    **{
        f"{value} replicas": edit(
            "replicas = 5", f"replicas = {value}",
            f"ensemble.replicas: {told} must be a whole number, 1 to 100,000",
        )
        for value, told in (
            ("0", "0"), ("-5", "-5"), ("5.0", "5.0"), ("true", "True"), ('"5"', "'5'"),
        )
    },
    **{
        f"a seed of {value}": edit(
            "seed = 1", f"seed = {value}", f"ensemble.seed: {value} must be a whole"
        )
        for value in ("-1", "9223372036854775808", "1.5")
    },
    **{
        f"a horizon of {value}": edit(
            "horizon_days = 8", f"horizon_days = {value}",
            f"scenario.horizon_days: {value} must be a whole number, 1 to 365",
        )
        for value in ("0", "-1", "1.5", "100000")
    },
    **{
        f"a {field} of {value}": order(
            f"intervention 1.{field}: {value} must be a number from 0 to ",
            kind=f'"{kind}"', place='"Birch"', **{field: value},
        )
        for kind, field in (
            ("hold", "extra_days"), ("reinforce", "factor"), ("capacity", "capacity"),
        )
        for value in ("nan", "inf", "-2")
    },
    # --- budgets -----------------------------------------------------------------
    "too many replicas": edit(
        "replicas = 5", "replicas = 900_000",
        "ensemble.replicas: 900,000 is over 100,000", 10,
    ),
    "replicas beyond counting": edit(
        "replicas = 5", f"replicas = {10**30}", "is over 100,000", 10
    ),
    "too many interventions": add(
        HOLD * 501, "intervention: 501 of them are over 500", 10
    ),
    "too many arms": add(
        HOLD + "[compare]\narms = [" + '["hold"], ' * 33 + "]",
        "compare.arms: 33 of them are over 32", 10,
    ),
    "a file without end": Case("#" * (1 << 21), "a scenario has at most 1 MiB", 10),
    # --- days --------------------------------------------------------------------
    **{
        f"{key} at {value}": edit(
            f"{key} = 2030-05-10", f"{key} = {value}", f"scenario.{key}: {told} {DAY}"
        )
        for key in ("branch_at", "published_by")
        for value, told in (
            ('"2030-05-10"', "'2030-05-10'"),
            ("2030-05-10T12:00:00", "2030-05-10 12:00:00"),
            ("2030-05-10T12:00:00Z", "2030-05-10 12:00:00+00:00"),
            ("12:00:00", "12:00:00"),
            ("20300510", "20300510"),
        )
    },
    "an intervention from an hour": order(
        f"intervention 1.from: 2030-05-12 06:00:00 {DAY}",
        start="2030-05-12T06:00:00", kind='"transfer"', place='"Birch"', actor='"red"',
    ),
    "an intervention until an hour": order(
        f"intervention 1.until: 06:00:00 {DAY}", start=ON_12, until="06:00:00", **CUT
    ),
    "a day that is none": edit(
        "branch_at = 2030-05-10", "branch_at = 2030-02-30", "not TOML: Invalid date"
    ),
    "a day before the record": edit(
        "branch_at = 2030-05-10\npublished_by = 2030-05-10", "branch_at = 1999-01-01",
        "scenario.branch_at: 1999-01-01 is before the record",
    ),
    "published before the record": edit(
        "published_by = 2030-05-10", "published_by = 1999-01-01", "is before the record"
    ),
    "the end of the calendar": edit(
        "branch_at = 2030-05-10", "branch_at = 9999-12-30",
        "scenario.branch_at: 9999-12-30 is too near the end of the calendar",
    ),
    "known at a number": edit(
        "published_by = 2030-05-10", "known_at = 5", "scenario.known_at: 5 must be"
    ),
    "known at some time": edit(
        "published_by = 2030-05-10", 'known_at = "soon"',
        "scenario.known_at: 'soon' must be a day, YYYY-MM-DD, a time with its offset",
    ),
    "known at a position that is not there": edit(
        "published_by = 2030-05-10", 'known_at = "@999999"',
        "scenario.known_at: no position 999999; the log ends at",
    ),
    "an intervention before the branch": order(
        "intervention 1 (close_route): from: 2030-05-01 is not after the branch",
        start="2030-05-01", **CUT,
    ),
    "an intervention after the horizon": order(
        "intervention 1 (close_route): from: 2030-09-01 is after the horizon",
        start="2030-09-01", **CUT,
    ),
    "an intervention that ends before it begins": order(
        "intervention 1 (close_route): until: 2030-05-12 is not after 2030-05-14",
        start=ON_14, until=ON_12, **CUT,
    ),
    # --- places, actors, routes ----------------------------------------------------
    "a place that is misspelt": order(
        "intervention 1 (hold): places: no settlement 'Birhc'; did you mean birch?",
        kind='"hold"', place='"Birhc"', extra_days="1",
    ),
    "a place that is not there": order(
        "intervention 1 (hold): places: no settlement 'Atlantis'",
        kind='"hold"', places='["Birch", "Atlantis"]', extra_days="1",
    ),
    "a place without a name": order(
        "intervention 1 (hold): places: no settlement ''",
        kind='"hold"', place='""', extra_days="1",
    ),
    "a place twice": order(
        "intervention 1 (hold): places: birch more than once",
        kind='"hold"', places='["Birch", "birch"]', extra_days="1",
    ),
    "an actor that is misspelt": edit(
        '["red"]', '["rde"]', "force 1.actors: no actor 'rde'; did you mean red?"
    ),
    "a defender that is not there": edit(
        '["blue"]', '["bleu"]', "force 1.against: no actor 'bleu'; did you mean blue?"
    ),
    "a party that is not there": order(
        "intervention 1 (ceasefire): parties: no actor 'green'",
        kind='"ceasefire"', parties='["red", "green"]', start=ON_12, until=ON_14,
    ),
    "a source of supply that is not there": edit(
        'against = ["blue"]', 'against = ["blue"]\nsupply = ["Nowhere"]',
        "force 1.supply: no settlement 'Nowhere'",
    ),
    "a rising where nobody lives": edit(
        'against = ["blue"]', 'against = ["blue"]\nrisings = ["Nowhere"]',
        "force 1.risings: no settlement 'Nowhere'",
    ),
    "an actor against itself": edit(
        '["blue"]', '["blue", "red"]', "force 1.against: 'red' cannot attack itself"
    ),
    "a route that does not exist": order(
        "intervention 1 (close_route): no route 'birch - elm'; did you mean",
        kind='"close_route"', route='["Birch", "Elm"]', start=ON_12,
    ),
    "a route to where it begins": order(
        "intervention 1 (close_route): no route 'birch - birch'",
        kind='"close_route"', route='["Birch", "Birch"]', start=ON_12,
    ),
    "a route of one place": order(
        "intervention 1 (close_route): a route needs two settlements or more",
        kind='"close_route"', route='["Birch"]', start=ON_12,
    ),
    "a corridor to where it begins": order(
        "intervention 1 (open_corridor): a route needs two settlements or more",
        kind='"open_corridor"', route='["Birch", "Birch"]', start=ON_12,
    ),
    # --- interventions that say too much or too little -----------------------------
    "place and places": order(
        "intervention 1: place and places: keep only one",
        kind='"hold"', place='"Birch"', places='["Cedar"]', extra_days="1",
    ),
    "no place": order(
        "intervention 1 (hold): names no place",
        kind='"hold"', places="[]", extra_days="1",
    ),
    "a hold without days": order(
        "intervention 1 (hold): extra_days 0.0 is not above 0",
        kind='"hold"', place='"Birch"',
    ),
    "a hold with a factor": order(
        "intervention 1 (hold): hold does not use factor",
        kind='"hold"', place='"Birch"', extra_days="1", factor="2",
    ),
    "a reinforcement to nothing": order(
        "intervention 1 (reinforce): factor 0.0 is not between 0 and 1000",
        kind='"reinforce"', place='"Birch"', factor="0",
    ),
    "a transfer to nobody": order(
        "intervention 1 (transfer): names no actor to hand over to",
        kind='"transfer"', place='"Birch"', start=ON_12,
    ),
    "a transfer on no day": order(
        "intervention 1 (transfer): a transfer wants 'from'",
        kind='"transfer"', place='"Birch"', actor='"red"',
    ),
    "a ceasefire with oneself": order(
        "intervention 1 (ceasefire): a ceasefire needs two parties",
        kind='"ceasefire"', parties='["red"]', start=ON_12, until=ON_14,
    ),
    "a ceasefire at a place": order(
        "intervention 1 (ceasefire): a ceasefire holds everywhere",
        kind='"ceasefire"', place='"Birch"', start=ON_12, until=ON_14,
    ),
    "a route both shut and open": add(
        one(name='"a"', start=ON_12, **CUT)
        + one(name='"b"', start=ON_12, **CUT | {"kind": '"open_corridor"'}),
        "'a' and intervention 'b' shut and open one route at one time",
    ),
    "two holds of one place": add(
        HOLD + HOLD.replace("= 2", '= 3\nname = "more"'),
        "both hold birch at one time; add the days",
    ),
    "a place handed to two": add(
        "".join(
            one(kind='"transfer"', place='"Birch"', actor=actor, start=ON_12)
            for actor in ('"red"', '"blue"')
        ),
        "contradict each other: birch, one day",
    ),
    # --- arms --------------------------------------------------------------------
    "arms that are text": arms('"hold"', "arms: 'hold' must be a list of lists"),
    "arms that are names": arms('["hold"]', "compare.arms: 'hold' must be a list of"),
    "an arm of nothing": arms("[[]]", "compare.arms: [] must be a list of"),
    "an arm that is misspelt": arms(
        '[["hodl"]]', "compare.arms: 'hodl' names no intervention; did you mean 'hold'?"
    ),
    "an arm that is a number": arms("[[1]]", "compare.arms: 1 names no intervention"),
    "an arm that is a table": arms(
        "[[{a = 1}]]", "compare.arms: {'a': 1} names no intervention"
    ),
    "an arm with a name twice": arms(
        '[["hold", "hold"]]', "compare.arms: 'hold' stands twice in one arm"
    ),
    "a name that is empty": add(
        HOLD + 'name = ""', "intervention 1.name: '' must not be empty"
    ),
    "a name that is a number": add(
        HOLD + "name = 5", "intervention 1.name: 5 must be text"
    ),
    "a name without end": add(
        HOLD + f'name = "{"x" * 5000}"', "is longer than 300 characters"
    ),
    "an arm called baseline": add(
        HOLD + 'name = "Baseline"',
        "'baseline' and 'Baseline' would have the same files"
    ),
    "an arm called as the summary is": add(
        HOLD + 'name = "what_if"', "'what_if' is a word of the summary"
    ),
    "arms with the same files": add(
        HOLD + 'name = "a b"\n' + one(
            name='"a-b"', kind='"hold"', place='"Elm"', extra_days="1"
        ) + '[compare]\narms = [["a b"], ["a-b"]]',
        "'a b' and 'a-b' would have the same files",
    ),
    # --- other files -----------------------------------------------------------------
    "parameters that are misspelt": edit(
        "seed = 1", 'seed = 1\nparameters = "priro"',
        "ensemble.parameters: 'priro' must be one of fixed, prior; did you mean",
    ),
    "a posterior elsewhere": edit(
        "seed = 1", 'seed = 1\nparameters = "../posterior.json"',
        "ensemble.parameters: '../posterior.json' must lie beside the scenario",
    ),
    "a posterior at the root": edit(
        "seed = 1", 'seed = 1\nparameters = "/etc/posterior.json"',
        "ensemble.parameters: '/etc/posterior.json' must lie beside the scenario",
    ),
    "a posterior that is missing": edit(
        "seed = 1", 'seed = 1\nparameters = "none.json"',
        "ensemble.parameters: cannot read",
    ),
    "a posterior that is the scenario": edit(
        "seed = 1", 'seed = 1\nparameters = "circle.json"',
        "ensemble.parameters: cannot read",
    ),
    # --- not TOML ------------------------------------------------------------------
    "no TOML": Case("what is this", "not TOML: Expected '=' after a key"),
    "JSON": Case('{"scenario": {}}', "not TOML"),
    "a key twice": edit("seed = 1", "seed = 1\nseed = 2", "not TOML: Cannot overwrite"),
    "a table twice": add("[rules]\nhold_days = 1", "not TOML: Cannot declare"),
    "a control character": add("# \x01", "not TOML: Found invalid character"),
    "lists without end": add("x = " + "[" * 5000 + "]" * 5000, "not TOML"),
    "tables without end": add("x = " + "{a=" * 5000 + "1" + "}" * 5000, "not TOML"),
}  # fmt: skip


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hostile") / "five.chronicle"
    assert shell("init", path).code == 0
    assert shell("import", path, FIVE_TOWNS / "data").code == 0
    return path


def told(scenario: Path, record: Path, out: Path, *, code: int) -> str:
    """What the command says of a scenario that it must refuse, leaving nothing."""
    ended = shell("run", scenario, record, "--out", out, "--format", "json")
    assert ended.code == code, ended.err
    assert ended.out == ""
    assert "Traceback" not in ended.err
    assert len(ended.err.splitlines()) == 1
    assert not out.exists()
    return ended.err


@pytest.mark.parametrize("name", CASES)
def test_a_broken_scenario_is_told(record: Path, tmp_path: Path, name: str) -> None:
    case = CASES[name]
    path = tmp_path / "broken.toml"
    path.write_text(case.text)
    (tmp_path / "circle.json").symlink_to("circle.json")
    said = told(path, record, tmp_path / "out", code=case.code)
    assert "broken.toml" in said
    assert case.said in said


def test_the_good_scenario_runs(record: Path, tmp_path: Path) -> None:
    """Else every case above might be refused for another reason than its own."""
    path = tmp_path / "good.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    ended = shell("run", path, record, "--format", "json")
    assert ended.code == 0, ended.err


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_a_scenario_in_another_encoding_is_told(
    record: Path, tmp_path: Path, encoding: str
) -> None:
    path = tmp_path / "broken.toml"
    path.write_bytes(GOOD.replace("[ens", 'title = "é"\n[ens').encode(encoding))
    said = told(path, record, tmp_path / "out", code=3)
    assert "not UTF-8 at byte" in said


@pytest.mark.parametrize(
    ("name", "said", "code"),
    [
        ("nowhere.toml", "No such file or directory", 3),
        (".", "Is a directory", 3),
        ("ring.toml", "Too many levels of symbolic links", 3),
        ("endless.toml", "a scenario has at most 1 MiB", 10),
    ],
)
def test_what_is_no_file_is_told(
    record: Path, tmp_path: Path, name: str, said: str, code: int
) -> None:
    (tmp_path / "ring.toml").symlink_to("ring.toml")
    (tmp_path / "endless.toml").symlink_to("/dev/zero")
    assert said in told(tmp_path / name, record, tmp_path / "out", code=code)


def test_a_pipe_is_read_like_a_file(record: Path, tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, GOOD.encode())
    os.close(writing)
    try:
        ended = shell("run", f"/dev/fd/{reading}", record, "--format", "json")
    finally:
        os.close(reading)
    assert ended.code == 0, ended.err


def test_a_mistake_is_told_to_programs_too(record: Path, tmp_path: Path) -> None:
    import json

    path = tmp_path / "broken.toml"
    path.write_text(GOOD.replace("seed = 1", "seed = -1"))
    ended = shell("--json-errors", "run", path, record)
    said: dict[str, Any] = json.loads(ended.err)
    assert (ended.code, said["exit_code"], said["error"]) == (3, 3, "InputError")
    line = 1 + path.read_text().splitlines().index("seed = -1")
    assert f"broken.toml:{line}: ensemble.seed: -1" in said["message"]
