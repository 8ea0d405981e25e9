"""Pictures: what is on them, that equal input gives equal bytes, what is refused."""

import re
import struct
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chronicle.errors import StorageError, UsageError
from chronicle.report.drawing.axes import ticks
from chronicle.report.drawing.chances import (
    MapChance,
    draw_probability_map,
    look_of_chance,
)
from chronicle.report.drawing.forecasts import (
    ArrivalBands,
    PlotBin,
    draw_arrivals,
    draw_fan,
    draw_reliability,
)
from chronicle.report.drawing.geography import (
    frame_of,
    grid,
    projection_of,
    round_length,
)
from chronicle.report.drawing.labels import Dot, Label, leader, place_labels
from chronicle.report.drawing.maps import (
    MapPlace,
    MapRoute,
    Panel,
    draw_state_map,
    draw_state_maps,
)
from chronicle.report.drawing.page import Caption
from chronicle.report.drawing.palette import CONTESTED, HATCHES, MUTED, looks_of, paler
from chronicle.report.drawing.words import plain

ACTORS = {"red": ("Red army", None), "blue": ("Blue league", None)}
CAPTION = Caption(
    asked="end of 5 September 2022, UTC",
    clock="as known at position 17",
    lens="latest",
    licence="Sources: The Mill Gazette, CC BY 4.0",
)
ALDER = MapPlace(
    name="alder", lat=35.0, lon=36.0, control="red", status="held", population=900_000
)
BIRCH = replace(
    ALDER, name="birch", lat=35.5, lon=37.0, control="blue", stale_days=1, disputed=True
)
CEDAR = replace(
    ALDER, name="cedar", lon=36.8, control=None, status="contested", population=None
)
PLACES = [ALDER, BIRCH, CEDAR]
DAYS = [date(2022, 9, 1) + timedelta(days=n) for n in range(6)]
SMALL = (6.0, 4.6)
WHAT_IF = {"seed": 7, "assumptions": "blue moves 15 km a day and is not held up"}

HERE = Path(__file__).resolve().parent


def draw(path, places=PLACES, **changed):
    asked = {"title": "Who held what", "caption": CAPTION, "size": SMALL} | changed
    draw_state_map(path, places, ACTORS, **asked)
    return path


def words_of(path):
    """The text elements of an SVG, in one line."""
    tree = ElementTree.parse(path)
    texts = [e.text or "" for e in tree.iter("{http://www.w3.org/2000/svg}text")]
    return " | ".join(texts)


def png_size(path):
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", data[16:24])


# The state map


def test_a_map_says_what_was_asked_by_which_clock_and_lens_and_whose_it_is(tmp_path):
    words = words_of(draw(tmp_path / "map.svg"))

    for said in (
        "Who held what",
        "end of 5 September 2022, UTC · as known at position 17 · lens: latest",
        "The Mill Gazette, CC BY 4.0",
    ):
        assert said in words


def test_the_legend_names_the_actors_with_their_counts(tmp_path):
    places = [*PLACES, replace(ALDER, name="dogwood", lat=34.8)]
    words = words_of(draw(tmp_path / "map.svg", places, size=(9, 6)))

    assert "Red army | 2" in words
    assert "Blue league | 1" in words
    assert "Contested | 1" in words
    assert "unknown (1): small, one size" in words
    assert "disputed: sources differ" in words
    assert "paler: no report" in words
    assert "besieged" not in words


def test_each_status_is_explained_where_it_occurs(tmp_path):
    statuses = ("besieged", "presence", "shared", "vacated", "unknown")
    places = [
        replace(
            ALDER,
            name=status,
            lat=34 + n,
            status=status,
            control=None if status in ("vacated", "unknown") else "red",
        )
        for n, status in enumerate(statuses)
    ]
    words = words_of(draw(tmp_path / "map.svg", places, size=(9, 6)))

    for said in (
        "held, but besieged",
        "present, without control",
        "shared with another actor",
        "Vacated, nobody named | 1",
        "Unknown | 1",
    ):
        assert said in words


