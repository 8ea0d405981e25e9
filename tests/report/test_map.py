"""`chronicle map`: any record, any day; what is ringed, shown and refused."""

from __future__ import annotations

import hashlib
import re
import xml.etree.ElementTree as ElementTree
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import chronicle as ch
from chronicle.domain.state import diff
from chronicle.errors import UnknownId, UsageError
from chronicle.report.drawing import film
from chronicle.report.drawing.basemap import Spot, lay_out
from chronicle.report.drawing.insets import free_box, windows_of
from chronicle.report.drawing.land import land_in
from chronicle.report.drawing.marks import boost
from chronicle.report.drawing.palette import MUTED
from chronicle.report.maps import changed_on_the_day
from shell import run

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "scenarios" / "syria-2024" / "data"
TOWNS = ["alder", "birch", "cedar", "dogwood", "elm", "fir"]


@pytest.fixture(scope="module")
def case() -> ch.Chronicle:
    log = ch.memory()
    log.import_folder(DATA)
    return log


@pytest.fixture
def towns(tmp_path: Path) -> Path:
    """Six places, all first reported on one day; one changes hands three days later."""
    path = tmp_path / "towns.chronicle"
    with ch.create(path) as log:
        for n, town in enumerate(TOWNS):
            place = ch.SettlementRegistered(
                settlement=town,
                name=town.title(),
                lat=12 + n / 10,
                lon=24 + n % 3 / 10,
                admin1="West" if n < 4 else "East",
                admin1_pcode="TT01" if n < 4 else "TT02",
                sensitivity="severe" if town == "fir" else "low",
            )
            log.append(place)
        for actor in ("red", "blue"):
            log.append(ch.ActorRegistered(actor=actor, name=f"{actor.title()} league"))
        for town in TOWNS:
            log.append(held(town, "red", "2025-03-01"))
        log.append(held("elm", "blue", "2025-03-04"))
    return path


def held(town: str, actor: str, day: str) -> ch.ControlReported:
    return ch.ControlReported(
        report_id=f"{town}-{day}",
        settlement=town,
        controller=actor,
        status="held",
        valid_from=day,
        source="ap",
        published=day,
    )


def svg_words(data: bytes) -> str:
    tree = ElementTree.fromstring(data)
    texts = [e.text or "" for e in tree.iter("{http://www.w3.org/2000/svg}text")]
    return " | ".join(texts)


def words_of(state: ch.State, near: Path, **asked: Any) -> str:
    return svg_words(state.map(near.with_suffix(".svg"), **asked).data)


def test_a_map_says_which_record_day_clock_and_lens(
    towns: Path, tmp_path: Path
) -> None:
    out = tmp_path / "map.svg"
    ended = run(
        "map", str(towns), "--on", "2025-03-02", "--lens", "graded", "--out", str(out)
    )

    assert ended.code == 0, ended.err
    words = svg_words(out.read_bytes())
    assert "towns.chronicle: who held what on 2 March 2025" in words
    assert "as known at position 15 of the log · lens: graded" in words
    assert "Red league | 5" in words
    assert "Not drawn: 1, sensitive or without" in words
    assert "Fir" not in words


def test_without_a_day_it_is_the_last_one_reported_on(towns: Path) -> None:
    with ch.open(towns) as log:
        assert b"on 4 March 2025" in log.map(out=towns.with_suffix(".svg")).data


def test_the_first_report_of_a_place_is_no_change_of_hands(towns: Path) -> None:
    with ch.open(towns) as log:
        first, later = log.state("2025-03-01"), log.state("2025-03-04")
        assert changed_on_the_day(first) == set()
        assert changed_on_the_day(later) == {"elm"}
        assert "changed on that day" not in words_of(first, towns)
        assert "changed on that day" in words_of(later, towns)


@pytest.mark.parametrize("lens", ["latest", "graded", "majority", "cautious"])
def test_what_is_ringed_differs_from_the_day_before(
    case: ch.Chronicle, lens: str
) -> None:
    for day in (date(2024, 11, 30), date(2024, 12, 8)):
        before = case.state(date.fromordinal(day.toordinal() - 1), lens=lens)
        after = case.state(day, lens=lens)
        differ = {change.settlement for change in diff(before, after)}
        ringed = changed_on_the_day(after)
        assert ringed <= differ
        assert all(not before.heard.control.get(id_) for id_ in differ - ringed)
        assert ringed


