"""What the page sends is previewed, and recorded, by the domain's own rules."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import uvicorn

from chronicle.api import Chronicle, create, open_chronicle
from chronicle.domain.events import (
    ActorRegistered,
    ControlReported,
    ReportsLinked,
    SettlementRegistered,
    SourceRegistered,
)
from chronicle.errors import Conflict, InputError, StorageError
from chronicle.web import entry
from chronicle.web.entry import Desk, Draft, Fault, previewed, recorded
from chronicle.web.server import Page, free_socket, page_app
from chronicle.web.shell import Shell
from page_writer import Writer

TOKEN = "a-token-of-the-test"
NAMES = "kind,name,choice\nsettlement,Hula,\n"
REPORT = {
    "settlement": "ألدر",
    "controller": "Blue Guard",
    "valid_from": "2024-12-02",
    "source": "Radio One",
    "published": "2024-12-02",
}


def control(report: str, actor: str, day: str, source: str = "radio") -> Any:
    return ControlReported(
        report_id=report,
        source=source,
        settlement="alder",
        controller=actor,
        valid_from=day,
        published=day,
    )


def filled(record: Chronicle) -> Chronicle:
    record.append(
        [
            SettlementRegistered(
                settlement="alder", name="Alder", lat=1, lon=2, aliases=("ألدر",)
            ),
            SettlementRegistered(settlement="birch", name="Birch", lat=1.2, lon=2),
            ActorRegistered(actor="red", name="Red Army"),
            ActorRegistered(actor="blue", name="Blue Guard"),
            SourceRegistered(source="radio", name="Radio One", reliability="B"),
            SourceRegistered(source="paper", name="Paper", reliability="C"),
            control("r1", "red", "2024-12-01"),
        ]
    )
    return record


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Chronicle]:
    with create(tmp_path / "toy.chronicle") as made:
        yield filled(made)


def test_a_preview_says_what_the_state_would_become_and_records_nothing(
    record: Chronicle,
) -> None:
    head = record.head
    found = previewed(record, Draft(kind="control", fields=REPORT))
    assert record.head == head == found["position"]
    (place,) = found["places"]
    assert (place["before"]["control"], place["after"]["control"]) == ("red", "blue")
    assert place["on"] == (date(2024, 12, 2) - date(1970, 1, 1)).days
    days = [[span[1] for span in place[name]] for name in ("spansBefore", "spansAfter")]
    assert days == [["red"], ["red", "blue"]]
    assert found["seen"] == {"alder": head}
    assert found["adds"][0]["source"] == "radio"  # found by its name

    made = recorded(record, Draft(kind="control", fields=REPORT, key="k1"))
    assert made["position"] == head + 1
    assert record.state("2024-12-02").control["alder"] == "blue"
    again = recorded(record, Draft(kind="control", fields=REPORT, key="k1"))
    assert again == made
    assert previewed(record, Draft(kind="control", fields=REPORT))["adds"] == []


@pytest.mark.parametrize(
    ("lens", "long"),
    [
        *((one, 10_000) for one in ("latest", "graded", "majority", "cautious")),
        ("latest", 1),
    ],
)
def test_a_preview_is_the_state_that_comes(
    record: Chronicle, lens: str, long: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of every kind of entry, on short logs and by the index of long ones."""
    monkeypatch.setattr("chronicle.api.base.LONG", long)
    rng = random.Random(7)
    told = ["r1"]
    for number in range(24):
        kind = rng.choice(["control", "control", "amend", "retract", "link"])
        fields = {"report": rng.choice(told), "reason": "a test"}
        changes: dict[str, str] = {}
        if kind == "control":
            fields = {
                **REPORT,
                "controller": rng.choice(["red", "blue"]),
                "source": rng.choice(["radio", "paper", "passer-by"]),
                "valid_from": f"2024-12-0{rng.randint(1, 6)}",
                "note": str(number),
            }
        elif kind == "amend":
            changes = {"valid_from": f"2024-12-0{rng.randint(1, 6)}"}
            if rng.random() < 0.3:
                changes["settlement"] = rng.choice(["alder", "Birch"])
        elif kind == "link":
            fields = {"report": fields["report"], "other": rng.choice(told)}
            fields["relation"] = "disputes"
        draft = Draft(kind=kind, fields=fields, changes=changes, lens=lens)
        try:
            found = previewed(record, draft)
        except Fault:
            continue  # an amendment of a remark, a link with itself
        except InputError:
            continue  # a retraction of what cannot be taken back
        made = recorded(record, draft)
        if found["adds"] and kind == "control":
            told.append(made["report"])
        for place in found["places"]:
            on = date.fromordinal(place["on"] + date(1970, 1, 1).toordinal())
            state = record.state(on, lens=lens).places[place["settlement"]]
            after = place["after"]
            assert (after["control"], after["status"], after["disputed"]) == (
                state.control,
                state.status,
                state.disputed,
            )
    assert len(told) > 5