def test_contested_places_are_grey_and_hatched_and_others_are_not(tmp_path):
    def hatched(path):
        svg = path.read_text()
        lines = re.findall(r"<pattern[^>]*>.*?stroke: *(#\w+)", svg, re.DOTALL)
        return {colour.lower() for colour in lines}, svg.lower()

    contested, svg = hatched(draw(tmp_path / "map.svg", [replace(CEDAR, stale_days=0)]))
    held, _ = hatched(draw(tmp_path / "held.svg", [ALDER]))

    assert contested == {CONTESTED.edge.lower()}
    assert CONTESTED.face.lower() in svg
    assert held == set()


def test_a_place_not_heard_of_for_over_a_week_is_paler(tmp_path):
    fresh = draw(tmp_path / "fresh.svg", [replace(ALDER, stale_days=7)])
    stale = draw(tmp_path / "stale.svg", [replace(ALDER, stale_days=8)])
    look = looks_of(ACTORS)["red"]

    assert paler(look).face.lower() not in fresh.read_text().lower()
    assert paler(look).face.lower() in stale.read_text().lower()
    assert "paler" not in words_of(fresh)


def test_a_highlight_is_outlined_and_explained(tmp_path):
    without = draw(tmp_path / "without.svg")
    with_one = draw(
        tmp_path / "with.svg", highlight=[ALDER], highlight_words="fell on 5 September"
    )

    assert "fell on 5 September" in words_of(with_one)
    assert "fell on" not in words_of(without)


def test_routes_open_and_shut_are_told_apart(tmp_path):
    routes = [
        MapRoute(start=(35.0, 36.0), end=(35.5, 37.0)),
        MapRoute(start=(35.0, 36.0), end=(35.0, 36.8), is_open=False),
    ]
    words = words_of(draw(tmp_path / "map.svg", routes=routes))

    assert "route (straight line)" in words
    assert "route shut" in words
    assert "route" not in words_of(draw(tmp_path / "none.svg"))


def test_an_actor_that_nobody_registered_is_still_drawn_and_counted(tmp_path):
    stranger = replace(ALDER, control="green")

    assert "green | 1" in words_of(draw(tmp_path / "map.svg", [stranger]))


def test_a_png_has_150_dots_an_inch(tmp_path):
    assert png_size(draw(tmp_path / "map.png")) == (900, 690)


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_equal_input_gives_equal_bytes_with_no_date_in_them(tmp_path, suffix):
    one = draw(tmp_path / f"one.{suffix}").read_bytes()
    other = draw(tmp_path / f"other.{suffix}").read_bytes()

    assert one == other
    assert b"CreationDate" not in one
    assert b"dc:date" not in one
    assert matplotlib.__version__.encode() not in one