def test_a_place_a_province_and_what_is_neither(
    case: ch.Chronicle, tmp_path: Path
) -> None:
    state = case.state("2024-11-30")
    about = words_of(state, tmp_path, place="حماة", km=20)
    assert "about Hama on 30 November 2024" in about
    assert "Damascus" not in about
    province = words_of(state, tmp_path, admin1="sy02")
    assert "Homs" not in province
    with pytest.raises(UsageError, match="there are Idleb"):
        state.map(admin1="Idlib")
    with pytest.raises(UnknownId):
        state.map(place="Nowhere at all")


def test_several_days_stand_side_by_side_and_ten_need_a_film(
    towns: Path, tmp_path: Path
) -> None:
    with ch.open(towns) as log:
        days = ["2025-03-01", "2025-03-04"]
        words = svg_words(log.map(days, tmp_path / "m.svg").data)
        assert "1 March 2025" in words
        assert "Blue league | – | 1" in words
        days = [f"2025-03-{n:02d}" for n in range(1, 11)]
        with pytest.raises(UsageError, match="a film"):
            log.map(days, tmp_path / "m.png")


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_a_film_has_a_frame_a_day_of_one_size(
    towns: Path, tmp_path: Path, suffix: str
) -> None:
    out = tmp_path / f"film{suffix}"
    ended = run("map", str(towns), "--out", str(out))

    assert ended.code == 0, ended.err
    with Image.open(out) as image:
        assert image.n_frames == 4
        image.seek(3)
        last = np.asarray(image.convert("RGB")).astype(int)
        image.seek(0)
        first = np.asarray(image.convert("RGB")).astype(int)
    assert first.shape == last.shape
    assert (first != last).any()
    for side in MUTED[:2]:  # no side has the colour of another, however few its places
        colour = [int(side[n : n + 2], 16) for n in (1, 3, 5)]
        assert (last == colour).all(axis=2).sum() > 10, side


def test_a_side_with_one_small_place_keeps_its_colour_in_few_colours() -> None:
    rng = np.random.default_rng(1)
    noise = rng.integers(0, 255, (400, 400, 3), dtype=np.uint8)  # as many colours
    teal = [int(MUTED[7][n : n + 2], 16) for n in (1, 3, 5)]
    noise[5, 5] = teal
    (drawn,) = film.few_colours([Image.fromarray(noise)])
    assert np.asarray(drawn.convert("RGB"))[5, 5].tolist() == teal


