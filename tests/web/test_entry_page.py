"""Entry in a real browser: by keyboard, with a preview, and nothing typed is lost."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browser import CHROMIUM, Browser, Tab
from chronicle.api import create, open_chronicle
from chronicle.domain.events import (
    ActorRegistered,
    ControlReported,
    SettlementRegistered,
    SourceRegistered,
)
from web_page import AXE, Served, clean, serving, stop

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None, reason="no Chromium: tools/install-chromium installs it"
    ),
]
READY = "document.documentElement.dataset.entry === '1'"
STATUS = "document.getElementById('entrystatus').textContent"
MARKUP = "<img src=x onerror=\"document.title='run'\">"


def control(report: str, actor: str, day: str, **more: Any) -> ControlReported:
    return ControlReported(
        **{
            "report_id": report,
            "source": "radio",
            "settlement": "alder",
            "controller": actor,
            "valid_from": day,
            "published": day,
            **more,
        }
    )


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    path = tmp_path_factory.mktemp("entry") / "toy.chronicle"
    with create(path) as record:
        record.append(
            [
                SettlementRegistered(
                    settlement="alder", name="Ḩalab", aliases=("حلب",), lat=1, lon=2
                ),
                SettlementRegistered(settlement="birch", name=MARKUP, lat=1.2, lon=2),
                ActorRegistered(actor="red", name="Red Army", short="Red"),
                ActorRegistered(actor="blue", name="Blue Guard", short="Blue"),
                SourceRegistered(source="radio", name="Radio One", reliability="B"),
                control("r1", "red", "2024-12-01", note=MARKUP),
            ]
        )
    started = serving(path, "--write")
    yield started
    if started.process.poll() is None:
        stop(started)


@pytest.fixture
def page(browser: Browser, served: Served) -> Tab:
    tab = browser.page()
    tab.go(served.address + "#on=2024-12-01", READY)
    return tab


def text(tab: Tab, id_: str) -> str:
    found: str = tab.run(f"document.getElementById({id_!r}).textContent")
    return found


def focus(tab: Tab, name: str) -> None:
    tab.run(f"chronicle.entry.fields.find((o) => o.name === {name!r}).control.focus()")


def fill(tab: Tab, name: str, value: str) -> None:
    tab.run(
        f"(() => {{ const f = chronicle.entry.fields.find((o) => o.name === {name!r});"
        f" f.control.value = {value!r}; f.control.dispatchEvent(new Event('input'));"
        " f.closed(); })()"
    )


def put(tab: Tab, **fields: str) -> None:
    for name, value in fields.items():
        fill(tab, name, value)


def looked(tab: Tab) -> str:
    """What the preview says, when it may be recorded."""
    tab.wait("!chronicle.entry.record.disabled")
    return text(tab, "entrypreview")


def test_a_report_is_recorded_by_keyboard_with_its_preview_and_taken_back(
    page: Tab, served: Served
) -> None:
    page.key("e")
    assert page.run("document.getElementById('entry').open")
    focus(page, "settlement")
    page.type("حلب")
    page.wait("document.querySelector('.combo ul:not([hidden]) li')")
    page.key("ArrowDown")
    page.key("Enter")
    page.key("Tab")  # to the status
    page.key("Tab")
    page.type("blu")
    page.wait("document.querySelector('.combo ul:not([hidden]) li')")
    page.key("Enter")
    told = "Object.fromEntries(chronicle.entry.fields.map((o) => [o.name, o.value]))"
    assert page.run(told)["settlement"] == "alder"
    assert page.run(told)["controller"] == "blue"
    focus(page, "source")
    page.type("radio")
    page.key("Escape")  # closes the list, and not the form
    assert page.run("document.getElementById('entry').open")
    put(page, valid_from="2024-12-02", published="2024-12-02")
    said = looked(page)
    assert "Ḩalab" in said
    assert said.index("Red") < said.index("Blue")
    with open_chronicle(served.path) as record:
        head = record.head
    page.call(
        "Input.dispatchKeyEvent", type="keyDown", key="Enter", modifiers=2,
        windowsVirtualKeyCode=13,
    )  # fmt: skip
    page.wait("document.getElementById('entrystatus').className === 'good'")
    with open_chronicle(served.path) as record:
        assert record.head == head + 1
        assert record.state("2024-12-02").control["alder"] == "blue"
    page.wait(f"chronicle.record.position === {head + 1}")  # the map has it, too
    page.run("document.querySelector('#entrystatus button').click()")  # take it back
    said = looked(page)
    assert "counts no more" in said
    assert said.index("Blue") < said.index("Red")
    page.key("Enter", shift=False)
    page.run("chronicle.entry.record.click()")
    page.wait("document.getElementById('entrystatus').className === 'good'")
    with open_chronicle(served.path) as record:
        assert record.state("2024-12-02").control["alder"] == "red"
    clean(page)


def test_what_is_wrong_is_said_at_the_field_and_offers_what_is_meant(page: Tab) -> None:
    page.run("chronicle.entry.open()")
    put(page, settlement="aldar", controller="red", source="radio")
    page.wait("document.querySelector('.field.bad')")
    bad = "chronicle.entry.fields.filter((o) => !o.fault.hidden).map((o) => o.name)"
    assert page.run(bad) == ["settlement"]
    invalid = "document.querySelector('.field.bad input').getAttribute('aria-invalid')"
    assert page.run(invalid) == "true"
    page.run("document.querySelector('.field.bad .fault button').click()")
    looked(page)
    assert page.run(bad) == []
    put(page, note="safe\u202egnp.exe")
    page.wait("document.querySelector('.field.bad')")
    assert page.run(bad) == ["note"]  # what turns text round is refused, and not shown
    assert "\u202e" not in page.run("document.body.innerText")
    put(page, note="", status="vacated")
    page.wait(
        "chronicle.entry.fields.some((o) => o.name === 'controller' && !o.fault.hidden)"
    )
    page.wait("document.querySelector('.field.bad')")
    assert page.run(bad) == ["controller"]
    assert page.run("chronicle.entry.record.disabled")
    page.errors[:] = [one for one in page.errors if "422" not in one]
    clean(page)


def test_an_amendment_begins_with_what_the_report_says(
    page: Tab, served: Served
) -> None:
    page.wait("document.querySelector('.deed')")
    page.run("document.querySelector('.deed').click()")
    page.wait("chronicle.entry.target !== null")
    changed = "chronicle.entry.fields.filter((o) => o.of === 'changes')"
    held = page.run(f"Object.fromEntries({changed}.map((o) => [o.name, o.value]))")
    assert held["controller"] == "red"
    assert held["note"] == MARKUP  # text, wherever it is shown
    assert "source" not in held
    put(page, reason="misread")
    page.run(
        f"(() => {{ const f = {changed}.find((o) => o.name === 'valid_from');"
        " f.control.value = '2024-11-30';"
        " f.control.dispatchEvent(new Event('input')); })()"
    )
    said = looked(page)
    assert "1 Dec 2024" in said
    assert "30 Nov 2024" in said
    turn = "document.querySelectorAll('.deeds button')"
    page.run(f"{turn}[0].click(), {turn}[1].click()")  # and nothing typed is lost
    page.wait("chronicle.entry.target !== null")
    assert "30 Nov 2024" in looked(page)
    page.run("chronicle.entry.record.click()")
    page.wait("document.getElementById('entrystatus').className === 'good'")
    with open_chronicle(served.path) as record:
        held = record.effective("r1")
        assert str(held.valid_from) == "2024-11-30"
    assert page.run("document.querySelectorAll('img').length") == 0
    clean(page)


def test_a_colleague_a_busy_file_and_a_lost_answer_lose_nothing(
    page: Tab, served: Served
) -> None:
    page.run("chronicle.entry.open()")
    typed = {
        "settlement": "alder", "controller": "blue", "source": "radio",
        "valid_from": "2024-12-05", "published": "2024-12-05",
        "note": "typed with care",
    }  # fmt: skip
    put(page, **typed)
    looked(page)
    with open_chronicle(served.path) as other:
        other.append(control("r7", "blue", "2024-12-04"))
        head = other.head
    page.run("chronicle.entry.record.click()")
    page.wait("document.getElementById('entrystatus').className === 'bad'")
    assert "meanwhile" in text(page, "entrystatus")
    said = looked(page)  # it looked again by itself
    assert "stays as it was" in said or "Blue" in said
    with open_chronicle(served.path) as other:
        assert other.head == head
        with other._log.store.writing():
            page.run("chronicle.entry.record.click()")
            page.wait(f"{STATUS}.includes('another program')")
    # The answer is lost on its way, after the server has recorded it.
    page.run(
        "window.real = fetch; window.fetch = async (path, how) => {"
        " const got = await real(path, how);"
        " if (path === 'entry/record') throw new TypeError('gone'); return got; }; 0"
    )
    page.run("chronicle.entry.record.click()")
    page.wait(f"{STATUS}.includes('may be')")
    held = "Object.fromEntries(chronicle.entry.fields.map((o) => [o.name, o.value]))"
    assert typed.items() <= page.run(held).items()
    page.run("window.fetch = window.real; chronicle.entry.record.click()")
    page.wait("document.getElementById('entrystatus').className === 'good'")
    with open_chronicle(served.path) as other:
        assert other.head == head + 1
    page.errors[:] = [
        one for one in page.errors if "409" not in one and "423" not in one
    ]
    clean(page)


def test_another_site_cannot_write_and_a_read_only_page_has_no_form(
    browser: Browser, served: Served, tmp_path: Path
) -> None:
    with open_chronicle(served.path) as record:
        head = record.head
    tab = browser.page()
    tab.go(served.address, READY)  # the cookie is in this browser's jar now
    port = served.address.split(":")[2].split("/")[0]
    evil = tmp_path / "evil.html"
    draft = {"kind": "control", "fields": {"settlement": "alder", "controller": "blue"}}
    body = json.dumps({**draft, "fields": {**draft["fields"], "source": "radio"}})
    evil.write_text(
        f"<form id=f method=post enctype=text/plain target=t action="
        f"http://127.0.0.1:{port}/entry/record><input name='{body}'></form>"
        "<iframe name=t></iframe>"
    )
    tab.go(evil.as_uri(), "document.getElementById('f')")
    got = tab.run(
        f"Promise.all(['include', 'omit'].map((credentials) => ['application/json',"
        f" 'text/plain'].map((kind) => fetch('http://127.0.0.1:{port}/entry/record',"
        f" {{ method: 'POST', credentials, mode: kind === 'text/plain' ? 'no-cors' :"
        f" 'cors', headers: {{ 'content-type': kind }}, body: {body!r} }})"
        ".then((a) => a.type, () => 'refused'))).flat())"
    )
    assert set(got) <= {"refused", "opaque"}
    tab.run("document.getElementById('f').submit()")
    time.sleep(0.4)
    with open_chronicle(served.path) as record:
        assert record.head == head

    plain = serving(served.path)
    try:
        reader = browser.page()
        reader.go(plain.address)
        assert reader.run("document.getElementById('entry')") is None
        assert reader.run("fetch('entry.js').then((a) => a.status)") == 404
        status = "fetch('entry/record', { method: 'POST' }).then((a) => a.status)"
        assert reader.run(status) == 405
    finally:
        stop(plain)


@pytest.mark.parametrize("lang", ["en", "ar"])
def test_the_form_has_no_fault_of_access_and_fits_a_phone(
    browser: Browser, served: Served, lang: str
) -> None:
    tab = browser.page(390, 844, mobile=True, deviceScaleFactor=2)
    tab.go(f"{served.address}#on=2024-12-01&lang={lang}", READY)
    tab.run("chronicle.entry.open()")
    put(tab, settlement="alder", controller="blue", source="somebody")
    looked(tab)
    assert tab.run("document.documentElement.scrollWidth") <= 390
    wide = "document.querySelector('.entrybody').scrollWidth"
    assert tab.run(f"{wide} <= document.querySelector('.entrybody').clientWidth")
    tab.run(AXE.read_text() + ";0")
    found = tab.run("axe.run().then((one) => JSON.stringify(one.violations))")
    faults = [
        (one["id"], [node["html"][:150] for node in one["nodes"]])
        for one in json.loads(found)
    ]
    assert faults == []
    clean(tab)


def test_what_is_typed_of_a_report_is_not_told_of_anything_else(page: Tab) -> None:
    page.run("chronicle.entry.open()")
    put(page, settlement="alder", source="radio", published="2024-12-02")
    kind = "chronicle.entry.kinds"
    page.run(f"{kind}.value = 'settlement'; {kind}.dispatchEvent(new Event('change'))")
    held = "Object.fromEntries(chronicle.entry.fields.map((o) => [o.name, o.value]))"
    assert page.run(held)["published"] == ""  # or the place were unknown before it
    put(page, name="Tall Ḩabash")
    assert page.run(held)["settlement"] == "tall-habash"
    page.run("document.querySelectorAll('.deeds button')[2].click()")  # retract
    assert page.run(held)["source"] == "editor"
    assert page.run(held)["published"] == ""
    page.run("document.querySelectorAll('.deeds button')[0].click()")
    assert page.run(held)["name"] == "Tall Ḩabash"
    page.run(f"{kind}.value = 'control'; {kind}.dispatchEvent(new Event('change'))")
    assert page.run(held)["published"] == "2024-12-02"
    clean(page)
