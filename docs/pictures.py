"""Makes docs/pictures by the commands of this repository; run by `make pictures`.

Pictures of pages need Chromium, and are left as they are where there is none.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from chronicle.report.drawing.film import few_colours

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "docs" / "pictures"
DATA = ROOT / "scenarios" / "syria-2024" / "data"
ELSEWHERE = ROOT / "scenarios" / "syria-2024" / "elsewhere"
LICENCE = "Data: syria-2024, CC BY-SA 4.0, for trying and teaching."
DAYS = ("2024-11-27", "2024-11-30", "2024-12-05", "2024-12-08")
PAGES = {
    "page-2024-11-27": "#on=2024-11-27",
    "page-2024-11-30": "#on=2024-11-30",
    "page-2024-12-05": "#on=2024-12-05",
    "page-2024-12-08": "#on=2024-12-08&tab=place&place=damascus",
    "page-known": "#on=2024-12-02&published=2024-12-01&tab=place&place=khanasir",
    "page-compared": "#on=2024-12-05&against=2024-11-30&tab=compare",
    "page-arabic": "#on=2024-12-05&published=2024-12-04&lang=ar",
    "page-patterns": "#on=2024-12-05&patterns=1&roads=1&tab=people",
}
WHAT_IFS = {
    "page-ensemble": "#on=2024-12-05&arm=baseline&show=published&tab=whatif",
    "page-what-if": "#on=2024-12-05&arm=hama-holds&show=differs&tab=whatif",
    "page-people": "#on=2024-12-05&arm=baseline&show=people&tab=whatif",
    "page-branch": "#on=2024-12-05&arm=baseline&show=run&tab=whatif",
}
CHROMIUM = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
    *("--no-first-run", "--disable-background-networking", "--disable-sync"),
    *("--disable-component-update", "--disable-quic"),
)


def chronicle(*words: str | Path) -> None:
    """One command, as a user gives it."""
    command = [sys.executable, "-m", "chronicle", *map(str, words)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def small(path: Path) -> None:
    """A picture with few colours, a third as large, that looks the same."""
    (image,) = few_colours([Image.open(path).convert("RGB")])
    image.save(path, optimize=True)


def page(file: Path, name: str, width: int, height: int, asked: str = "") -> None:
    """A page as a browser shows it; *asked* is what its address says after the #."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        print(f"no Chromium: {name} stays as it is")
        return
    with tempfile.TemporaryDirectory() as profile:
        words = [browser, *CHROMIUM, f"--user-data-dir={profile}"]
        words += [f"--window-size={width},{height}", f"--screenshot={OUT / name}"]
        words += ["--virtual-time-budget=4000", file.as_uri() + asked]
        subprocess.run(words, check=True, capture_output=True, timeout=120)


def entry_page(record: Path) -> None:
    """The form of a page that writes, with what a report would change."""
    sys.path.insert(0, str(ROOT / "tests"))
    from browser import CHROMIUM as FOUND
    from browser import Browser
    from web_page import serving, stop

    if FOUND is None:
        print("no Chromium: page-entry.png stays as it is")
        return
    typed = {
        "settlement": "hama", "controller": "hts", "valid_from": "2024-12-03",
        "source": "ap", "published": "2024-12-04",
    }  # fmt: skip
    served = serving(record, "--write")
    with Browser() as browser:
        tab = browser.page(1280, 760)
        ready = "document.documentElement.dataset.entry === '1'"
        tab.go(f"{served.address}#on=2024-12-05&place=hama&tab=place", ready)
        tab.run("chronicle.entry.open()")
        for name, value in typed.items():
            tab.run(
                f"(() => {{ const f = chronicle.entry.fields.find((o) => o.name === "
                f"{name!r}); f.value = {value!r}; "
                "f.control.dispatchEvent(new Event('input')); f.closed(); })()"
            )
        tab.wait("!chronicle.entry.record.disabled")
        tab.picture(OUT / "page-entry.png")
    small(OUT / "page-entry.png")
    stop(served)
    review_page(record)


def review_page(record: Path) -> None:
    """The names that a table leaves open, with candidates on a small map."""
    from browser import Browser
    from web_page import serving, stop

    table = record.with_name("reports.csv")
    table.write_text(
        "Date,Place,Held by,Source,Lat,Lon\n"
        "2024-12-04,Halfaya,HTS,AP,35.30,36.70\n"
        "2024-12-04,Hamma,HTS,AP,35.1,36.7\n"
        "2024-12-05,Salamia,HTS,AP,34.9,37.1\n"
        "2024-12-05,Salamia,Free Syrians,AP,34.9,37.1\n",
        encoding="utf-8",
    )
    review = record.with_name("names.csv")
    words = ("import", record, table, "--review", review)
    subprocess.run(
        [sys.executable, "-m", "chronicle", *map(str, words)],
        check=False, capture_output=True,
    )  # fmt: skip
    served = serving(record, "--write", "--review", str(review))
    with Browser() as browser:
        tab = browser.page(1280, 760)
        ready = "document.documentElement.dataset.entry === '1'"
        tab.go(f"{served.address}#on=2024-12-05", ready)
        tab.run("chronicle.review.open()")
        tab.wait("document.querySelector('.reviewmap')")
        tab.picture(OUT / "page-review.png")
    stop(served)
    small(OUT / "page-review.png")