def test_an_mp4_without_its_program_says_so_before_a_frame_is_drawn(
    towns: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(film.shutil, "which", lambda _: None)
    ended = run("map", str(towns), "--out", str(tmp_path / "film.mp4"))

    assert ended.code == 2
    assert "ffmpeg" in ended.err
    assert list(tmp_path.glob("*.mp4")) == []


def test_what_no_map_can_be_is_refused(towns: Path, tmp_path: Path) -> None:
    page = tmp_path / "map.html"
    assert run("map", str(towns), "--out", str(page)).code == 0
    assert page.read_bytes().startswith(b"<!doctype html>")
    on = run("map", str(towns), "--on", "2025-03-01", "--out", str(tmp_path / "x.html"))
    assert on.code == 2
    for out in ("map.bmp", "map", "x.html"):
        given = ("--on", "2025-03-01", "--out", str(tmp_path / out))
        ended = run("map", str(towns), *given)
        assert ended.code == 2, out
        assert not (tmp_path / out).exists()
    empty = tmp_path / "empty.chronicle"
    ch.create(empty).close()
    ended = run("map", str(empty), "--out", str(tmp_path / "map.png"))
    assert ended.code == 2
    assert "no report of control" in ended.err
    far = run("map", str(towns), "--on", "2001-01-01", "--out", str(tmp_path / "f.gif"))
    assert far.code == 2
    assert "8,829 days" in far.err


def test_a_notebook_shows_a_picture_and_equal_questions_give_equal_bytes(
    towns: Path,
) -> None:
    with ch.open(towns) as log:
        one, other = log.state("2025-03-04").map(), log.state("2025-03-04").map()
    assert one._repr_png_() is not None
    assert one._repr_svg_() is None
    assert one == other


def test_few_places_have_larger_signs() -> None:
    assert boost(10) > 1.5
    assert boost(300) == 1


# Insets and land


def crowd() -> list[Spot]:
    """A dense town and a few places far from it."""
    rng = np.random.default_rng(7)
    near = rng.normal((36.0, 37.0), 0.08, (60, 2))
    far = [(33.0, 36.0), (33.2, 36.2), (37.0, 41.0), (34.0, 36.1)]
    rows = [*map(tuple, near.tolist()), *far]
    return [Spot(f"s{n}", lat, lon, 6.0, 1.0) for n, (lat, lon) in enumerate(rows)]


def test_an_inset_shows_the_crowd_and_covers_no_sign() -> None:
    spots = crowd()
    box = 0.0, 0.0, 7.0, 7.0
    base = lay_out([box], spots)
    (inset, *_) = windows_of(base, spots, 1.0, 170.0, 2)
    free = free_box(box, base, spots, [inset.window], 1.0)

    within = [
        inset.window.left <= x <= inset.window.right
        and inset.window.bottom <= y <= inset.window.top
        for x, y in (base.projection.xy(s.lat, s.lon) for s in spots)
    ]
    assert sum(within) > 40
    assert free is not None
    for spot in spots:
        x, y = base.projection.xy(spot.lat, spot.lon)
        x, y = (
            v * base.points_per_km / 72
            for v in (x - base.frame.left, y - base.frame.bottom)
        )
        assert not (free[0] <= x <= free[2] and free[1] <= y <= free[3])


def test_places_far_apart_need_no_inset() -> None:
    spots = [Spot("s", 33 + n / 2, 36 + n / 2, 6.0, 1.0) for n in range(9)]
    base = lay_out([(0.0, 0.0, 7.0, 7.0)], spots)
    assert windows_of(base, spots, 1.0, 170.0, 2) == []


@pytest.mark.parametrize(
    ("lon", "lat", "is_land"),
    [
        (37.2, 36.2, True),  # Aleppo
        (34.5, 34.5, False),  # the sea west of Tripoli
        (33.2, 35.0, True),  # Cyprus
        (51.0, 42.0, False),  # the Caspian Sea, a hole in Eurasia
        (-179.0, 67.0, True),  # Chukotka, beyond the 180th meridian
        (181.0, 67.0, True),  # the same, said the other way
    ],
)
def test_land_is_land_and_sea_is_sea(lon: float, lat: float, is_land: bool) -> None:
    found = land_in((lon - 1.5, lat - 1.5, lon + 1.5, lat + 1.5))
    inside = sum(contains(ring, lon, lat) for rings in found.land for ring in rings)
    assert inside % 2 == is_land


def contains(ring: np.ndarray, x: float, y: float) -> bool:
    """Ray casting."""
    (x0, y0), (x1, y1) = ring[:-1].T, ring[1:].T
    crosses = (y0 > y) != (y1 > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        at = x0 + (y - y0) / (y1 - y0) * (x1 - x0)
    return bool((crosses & (x < at)).sum() % 2)


def test_a_shore_is_not_drawn_where_the_window_cuts_land() -> None:
    window = (36.5, 35.0, 38.0, 36.5)  # inland Syria: all land, no shore but of lakes
    found = land_in(window)
    assert found.land
    for line in found.coast:
        for lon in line[:, 0]:
            assert window[0] < lon < window[2]


def test_vendored_files_are_the_ones_that_are_named() -> None:
    page = (ROOT / "VENDORED.md").read_text("utf-8")
    named = re.findall(r"^\| `([\w/.-]+)` \|.*`([0-9a-f]{64})` \|$", page, re.MULTILINE)
    files = [(name, digest) for name, digest in named if "/" in name]
    assert files
    for name, digest in files:
        assert hashlib.sha256((ROOT / name).read_bytes()).hexdigest() == digest, name


def test_names_on_the_bundled_case_do_not_cover_each_other(
    case: ch.Chronicle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No text of the map overlaps another: measured on the picture as it is drawn."""
    from chronicle.report.drawing import page

    boxes: list[tuple[str, object]] = []
    kept = page._bytes

    def spy(sheet: page.Sheet, *rest: object) -> bytes:
        for axes in sheet.figure.axes:
            for text in axes.texts:
                if text.get_text().strip() and text.get_path_effects() == []:
                    box = text.get_window_extent(sheet.renderer)
                    boxes.append((text.get_text(), box))
        return kept(sheet, *rest)

    monkeypatch.setattr(page, "_bytes", spy)
    case.state("2024-12-08").map()
    assert len(boxes) > 60
    for (one, a), (other, b) in combinations(boxes, 2):
        across = min(a.x1, b.x1) - max(a.x0, b.x0)
        up = min(a.y1, b.y1) - max(a.y0, b.y0)
        assert across < 1 or up < 3, (one, other)