def test_all_that_is_wrong_is_told_at_its_fields(record: Chronicle) -> None:
    wrong = {"settlement": "Aldar", "valid_from": "2024-13-01", "credibility": "9"}
    with pytest.raises(Fault) as caught:
        previewed(record, Draft(kind="control", fields=wrong))
    faults = caught.value.faults
    assert set(faults) == {"settlement", "valid_from", "credibility", "source"}
    assert "alder" in getattr(faults["settlement"], "candidates", [])
    with pytest.raises(Fault) as caught:
        previewed(record, Draft(kind="control", fields={**REPORT, "status": "vacated"}))
    assert set(caught.value.faults) == {"controller"}  # they contradict each other


def test_an_amendment_a_retraction_and_a_link_are_foretold(record: Chronicle) -> None:
    record.append(control("r2", "blue", "2024-12-01", "paper"))
    fields = {"report": "r2", "reason": "misread"}
    moved = previewed(
        record,
        Draft(kind="amend", fields=fields, changes={"valid_from": "2024-12-05"}),
    )
    assert moved["places"][0]["before"]["disputed"]
    assert moved["places"][0]["after"]["control"] == "red"
    assert not moved["places"][0]["after"]["disputed"]
    gone = previewed(record, Draft(kind="retract", fields=fields))
    assert gone["told"][0]["after"] is None
    assert gone["places"][0]["after"]["control"] == "red"
    back = recorded(record, Draft(kind="retract", fields=fields))
    again = previewed(record, Draft(kind="retract", fields={"report": back["report"]}))
    assert again["told"][0]["before"] is None
    assert again["places"][0]["after"]["control"] == "blue"
    record.append(control("r3", "red", "2024-12-09", "paper"))
    linked = {"report": "r1", "other": "r3", "relation": "disputes"}
    doubt = previewed(record, Draft(kind="link", fields=linked))
    assert [one["after"]["disputed"] for one in doubt["places"]] == [True]
    assert not doubt["places"][0]["before"]["disputed"]


def test_what_should_not_be_in_a_record_is_pointed_at(record: Chronicle) -> None:
    def cares(**more: str) -> list[str]:
        draft = Draft(kind="control", fields={**REPORT, **more})
        found: list[str] = previewed(record, draft)["cares"]
        return found

    assert cares() == []
    assert cares(note="told by ali@example.org") == ["contact"]
    assert cares(note="call +963 944 123 456") == ["contact"]
    assert cares(note="at 35.1318, 36.7578") == ["spot"]
    assert cares(note="grid 37S BV 12345 67890") == ["spot"]
    assert cares(note="about 12,000 people on 2024-12-02, 3 of 14 quarters") == []
    assert cares(source="somebody") == ["stranger"]
    assert cares(published="2024-11-30") == ["before"]
    assert cares(published="") == ["unpublished"]


def test_who_was_overtaken_is_told_and_records_nothing(
    record: Chronicle, tmp_path: Path
) -> None:
    seen = previewed(record, Draft(kind="control", fields=REPORT))["seen"]
    with open_chronicle(tmp_path / "toy.chronicle") as other:
        other.append(control("r2", "blue", "2024-12-02", "paper"))
    draft = Draft(kind="control", fields=REPORT, expected=seen, key="k")
    head = record.head
    with pytest.raises(Conflict, match="later event"):
        recorded(record, draft)
    assert record.head == head


def test_what_was_taken_back_is_not_said_to_stand(record: Chronicle) -> None:
    draft = Draft(kind="control", fields=REPORT)
    report = recorded(record, draft)["report"]
    assert previewed(record, draft)["stands"] == record.head
    recorded(record, Draft(kind="retract", fields={"report": report, "reason": "oops"}))
    with pytest.raises(Fault) as fault:
        previewed(record, draft)
    assert "was retracted" in str(fault.value.faults["report_id"])