def printed(file: Path, name: str, asked: str) -> None:
    """A page in the style that it is printed in, on a sheet of A4 across."""
    sys.path.insert(0, str(ROOT / "tests"))
    from browser import CHROMIUM as FOUND
    from browser import Browser

    if FOUND is None:
        return
    with Browser() as browser:
        tab = browser.page(1050, 740)
        tab.go(file.as_uri() + asked)
        tab.wait("document.querySelector('#panel .placehead')")
        tab.call("Emulation.setEmulatedMedia", media="print")
        tab.wait("document.getElementById('printed').children.length === 1")
        tab.picture(OUT / name)


def ten_places(folder: Path) -> Path:
    """A record of ten invented places, one of which changes hands."""
    names = [
        "alder",
        "birch",
        "cedar",
        "dogwood",
        "elm",
        "fir",
        "gorse",
        "hazel",
        "ivy",
        "juniper",
    ]
    spots = [
        (0, 3),
        (1, 1),
        (2, 4),
        (3, 2),
        (4, 5),
        (5, 1),
        (6, 4),
        (7, 3),
        (3, 6),
        (6, 6),
    ]
    places = ["id,name,lat,lon,population"]
    control = ["id,valid_from,settlement,to_actor,status,source,published"]
    for number, (name, (x, y)) in enumerate(zip(names, spots, strict=True)):
        people = 40_000 if number % 4 == 0 else ""
        places.append(f"{name},{name.title()},{12 + y / 9},{24 + x / 7},{people}")
        side = "red" if x < 4 else "blue"
        day = "2025-03-01"
        control.append(f"r{number},{day},{name},{side},held,radio,{day}")
    control.append("r99,2025-03-04,elm,red,held,radio,2025-03-04")
    actors = ["id,name", "red,Red league", "blue,Blue league"]
    sources = ["id,name,default_reliability", "radio,Radio of the valley,C"]
    rows = {
        "settlements": places, "control": control, "actors": actors, "sources": sources,
    }  # fmt: skip
    data = folder / "ten-places"
    data.mkdir()
    for file, lines in rows.items():
        (data / f"{file}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    record = folder / "ten.chronicle"
    chronicle("init", record)
    chronicle("import", record, data)
    return record


def maps(record: Path, folder: Path) -> None:
    """What `chronicle map` draws."""
    asked = ("--licence", LICENCE)
    for day in DAYS:
        out = OUT / f"map-{day}.png"
        chronicle("map", record, "--on", day, *asked, "--out", out)
        small(out)
    four = OUT / "four-days.png"
    days = [word for day in DAYS for word in ("--on", day)]
    chronicle("map", record, *days, *asked, "--out", four)
    small(four)
    chronicle(
        *("map", record, "--on", DAYS[1], "--place", "Hama", "--km", "35"),
        *(*asked, "--out", OUT / "about-hama.png"),
    )
    small(OUT / "about-hama.png")
    film = ("--on", "2024-11-27", "--on", "2024-12-09", "--speed", "1.5")
    chronicle("map", record, *film, *asked, "--out", OUT / "offensive.gif")
    chronicle("map", ten_places(folder), "--out", OUT / "ten-places.png")
    small(OUT / "ten-places.png")


def pages(record: Path, folder: Path) -> None:
    """The page and a brief, as a browser shows and prints them."""
    map_page = folder / "page.html"
    chronicle("export", record, "--as", "html", "--out", map_page)
    for name, asked in PAGES.items():
        page(map_page, f"{name}.png", 1400, 860, asked)
    page(map_page, "page-phone.png", 500, 1000, "#on=2024-12-05")
    printed(map_page, "page-print.png", "#on=2024-12-05&tab=place&place=hama")
    brief = folder / "brief.html"
    since = ("--since", "2024-12-02", "--on", "2024-12-05")
    chronicle("brief", record, *since, "--out", brief)
    page(brief, "brief.png", 900, 1500)


def what_if(record: Path, folder: Path) -> None:
    """A run with two arms: its report, and the page with it beside the record.

    Over the places elsewhere too, of which the case says nothing.
    """
    chronicle("import", record, ELSEWHERE)
    run, kept = ROOT / "scenarios" / "hama-holds.toml", folder / "run"
    told = ("--replicas", "200", "--branches", "1", "--out", kept)
    chronicle("run", run, record, *told)
    page(kept / "report.html", "report.png", 1100, 2300)
    page(kept / "report.html", "report-phone.png", 390, 1700)
    map_page = folder / "what-if.html"
    shown = ("--as", "html", "--run", kept, "--out", map_page)
    chronicle("export", record, *shown)
    for name, asked in WHAT_IFS.items():
        page(map_page, f"{name}.png", 1400, 860, asked)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        record = folder / "syria.chronicle"
        chronicle("init", record)
        chronicle("import", record, DATA)
        maps(record, folder)
        pages(record, folder)
        what_if(record, folder)


if __name__ == "__main__":
    main()