def test_another_process_draws_the_same_bytes(tmp_path):
    here = draw(tmp_path / "here.svg").read_bytes()
    script = f"""
import sys
sys.path[:0] = [{str(HERE)!r}, {str(HERE.parent)!r}]
import pathlib, test_draw
test_draw.draw(pathlib.Path({str(tmp_path / "there.svg")!r}))
assert "matplotlib.pyplot" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)

    assert (tmp_path / "there.svg").read_bytes() == here


def test_the_users_own_settings_neither_matter_nor_change(tmp_path):
    plain_one = draw(tmp_path / "plain.svg").read_bytes()
    with matplotlib.rc_context({"font.size": 31, "lines.linewidth": 9}):
        before = dict(matplotlib.rcParams)
        styled = draw(tmp_path / "styled.svg").read_bytes()
        after = dict(matplotlib.rcParams)

    assert styled == plain_one
    assert after == before


def test_the_picture_in_words_is_in_the_file(tmp_path):
    svg = draw(tmp_path / "map.svg").read_text()
    description = re.search(r"<dc:description>(.*?)</dc:description>", svg, re.DOTALL)

    assert description
    assert "Red army 1" in description[1]


def test_no_place_and_one_place_make_maps(tmp_path):
    assert "Scale" in words_of(draw(tmp_path / "none.svg", []))
    assert "alder" in words_of(draw(tmp_path / "one.svg", [ALDER]))


HOSTILE = ("$x$", r"\frac{1}{0}$", "<b>&amp;", "_under", "a\nb\x00\x1b[31m", "\ud800")


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_hostile_names_are_printed_as_names(tmp_path, suffix):
    names = [*HOSTILE, "الأتارب", "漢字", "‮evil", "long " * 400]
    places = [
        replace(ALDER, name=name, lat=30.0 + n, control=name)
        for n, name in enumerate(names)
    ]
    path = tmp_path / f"map.{suffix}"
    draw_state_map(
        path,
        places,
        {name: (name, None) for name in names},
        title="$\\alpha$ <i> " + "title " * 300,
        caption=replace(CAPTION, licence="$y$ <script>"),
        size=(9, 7),
        highlight_words="$z$",
        highlight=places[:1],
    )

    assert path.stat().st_size > 1_000
    if suffix == "svg":
        words = words_of(path)
        assert "$x$ | 1" in words
        assert "<b>&amp;" in words
        assert "a b [31m" in words
        assert "$y$ <script>" in words
        assert "‮" not in words


def test_names_are_one_line_without_marks_that_reorder_others():
    assert plain("a\n b\t\x07c") == "a b c"
    assert plain("\u202eabc\u200b") == "abc"
    assert plain("x" * 99, 10) == "x" * 9 + "…"
    assert plain("漢") == "□"
    assert plain("حلب") == "حلب"


def test_what_cannot_be_a_picture_is_refused_and_nothing_is_written(tmp_path):
    for name in ("map.gif", "map", "map.png.txt"):
        with pytest.raises(UsageError, match=r"\.png, \.svg, \.pdf"):
            draw(tmp_path / name)
    with pytest.raises(UsageError, match="3 to 60 inches"):
        draw(tmp_path / "map.png", size=(1, 900))
    with pytest.raises(UsageError, match="no room"):
        draw(
            tmp_path / "map.png",
            size=(3, 3),
            caption=replace(CAPTION, licence="word " * 400),
        )
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_a_storage_error(tmp_path):
    with pytest.raises(StorageError, match="cannot write"):
        draw(tmp_path / "missing" / "map.svg")


def test_a_missing_extra_is_named_with_the_command(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)

    with pytest.raises(UsageError, match=r"pip install 'conflict-chronicle\[plot\]'"):
        draw(tmp_path / "map.png")


def test_importing_the_pictures_does_not_import_matplotlib():
    code = (
        "import sys, chronicle.report.drawing.maps, "
        "chronicle.report.drawing.forecasts, chronicle.report.drawing.chances; "
        "assert not {'matplotlib', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_places_off_the_globe_or_of_no_known_status_are_refused():
    for wrong in ({"lat": 91.0}, {"lon": float("nan")}, {"status": "conquered"}):
        with pytest.raises(UsageError, match="alder"):
            replace(ALDER, **wrong)


# Small multiples


def test_small_maps_have_one_legend_with_a_column_for_each_day(tmp_path):
    panels = [
        Panel(day=DAYS[0], places=[ALDER, CEDAR], highlight=[CEDAR]),
        Panel(day=DAYS[3], places=[replace(ALDER, control="blue"), BIRCH]),
        Panel(day=DAYS[5], places=[]),
    ]
    path = tmp_path / "maps.svg"
    draw_state_maps(
        path, panels, ACTORS, title="Three days", caption=CAPTION, size=(9, 7)
    )
    words = words_of(path)

    for day in ("1 September 2022", "4 September 2022", "6 September 2022"):
        assert day in words
    assert "Red army | 1 | – | –" in words
    assert "Blue league | – | 2 | –" in words
    assert words.count("Red army") == 1


def test_no_map_and_ten_maps_do_not_fit(tmp_path):
    for count in (0, 10):
        with pytest.raises(UsageError, match="1 to 9"):
            draw_state_maps(
                tmp_path / "maps.png",
                [Panel(day=DAYS[0], places=[])] * count,
                ACTORS,
                title="",
                caption=CAPTION,
            )


# Colours


def lab(colour, sight):
    """CIELAB (D65) of `#RRGGBB` as seen with a matrix on linear RGB."""
    rgb = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    to_xyz = [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
    seen = np.clip(np.array(sight) @ linear, 0, 1)
    xyz = to_xyz @ seen / np.array([0.95047, 1.0, 1.08883])
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


# Machado, Oliveira and Fernandes 2009, table 1, severity 1.
SIGHTS = {
    "normal": (np.eye(3), 28, 22),
    "deutan": (
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ],
        20,
        17,
    ),
    "protan": (
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ],
        29,
        15,
    ),
    "tritan": (
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ],
        23,
        16,
    ),
}


@pytest.mark.parametrize("sight", SIGHTS)
def test_colours_are_told_apart_by_every_sight_as_documented(sight):
    matrix, six, nine = SIGHTS[sight]
    seen = [lab(colour, matrix) for colour in MUTED]
    apart = {
        (i, j): float(np.linalg.norm(seen[i] - seen[j]))
        for i, j in combinations(range(len(MUTED)), 2)
    }

    assert min(value for (_, j), value in apart.items() if j < 6) >= six
    assert min(apart.values()) >= nine


def test_no_two_of_ninety_nine_actors_share_colour_and_pattern():
    looks = looks_of({str(n): (str(n), None) for n in range(99)}).values()

    assert len({(look.face, look.hatch) for look in looks}) == 99
    assert CONTESTED.hatch not in HATCHES


def test_a_colour_follows_the_order_of_actors_and_not_who_is_on_the_map():
    assert looks_of(ACTORS) == looks_of(ACTORS, {"blue"})
    assert list(looks_of(ACTORS, {"zinc", "ash"})) == ["red", "blue", "ash", "zinc"]


def test_a_given_colour_is_used_and_a_wrong_one_refused():
    assert looks_of({"red": ("Red", "#c0392b")})["red"].face == "#c0392b"
    with pytest.raises(UsageError, match="#RRGGBB"):
        looks_of({"red": ("Red", "url(x)")})


# Geography


def test_a_kilometre_is_as_long_both_ways_on_the_middle_latitude():
    projection = projection_of([(59.0, 10.0), (61.0, 14.0)])
    east, _ = projection.xy(60.0, 13.0)
    _, north = projection.xy(61.0, 12.0)

    assert projection.xy(60.0, 12.0) == pytest.approx((0, 0), abs=1e-6)
    assert north == pytest.approx(111.195)
    assert east == pytest.approx(111.195 / 2)  # cos 60° is a half


def test_places_on_both_sides_of_the_180th_meridian_lie_together():
    projection = projection_of([(0.0, 179.0), (0.0, -179.0)])

    xs = sorted(projection.xy(0.0, lon)[0] for lon in (179.0, -179.0))
    assert xs == pytest.approx([-111.195, 111.195])


@given(
    st.lists(st.tuples(st.floats(-90, 90), st.floats(-180, 180)), max_size=8),
    st.floats(0.2, 5),
)
def test_a_frame_has_its_aspect_and_holds_every_place(places, aspect):
    projection = projection_of(places)
    points = [projection.xy(*place) for place in places]
    frame = frame_of(points, aspect)

    assert frame.width == pytest.approx(frame.height * aspect)
    for x, y in points:
        assert frame.left <= x <= frame.right
        assert frame.bottom <= y <= frame.top


def test_a_scale_bar_has_a_round_length():
    assert [round_length(n) for n in (1, 7.5, 20, 99, 0.3)] == [1, 5, 20, 50, 0.2]
    assert grid(35.2, 37.1) == [35.5, 36.0, 36.5, 37.0]


# Names on the map

sizes = st.floats(1, 40)
spots = st.builds(Dot, st.floats(0, 300), st.floats(0, 200), st.floats(1, 12))
names = st.builds(Label, spots, sizes, sizes, st.booleans())


@given(st.lists(names, max_size=8), st.lists(spots, max_size=8))
def test_names_never_cover_each_other_and_stay_in_the_frame(labels, others):
    dots = [label.dot for label in labels] + others
    areas = place_labels(labels, dots, (0, 0, 300, 200), most=5)
    placed = [area for area in areas if area]

    assert len(areas) == len(labels)
    assert len(placed) <= 5
    for left, bottom, right, top in placed:
        assert left >= 0
        assert bottom >= 0
        assert right <= 300
        assert top <= 200
    for one, other in combinations(placed, 2):
        apart = one[2] <= other[0] or other[2] <= one[0]
        assert apart or one[3] <= other[1] or other[3] <= one[1]


def test_a_great_place_shut_in_by_others_is_named_from_afar_with_a_line():
    dot = Dot(100, 100, 3)
    ring = [
        Dot(100 + 8 * x, 100 + 8 * y, 4, matters=True)
        for x in (-1, 0, 1)
        for y in (-1, 0, 1)
        if x or y
    ]
    frame = (0, 0, 200, 200)

    small, great = Label(dot, 20, 8), Label(dot, 20, 8, great=True)
    assert place_labels([small], [dot, *ring], frame, most=1) == [None]
    (area,) = place_labels([great], [dot, *ring], frame, most=1)
    assert area is not None
    assert len(leader(dot, area)) == 2
    assert leader(dot, great.at((1, 0))) == ()


def test_the_biggest_places_are_named_first(tmp_path):
    crowd = [
        replace(ALDER, name=f"n{n}", lat=35 + n / 10, population=n) for n in range(20)
    ]
    words = words_of(draw(tmp_path / "map.svg", [*crowd, BIRCH], most_labels=2))

    assert "birch" in words
    assert "n19" in words
    assert "n3" not in words


def test_ticks_are_few_and_begin_on_the_first_day():
    year = [date(2022, 1, 1) + timedelta(days=n) for n in range(3_000)]
    for length in (1, 2, 9, 60, 400, 3_000):
        shown = ticks(year[:length])
        assert shown[0] == year[0]
        assert shown[-1] <= year[length - 1]
        assert len(shown) <= 10


# What-ifs

QUANTILES = {0.05: [0, 1], 0.25: [1, 2], 0.5: [2, 4], 0.75: [3, 6], 0.95: [9, 9]}
ARRIVALS = ArrivalBands(name="alder", shares=[0.25] * 2, never=0.5, recorded=DAYS[1])


def chances(path, **changed):
    places = [
        MapChance(name="alder", lat=35.0, lon=36.0, chance=0.3),
        MapChance(name="birch", lat=35.5, lon=36.5, chance=None, population=10),
    ]
    draw_probability_map(
        path, places, **{"title": "t", "caption": CAPTION, "size": SMALL} | changed
    )


def fan(path, **changed):
    asked = {"title": "t", "caption": CAPTION, "size": SMALL, "observed": [1, None]}
    draw_fan(path, DAYS[:2], QUANTILES, **asked | changed)


def arrivals(path, **changed):
    rows = [
        ARRIVALS,
        replace(ARRIVALS, name="$birch$", recorded=None, is_recorded=True),
    ]
    draw_arrivals(path, DAYS[:2], rows, **{"title": "t", "caption": CAPTION} | changed)


def reliability(path, **changed):
    bins = [PlotBin(forecast=f, observed=f, count=3) for f in (0.9, 0.1)]
    draw_reliability(path, bins, **{"title": "t", "caption": CAPTION} | changed)


WHAT_IFS = [chances, fan, arrivals, reliability]


@pytest.mark.parametrize("picture", WHAT_IFS)
def test_every_what_if_says_so_with_seed_and_assumptions(tmp_path, picture):
    one, other = tmp_path / "one.svg", tmp_path / "other.svg"
    picture(one, **WHAT_IF)
    picture(other, **WHAT_IF)
    words = words_of(one)

    assert "WHAT-IF — not what happened" in words
    assert "Seed 7. Assumptions: blue moves 15 km a day" in words
    assert "as known at position 17" in words
    assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize("picture", WHAT_IFS)
def test_no_what_if_is_drawn_without_its_assumptions(tmp_path, picture):
    with pytest.raises(UsageError, match="assumptions"):
        picture(tmp_path / "x.svg", seed=7, assumptions="  ")
    with pytest.raises(TypeError):
        picture(tmp_path / "x.svg", seed=7)
    with pytest.raises(TypeError):
        picture(tmp_path / "x.svg", assumptions="some")
    assert list(tmp_path.iterdir()) == []


def test_the_record_is_never_marked_as_a_what_if(tmp_path):
    assert "WHAT-IF" not in words_of(draw(tmp_path / "map.svg"))


def test_chances_fall_into_classes_with_bounds_above():
    assert look_of_chance(0.0).label == "under 5 %"
    assert look_of_chance(0.05).label == "5 to 25 %"
    assert look_of_chance(1.0).label == "95 % and over"
    assert look_of_chance(None).face == "none"
    with pytest.raises(UsageError, match="no chance"):
        MapChance(name="alder", lat=0, lon=0, chance=1.5)


def test_the_chance_map_counts_its_classes(tmp_path):
    chances(tmp_path / "map.svg", **WHAT_IF)
    words = words_of(tmp_path / "map.svg")

    assert "25 to 50 % | 1" in words
    assert "75 to 95 %" not in words


def test_arrivals_show_never_as_a_share_of_its_own(tmp_path):
    arrivals(tmp_path / "a.svg", **WHAT_IF)
    words = words_of(tmp_path / "a.svg")

    assert "never" in words
    assert "50%" in words
    assert "$birch$" in words


def test_shares_of_arrival_sum_to_one_with_never():
    for wrong in ({"never": 0.4}, {"never": float("nan")}, {"shares": [-0.5, 1.0]}):
        with pytest.raises(UsageError, match="sum to 1"):
            replace(ARRIVALS, **wrong)


@pytest.mark.parametrize(
    ("quantiles", "problem"),
    [
        ({0.5: [1, 2]}, "no level 0.05"),
        (QUANTILES | {0.95: [9, float("inf")]}, "finite"),
        (QUANTILES | {0.95: [9]}, "finite"),
        (QUANTILES | {0.95: [1, 9]}, "cross"),
    ],
)
def test_quantiles_that_cannot_be_a_fan_are_refused(tmp_path, quantiles, problem):
    with pytest.raises(UsageError, match=problem):
        draw_fan(
            tmp_path / "x.svg",
            DAYS[:2],
            quantiles,
            title="",
            caption=CAPTION,
            **WHAT_IF,
        )


def test_plots_of_nothing_are_drawn_and_say_what_they_would_show(tmp_path):
    said = {"title": "Nothing", "caption": CAPTION}
    none = {level: [] for level in QUANTILES}
    draw_probability_map(tmp_path / "map.svg", [], **said, **WHAT_IF)
    draw_fan(tmp_path / "fan.svg", [], none, **said, **WHAT_IF)
    draw_arrivals(tmp_path / "arrivals.svg", [], [], **said, **WHAT_IF)
    draw_reliability(tmp_path / "reliability.svg", [], **said, **WHAT_IF)

    for path in tmp_path.iterdir():
        assert "Nothing" in words_of(path)