def test_what_is_recorded_but_cannot_be_read_is_not_said_to_be_refused(
    record: Chronicle, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = mock.Mock(side_effect=StorageError("the disk is gone"))
    monkeypatch.setattr(Chronicle, "log", broken)
    told = recorded(record, Draft(kind="control", fields=REPORT))
    assert told == {"position": record.head, "report": ""}


# --- by the wire -------------------------------------------------------------------


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Writer]:
    path = tmp_path_factory.mktemp("written") / "toy.chronicle"
    names = path.with_name("names.csv")
    names.write_text(NAMES)
    sock = free_socket(0)
    port = sock.getsockname()[1]
    ready = threading.Event()
    stop: list[uvicorn.Server] = []
    desk = Desk(lambda: open_chronicle(path, lock_timeout=0.2))

    def work() -> None:  # a SQLite log belongs to the thread that opened it
        with create(path) as record:
            page = Page(filled(record), "toy", None, desk, names)
            shell = Shell(page_app(page), port=port, token=TOKEN, writes=True)
            config = uvicorn.Config(
                shell, http="h11", ws="none", lifespan="off", log_level="critical"
            )
            stop.append(uvicorn.Server(config))
            ready.set()
            stop[0].run(sockets=[sock])
            page.stopping.set()

    thread = threading.Thread(target=work)
    thread.start()
    ready.wait(20)
    yield Writer(path, port, f"chronicle-{port}={TOKEN}", names)
    stop[0].should_exit = True
    thread.join(20)
    desk.close()
    sock.close()


DRAFT: dict[str, Any] = {"kind": "control", "fields": REPORT}


