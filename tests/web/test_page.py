"""The page in a real browser: what a person does, sees, and may rely on."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from browser import CHROMIUM, Browser, Tab
from chronicle.api import Chronicle, create, memory, open_chronicle
from chronicle.domain.events import (
    ActorRegistered,
    ControlReported,
    SettlementRegistered,
    SourceRegistered,
)
from chronicle.experiments.bundled import bundled_case
from chronicle.report.drawing.palette import MUTED, mix
from chronicle.web.documents import Documents, documents
from chronicle.web.payload import encoded
from chronicle.web.single_file import single_file

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None, reason="no Chromium: tools/install-chromium installs it"
    ),
]

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
LAND = "#FBF9F4"  # looks.js
STRENGTHS = (0.78, 0.6, 0.46)
ZERO = date(1970, 1, 1)


@dataclass
class Served:
    """`chronicle serve` in a process of its own, and the file that it serves."""

    process: subprocess.Popen[str]
    address: str
    path: Path


def serving(path: Path, *more: str) -> Served:
    command = [sys.executable, "-m", "chronicle", "serve", str(path), "--port", "0"]
    process = subprocess.Popen(
        [*command, *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("Chronicle at http://127.0.0.1:"), line
    return Served(process, line.split()[-1], path)


def stop(served: Served) -> tuple[int, str]:
    """Press Ctrl-C; the exit code, and all that was said."""
    served.process.send_signal(signal.SIGINT)
    out, err = served.process.communicate(timeout=20)
    return served.process.returncode, out + err


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    path = tmp_path_factory.mktemp("page") / "syria.chronicle"
    with create(path) as record:
        record.import_folder(bundled_case())
    started = serving(path)
    yield started
    if started.process.poll() is None:
        stop(started)


@pytest.fixture(scope="module")
def record(served: Served) -> Iterator[Chronicle]:
    with open_chronicle(served.path) as opened:
        yield opened


@pytest.fixture
def page(browser: Browser, served: Served) -> Tab:
    tab = browser.page()
    tab.go(served.address + "#on=2024-12-05")
    return tab


def clean(tab: Tab) -> None:
    """Nothing went wrong, and nothing left this computer."""
    assert tab.errors == []
    local = ("http://127.0.0.1:", "file:///", "data:", "blob:")
    assert [one for one in tab.requests if not one.startswith(local)] == []


def settled(tab: Tab) -> int:
    """How many requests were made when, for a second, none more came.

    The icon is asked for when the browser has time for it, and so is the stream.
    """
    asked = -1
    while asked != len(tab.requests):
        asked = len(tab.requests)
        tab.run("new Promise((done) => setTimeout(done, 1000))")
    return asked


def test_it_loads_offline_and_a_step_of_the_day_asks_for_nothing(page: Tab) -> None:
    asked = settled(page)
    assert page.run("document.getElementById('day').textContent") == "5 Dec 2024"
    page.run("document.getElementById('on').focus()")
    page.key("ArrowLeft")
    assert page.run("document.getElementById('day').dateTime") == "2024-12-04"
    page.key("ArrowRight", shift=True)
    assert page.run("document.getElementById('day').dateTime") == "2024-12-11"
    page.key("[")
    assert page.run("document.getElementById('day').dateTime") < "2024-12-11"
    told = "document.getElementById('on').getAttribute('aria-valuetext')"
    assert page.run(told).endswith("Dec 2024")
    page.wait("location.hash.includes('on=2024-12-')")
    # The icon and the stream come when the browser has time, which may be late.
    late = ("/icon.svg", "/live")
    assert [one for one in page.requests[asked:] if not one.endswith(late)] == []
    clean(page)


def test_the_address_keeps_no_secret(page: Tab) -> None:
    assert "t=" not in page.run("location.search")
    assert page.run("document.cookie") == ""  # no script can read it


@pytest.mark.parametrize(
    ("asked", "clocks"),
    [
        ("#on=2024-11-30", {}),
        ("#on=2024-12-08", {}),
        ("#on=2024-12-02&published=2024-12-01", {"published_by": "2024-12-01"}),
        ("#on=2024-12-07&lens=majority", {"lens": "majority"}),
    ],
)
def test_the_colours_are_those_of_the_state(
    browser: Browser,
    served: Served,
    record: Chronicle,
    asked: str,
    clocks: dict[str, Any],
) -> None:
    tab = browser.page()
    tab.go(served.address + asked)
    on = date.fromisoformat(asked[4:14])
    state = record.state(on, **clocks)
    actors = list(state.references.actors)
    # The middle of each cell, where the pixels about it have one colour: no line.
    spots = tab.run(
        """chronicle.record.settlements.map((one, s) => {
          const cell = chronicle.cells[s];
          const { painter, mapView } = chronicle;
          if (!cell) return null;
          let [x, y] = [0, 0];
          for (let n = 0; n < cell.length; n += 2) {
            x += (2 * mapView.px(cell[n])) / cell.length;
            y += (2 * mapView.py(cell[n + 1])) / cell.length;
          }
          const got = painter.ctx.cells.getImageData(x - 2, y - 2, 5, 5).data;
          if (got.some((value, i) => value !== got[i % 4])) return null;
          return [one.id, ...got.slice(0, 3)];
        }).filter(Boolean)"""
    )
    wrong = []
    for id_, *got in spots:
        place = state.places[id_]
        if place.control is None or place.status != "held":
            continue
        heard = place.last_heard
        days = (on - heard).days if heard else 1_000
        strength = STRENGTHS[0 if days <= 7 else 1 if days <= 30 else 2]
        wanted = mix(MUTED[actors.index(place.control) % len(MUTED)], LAND, strength)
        rgb = [int(wanted[i : i + 2], 16) for i in (1, 3, 5)]
        if max(abs(a - b) for a, b in zip(rgb, got, strict=True)) > 3:
            wrong.append((id_, got, rgb))
    assert len(spots) > 60
    assert wrong == []
    clean(tab)


def test_knowledge_that_is_not_now_says_so(page: Tab) -> None:
    assert not page.run("document.getElementById('banner').textContent")
    page.run("chronicle.set({ known: 20058 })")  # 1 December 2024
    assert "1 Dec 2024" in page.run("document.getElementById('banner').textContent")
    page.run("document.querySelector('#banner button').click()")
    assert not page.run("document.getElementById('banner').textContent")
    page.run(
        "const c = document.getElementById('clock'); c.value = 'recorded';"
        "c.dispatchEvent(new Event('change'))"
    )
    page.run(
        "const k = document.getElementById('known'); k.value = 0;"
        "k.dispatchEvent(new Event('input'))"
    )
    assert "position" in page.run("document.getElementById('banner').textContent")
    clean(page)


def test_two_days_and_two_states_of_knowledge_are_compared(
    page: Tab, record: Chronicle
) -> None:
    page.run(
        "chronicle.set({ compare: { kind: 'day', value: 20057 }, tab: 'compare' })"
    )
    wanted = record.diff("2024-11-30", "2024-12-05")
    assert page.run("chronicle.differences.length") == len(wanted)
    page.wait(f"document.getElementById('panel').textContent.includes('{len(wanted)}')")
    page.run(
        "chronicle.set({ on: 20059, known: null, "
        "compare: { kind: 'known', value: 20058 } })"
    )
    then = record.state("2024-12-02", published_by="2024-12-01")
    wanted = record.diff(then, record.state("2024-12-02"))
    assert page.run("chronicle.differences.length") == len(wanted) > 0
    page.key("Escape")
    assert page.run("chronicle.ask.compare") is None
    clean(page)


@pytest.mark.parametrize(
    ("typed", "found"), [("حماة", "hama"), ("hamah", "hama"), ("Ḥalab", "aleppo")]
)
def test_places_are_found_in_any_script_by_keyboard(
    page: Tab, typed: str, found: str
) -> None:
    page.key("/")
    page.type(typed)
    page.wait("!document.getElementById('found').hidden")
    page.key("Enter")
    assert page.run("chronicle.ask.place") == found
    page.wait("document.querySelector('#panel .placehead')")
    assert page.run("document.querySelectorAll('#panel .feed li').length") > 0
    clean(page)


def test_the_map_is_moved_and_a_place_chosen_by_pointer(page: Tab) -> None:
    x, y, left, top = page.run(
        """(() => { const s = chronicle.record.placeAt.get('tartus');
        const box = document.getElementById('map').getBoundingClientRect();
        const { xs, ys } = chronicle.painter;
        return [xs[s], ys[s], box.left, box.top]; })()"""
    )
    page.click(left + x, top + y)
    assert page.run("chronicle.ask.place") == "tartus"
    page.run("document.getElementById('map').focus()")
    before = page.run("chronicle.mapView.scale")
    page.key("+")
    page.wait("location.hash.includes('map=')")
    assert page.run("chronicle.mapView.scale") > before
    page.key("0")
    page.wait("!location.hash.includes('map=')")
    clean(page)


def test_a_link_restores_all_that_was_asked(browser: Browser, served: Served) -> None:
    asked = (
        "#on=2024-12-03&published=2024-12-02&lens=graded&place=khanasir&tab=place"
        "&lang=ar&patterns=1&roads=1&against=2024-11-29&map=37,35.5,9"
    )
    tab = browser.page()
    tab.go(served.address + asked)
    tab.wait("document.querySelector('#panel .placehead')")
    kept = tab.run("location.hash")
    wanted = dict(part.split("=") for part in asked[1:].split("&"))
    assert dict(part.split("=") for part in kept[1:].split("&")) == wanted
    assert tab.run("document.documentElement.dir") == "rtl"
    assert tab.run("document.getElementById('time').dir") == "ltr"
    tab.run("location.hash = '#on=2024-12-01&tab=table'")
    tab.wait("document.querySelectorAll('#panel tbody tr').length > 290")
    assert tab.run("document.documentElement.dir") == "ltr"
    assert tab.run("chronicle.ask.lens") == "latest"
    clean(tab)


def test_help_and_play_by_key(page: Tab) -> None:
    page.key("?")
    assert page.run("document.getElementById('help').open")
    page.key("Escape")
    page.wait("!document.getElementById('help').open")
    page.run("chronicle.setDay(chronicle.span.first); document.activeElement.blur()")
    page.run("document.getElementById('speed').value = '30'")
    page.key(" ")
    page.wait("chronicle.ask.on > chronicle.span.first + 3")
    page.key(" ")
    held = page.run("chronicle.ask.on")
    time.sleep(0.2)
    assert page.run("chronicle.ask.on") == held
    clean(page)


def test_it_fits_a_phone(browser: Browser, served: Served) -> None:
    tab = browser.page(390, 844, mobile=True, deviceScaleFactor=2)
    tab.go(served.address)
    assert tab.run("document.documentElement.scrollWidth") <= 390
    assert tab.run("document.getElementById('map').clientHeight") >= 280
    clean(tab)


def test_it_prints_without_its_controls_and_with_patterns(page: Tab) -> None:
    page.call("Emulation.setEmulatedMedia", media="print")
    page.wait("getComputedStyle(document.querySelector('.tools')).display === 'none'")
    page.wait("chronicle.painter.patterns")
    assert (
        page.run("getComputedStyle(document.getElementById('legend')).display")
        != "none"
    )
    # The picture is of its own shape, with the map in it: many colours, no wide sea.
    seen = page.run(
        """(() => { const canvas = document.querySelector('#printed canvas');
        const { data } = canvas.getContext('2d').getImageData(0, 0, 1000, 800);
        const found = new Set();
        for (let n = 0; n < data.length; n += 4 * 101)
          found.add(data[n] * 65536 + data[n + 1] * 256 + data[n + 2]);
        return [canvas.width, canvas.height, found.size]; })()"""
    )
    assert seen[:2] == [1000, 800]
    assert seen[2] > 30
    assert not page.run("document.getElementById('stack').offsetWidth")
    page.call("Emulation.setEmulatedMedia", media="")
    page.wait("!chronicle.painter.patterns")
    assert page.run("document.getElementById('printed').children.length") == 0
    width = page.run("document.getElementById('map').clientWidth")
    page.wait(f"chronicle.mapView.width === {width}")
    clean(page)


@pytest.mark.parametrize(
    "asked",
    [
        "#on=2024-12-05",
        "#on=2024-12-05&tab=place&place=hama&published=2024-12-05",
        "#on=2024-12-05&tab=table&lang=ar",
        "#on=2024-12-05&tab=compare&against=2024-11-30",
    ],
)
def test_axe_finds_no_fault(browser: Browser, served: Served, asked: str) -> None:
    tab = browser.page()
    tab.go(served.address + asked)
    time.sleep(0.2)
    tab.run(AXE.read_text() + ";0")
    found = tab.run("axe.run().then((one) => JSON.stringify(one.violations))")
    faults = [
        (one["id"], [node["html"][:150] for node in one["nodes"]])
        for one in json.loads(found)
    ]
    assert faults == []


MARKUP = "<img src=x onerror=\"document.title='run'\">"
TURNED = "safe@gnp.exe</script><script>document.title='run'</script>"


def test_names_notes_and_titles_stay_text(browser: Browser, tmp_path: Path) -> None:
    told = memory()
    told.append(
        [
            SettlementRegistered(settlement="a", name=MARKUP, lat=35, lon=37),
            SettlementRegistered(settlement="b", name=TURNED, lat=35.2, lon=37),
            ActorRegistered(actor="red", name=MARKUP, short=TURNED),
            SourceRegistered(source="radio", name=MARKUP),
            ControlReported(
                report_id="r1",
                source="radio",
                settlement="a",
                controller="red",
                valid_from="2024-12-01",
                note=MARKUP,
                ref="javascript:alert(1)",
                claimed_by=TURNED,
            ),
        ]
    )
    made = documents(told, MARKUP)
    # The record refuses what turns text round; a file that was tampered with does not.
    turned = made.data.replace(b"safe@", "safe\u202e".encode())
    assert turned != made.data
    hostile = {
        "title": MARKUP,
        "replicas": 1,
        "seed": 1,
        "from": 20058,
        "settlements": ["a"],
        "arms": [{"label": TURNED, "chances": [[0.0, 0.5]]}],
    }
    page = single_file(Documents(turned, made.land, encoded(hostile), 9))
    path = tmp_path / "hostile.html"
    path.write_bytes(page)
    for tab_name in ("feed", "place&place=a", "sides", "table", "whatif"):
        tab = browser.page()
        tab.go(f"{path.as_uri()}#tab={tab_name}")
        time.sleep(0.15)
        assert (
            tab.run("document.querySelectorAll('img, script:not([type])').length") == 0
        )
        assert tab.run("document.querySelectorAll('a[href^=javascript]').length") == 0
        assert tab.run("document.title.startsWith('<img')")
        assert "\u202e" not in tab.run("document.body.innerText")
        clean(tab)


def test_the_one_file_works_from_disk_with_an_ensemble(
    browser: Browser, record: Chronicle, tmp_path: Path
) -> None:
    made = documents(record, "syria-2024")
    run = {
        "title": "Hama holds",
        "replicas": 100,
        "seed": 7,
        "from": (date(2024, 11, 30) - ZERO).days,
        "settlements": ["hama", "homs"],
        "arms": [
            {"label": "baseline", "chances": [[0, 0.5, 1.0], [0, 0.0, 0.25]]},
            {"label": "hold", "chances": [[0, 0.1, 0.2], [0, 0.0, 0.0]]},
        ],
    }
    path = tmp_path / "page.html"
    path.write_bytes(
        single_file(Documents(made.data, made.land, encoded(run), made.position))
    )
    tab = browser.page()
    tab.go(path.as_uri() + "#on=2024-12-02&arm=baseline&tab=whatif")
    tab.wait("document.querySelectorAll('#panel tbody tr').length === 2")
    told = tab.run("document.querySelector('#panel tbody tr').innerText")
    assert "100 %" in told
    assert "20 %" in told
    assert "WHAT-IF" in tab.run("document.getElementById('whatifframe').innerText")
    assert "25 %" in tab.run("document.querySelector('#panel tbody').innerText")
    tab.run("location.hash = '#on=2024-12-05'")
    assert [one for one in tab.requests if not one.startswith(("file:", "data:"))] == []
    clean(tab)


def test_new_reports_reach_an_open_page_and_ctrl_c_stops_the_server(
    browser: Browser, tmp_path: Path
) -> None:
    path = tmp_path / "toy.chronicle"
    with create(path) as told:
        told.append(
            [
                SettlementRegistered(settlement="alder", name="Alder", lat=1, lon=2),
                ActorRegistered(actor="red", name="Red"),
                ActorRegistered(actor="blue", name="Blue"),
                SourceRegistered(source="radio", name="Radio"),
            ]
        )
        told.append(control("r1", "red", "2024-12-01"))
    started = serving(path)
    tab = browser.page()
    tab.go(started.address)
    assert tab.run("chronicle.view.control[0]") == 0
    with open_chronicle(path) as told:
        told.append(control("r2", "blue", "2024-12-02"))
    tab.wait("chronicle.record.controlRows.length === 2")
    assert tab.run("chronicle.setDay(20059), chronicle.view.control[0]") == 1
    code, said = stop(started)
    assert (code, said.strip().endswith("stopped")) == (0, True), said
    assert "Traceback" not in said
    tab.wait("document.getElementById('news').textContent")


def control(report: str, actor: str, day: str) -> ControlReported:
    return ControlReported(
        report_id=report,
        source="radio",
        settlement="alder",
        controller=actor,
        valid_from=day,
    )


def test_arabic_has_a_font_of_its_own_where_the_reader_has_none(page: Tab) -> None:
    page.run("chronicle.language('ar')")
    loaded = "[...document.fonts].some((one) => one.status === 'loaded')"
    page.wait(loaded)
    assert any(one.endswith("/noto-sans-arabic.woff2") for one in page.requests)
    clean(page)