def test_only_the_page_itself_may_write(writer: Writer) -> None:
    with open_chronicle(writer.path) as record:
        head = record.head
    here = f"http://127.0.0.1:{writer.port}"
    body = json.dumps({**DRAFT, "key": "csrf"}).encode()
    wrong: list[tuple[dict[str, str], int]] = [
        ({"Origin": ""}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": f"http://127.0.0.1:{writer.port + 1}"}, 403),
        ({"Origin": f"http://localhost:{writer.port}"}, 403),
        ({"Origin": here, "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": here, "Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": here, "Sec-Fetch-Site": "none"}, 403),
        ({"Host": "evil.example", "Origin": "http://evil.example"}, 421),
        ({"Cookie": ""}, 401),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": "application/json; charset=utf-8"}, 415),
        ({"Content-Length": "9999999"}, 413),
        ({"Content-Length": "-1"}, 400),
        ({"Content-Length": "", "Transfer-Encoding": "chunked"}, 411),
    ]
    for headers, status in wrong:
        answer, _ = writer.send("/entry/record", body, headers)
        assert answer == status, headers
    for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS"):
        assert writer.send("/entry/record", b"", {}, method)[0] in (404, 405, 415)
    with open_chronicle(writer.path) as record:
        assert record.head == head
    assert writer.send("/entry/record", body, {})[0] == 200


def test_a_busy_file_is_said_and_a_free_one_takes_the_same_command(
    writer: Writer,
) -> None:
    fields = {**REPORT, "valid_from": "2024-12-07", "published": "2024-12-07"}
    draft = {"kind": "control", "fields": fields, "key": "patient"}
    body = json.dumps(draft).encode()
    with open_chronicle(writer.path) as other, other._log.store.writing():
        status, answer = writer.send("/entry/record", body, {})
        assert (status, answer["faults"][0]["error"]) == (423, "Busy")
        assert writer.send("/entry/preview", body, {})[0] == 200  # asks for no lock
    status, first = writer.send("/entry/record", body, {})
    assert status == 200
    assert writer.send("/entry/record", body, {}) == (200, first)


def test_a_body_that_does_not_come_is_no_fault_of_the_server(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entry, "PATIENCE", 0.05)
    short = {"Content-Length": "2000"}
    status, answer = writer.send("/entry/preview", b"{", short)
    assert (status, answer["faults"][0]["error"]) == (422, "InputError")


def test_nothing_that_is_sent_breaks_the_server(writer: Writer) -> None:
    rng = random.Random(11)
    with open_chronicle(writer.path) as record:
        head = record.head
    good = json.dumps(DRAFT)
    nasty = [
        b"", b"null", b"[]", b"{}", b"\xff\xfe", b'{"kind":1}', b"[" * 100_000,
        b'{"kind":"control","fields":' + b'{"a":' * 5_000, b'{"kind":"__class__"}',
        b'{"kind":"control","fields":{"settlement":null}}',
        b'{"kind":"control","fields":{"dataset":"what-if:x"}}',
        b'{"kind":"control","expected":{"alder":1e999}}',
        b'{"kind":"control","expected":{"alder":99999999999999999999999}}',
        b'{"kind":"retract","fields":{"report":"nobody"}}',
        b'{"kind":"amend","fields":{"report":"r1"},"changes":{"report_id":"x"}}',
        b'{"kind":"amend","fields":{"report":"r1"},"changes":{"valid_from":""}}',
        b'{"kind":"settlement","fields":{"name":"\\u202e","settlement":"x"}}',
        b'{"kind":"link","fields":{"report":"r1","other":"r1","relation":"disputes"}}',
        b'{"kind":"control","lens":"\\u0000","fields":{}}',
        json.dumps({**DRAFT, "lens": "no-lens"}).encode(),
        json.dumps({**DRAFT, "key": "\ud800"}).encode(),
        json.dumps({**DRAFT, "key": "k" * 5_000}).encode(),
        json.dumps({**DRAFT, "changes": dict.fromkeys(map(str, range(99)))}).encode(),
        json.dumps({**DRAFT, "fields": {"note": "x" * 300_000}}).encode(),
    ]  # fmt: skip
    for _ in range(120):
        broken = bytearray(good.encode())
        for _ in range(rng.randint(1, 6)):
            broken[rng.randrange(len(broken))] = rng.randrange(256)
        nasty.append(bytes(broken))
    for body in nasty:
        for path in ("/entry/preview", "/entry/record"):
            status, answer = writer.send(path, body, {})
            assert status in (200, 400, 409, 422), (path, body[:200], answer)
    with open_chronicle(writer.path) as record:
        assert record.verify() is not None
        assert record.head - head < 40  # mutants that are reports, such as of a note


def test_a_review_takes_no_nonsense_either(writer: Writer) -> None:
    choice = {"kind": "settlement", "name": "x", "choice": "new", "seen": ""}
    nasty = [
        b"", b"[]", b"[" * 100_000, b"{}", b'{"kind":1}',
        json.dumps(choice).encode(),
        json.dumps({**choice, "seen": "../../etc/passwd"}).encode(),
        json.dumps({**choice, "path": "/etc/passwd"}).encode(),
        json.dumps({**choice, "name": "x" * 300_000}).encode(),
    ]  # fmt: skip
    for body in nasty:
        assert writer.send("/entry/choose", body, {})[0] in (409, 422)
    assert writer.review.read_text() == NAMES
    status, told = writer.send("/entry/review", b"{}", {})
    assert (status, told["rows"][0]["name"]) == (200, "Hula")
    good = {**choice, "name": "Hula", "seen": told["seen"]}
    wrong = {**good, "choice": "../birch"}
    assert writer.send("/entry/choose", json.dumps(wrong).encode(), {})[0] == 422
    evil = {"Origin": "https://evil.example"}
    assert writer.send("/entry/choose", json.dumps(good).encode(), evil)[0] == 403
    assert writer.send("/entry/choose", json.dumps(good).encode(), {})[0] == 200
    assert ",Hula,new," in writer.review.read_text("utf-8-sig")


def test_without_it_no_route_writes(tmp_path: Path) -> None:
    with create(tmp_path / "toy.chronicle") as record:
        app = page_app(Page(filled(record), "toy", None))
    methods = {m for route in app.routes for m in getattr(route, "methods", ())}
    assert methods == {"GET", "HEAD"}
    assert not [r for r in app.routes if "entry" in getattr(r, "path", "")]


def test_a_link_is_no_change_of_who_says_it(record: Chronicle) -> None:
    made = recorded(
        record,
        Draft(kind="control", fields={**REPORT, "source": "paper"}, key="a"),
    )
    fields = {"report": "r1", "other": made["report"], "relation": "same-change"}
    link = recorded(record, Draft(kind="link", fields=fields))
    told = record.report(link["report"])
    assert told is not None
    assert isinstance(told.event, ReportsLinked)
    assert told.event.source == "editor"
