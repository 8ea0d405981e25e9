"""Tables of known truth, in every form that people give one: the oracle of imports.

`disturbed(seed)` makes a table of reports that is known to the last cell, and writes it
as someone would: other signs between cells, encodings, orders of days, digits, words of
headers, blanks, captions, foot rows, workbooks. `misread` imports it and compares: each
report that went in must be one of the truth, and each of the truth that did not go in
must have been told: by a problem, a note, or a refusal of the whole.
"""

from __future__ import annotations

import csv
import io
import json
import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import chronicle as ch
import sheets
from chronicle.domain.events import (
    ControlReported,
    DisplacementReported,
    IncidentReported,
)
from chronicle.errors import ChronicleError
from chronicle.formats.field_file import Wanted
from chronicle.formats.spreadsheet.mapping import ColumnMapping
from chronicle.formats.spreadsheet.table import TableOptions

__all__ = ["Made", "disturbed", "misread"]

Truth = tuple[Any, ...]  # of one report: day, place, party, source, figures, note

SCRIPTS = {
    "utf-8": (
        "Tarn", "Bel Hama", "Vell", "Köln", "حلب", "Київ", "Dour al-Nahr", "a;b",
        'qu"ote', "x,y", "007", "Nord|Süd", "12", "São João", "Ñuñoa", "東京", "May",
    ),
    "cp1252": ("Tarn", "Köln", "São João", "Fès", "Niš Été", "Málaga", "Orléans"),
    "cp1251": ("Київ", "Харків", "Донецк", "Мариуполь", "Попасна", "Лиман"),
    "cp1256": ("حلب", "حماة", "دمشق", "إدلب", "الرقة", "دير الزور", "منبج"),
}  # fmt: skip
PARTIES = {
    "utf-8": ("Government", "Valdoria Front", "Coalition"),
    "cp1252": ("Armée", "Front népalais", "Régime"),
    "cp1251": ("Україна", "Россия", "Повстанцы"),
    "cp1256": ("الحكومة", "المعارضة", "التحالف"),
}
SOURCES = ("Reuters", "Valdoria Post", "Radio Kesh")
MONTHS = {
    "en": "January February March April May June July August September October "
    "November December",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre "
    "décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre "
    "noviembre diciembre",
    "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября "
    "декабря",
    "uk": "січня лютого березня квітня травня червня липня серпня вересня жовтня "
    "листопада грудня",
    "ar": "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
}
EASTERN = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
HEADERS: dict[str, tuple[str, ...]] = {
    "day": (
        "Date", "DATE", "Event date", " date ", "Day", "Date of control", "التاريخ",
        "Дата", "Fecha", "Jour", "дата", "date_of_event", "valid_from",
    ),
    "place": (
        "Place", "Location", "Town", "Settlement name", "المدينة", "Город", "Lugar",
        "Ville", "Місто", "Place / المكان", "settlement",
    ),
    "who": (
        "Who", "Controlled by", "Actor", "Held by", "الجهة المسيطرة", "Кто",
        "Controlado por", "Contrôlé par", "Хто", "to_actor",
    ),
    "source": ("Source", "Reported by", "المصدر", "Источник", "Fuente", "Джерело"),
    "note": ("Note", "Comments", "Remarks", "ملاحظات", "Примечание", "Notas"),
    "persons": ("IDPs", "People", "Number of people", "النازحون", "Personas", "осіб"),
    "killed": ("Killed", "Fatalities", "Deaths", "القتلى", "убитые", "Muertos"),
    "lat": ("Lat", "Latitude", "LATITUDE", "خط العرض", "широта", "latitud"),
    "lon": ("Lon", "Long", "Longitude", "خط الطول", "долгота", "longitud"),
    "published": ("Published", "Date published", "تاريخ النشر", "Publicado"),
}  # fmt: skip
LATIN_HEADERS = {
    name: tuple(word for word in words if word.isascii())
    for name, words in HEADERS.items()
}
EMPTY = ("", "", " ", "n/a", "N/A", "NA", "-", "—", "NULL", "#N/A", "nan", "none")
ASIDE = ("Entered", "Checked by", "Sheet", "Q3", "Column1", "خلية", "Код")
FOOT = ("Total", "TOTAL", "Grand total", "المجموع", "Итого", "Всього", "Total général")
NOTES = ("12,5; and\tmore", "=1+1", "two\nlines")
MAKES = (*["text"] * 10, "xlsx", "ods", "json")
CAPTIONS = ("Control in Valdoria", "Situation report no. 3", "Updated weekly", "تقرير")


class Form(NamedTuple):
    """How days are written, and the order to say where a column cannot tell."""

    write: Callable[[date], str]
    order: str | None = None


def _strftime(form: str, order: str | None = None) -> Form:
    return Form(lambda d: d.strftime(form), order)


def _named(language: str, form: str) -> Form:
    months = MONTHS[language].split()
    return Form(lambda d: form.format(d=d.day, m=months[d.month - 1], y=d.year), None)


DAYS: tuple[Form, ...] = (
    _strftime("%Y-%m-%d"), _strftime("%Y/%m/%d"), _strftime("%Y.%m.%d"),
    _strftime("%Y%m%d"), _strftime("%d/%m/%Y", "dmy"), _strftime("%m/%d/%Y", "mdy"),
    _strftime("%d-%m-%Y", "dmy"), _strftime("%m-%d-%Y", "mdy"),
    _strftime("%d.%m.%Y"), _strftime("%d.%m.%y"), _strftime("%d/%m/%y", "dmy"),
    _strftime("%m/%d/%y", "mdy"), _strftime("%d-%m-%y", "dmy"),
    _strftime("%y-%m-%d", "ymd"), _strftime("%d %b %Y"), _strftime("%d-%b-%y"),
    _strftime("%B %d, %Y"), _strftime("%b %d %Y"), _strftime("%A, %d %B %Y"),
    _strftime("%Y-%m-%d 00:00:00"), _strftime("%Y-%m-%dT00:00:00.000Z"),
    _strftime("%Y-%m-%d 14:30"), _strftime("%d/%m/%Y 9:05", "dmy"),
    _strftime("%m/%d/%Y 12:00:00 AM", "mdy"), _strftime("%Y-%m-%dT23:10:00+03:00"),
    Form(lambda d: f"{d.day}.{d.month}.{d.year}"),
    Form(lambda d: f"{d.day}/{d.month}/{d.year}", "dmy"),
    Form(lambda d: f"{d.month}/{d.day}/{d.year}", "mdy"),
    Form(lambda d: f"{d:%Y-%m-%d}".translate(EASTERN)),
    Form(lambda d: f"{d:%d/%m/%Y}".translate(EASTERN), "dmy"),
    Form(lambda d: f"\u200f{d:%d/%m/%Y}\u200e", "dmy"),
    Form(lambda d: f"{d.day}\u00a0{d:%b}\u00a0{d.year}"),
    Form(lambda d: str((d - date(1899, 12, 30)).days)),
    Form(lambda d: f"{(d - date(1899, 12, 30)).days}.0"),
    _named("fr", "{d} {m} {y}"), _named("es", "{d} de {m} de {y}"),
    _named("ru", "{d} {m} {y} г."), _named("uk", "{d} {m} {y} року"),
    _named("ar", "{d} {m} {y}"),
)  # fmt: skip


@dataclass(slots=True)
class Made:
    """A table as written, what it says, and what a user would say of it if asked."""

    file: str
    data: Callable[[Path], None]
    truth: Counter[Truth]
    order: str | None
    decimal: str | None
    kind: str
    encoding: str | None = None
    how: list[str] = field(default_factory=list)


class _Figure(NamedTuple):
    text: str
    best: int | None
    low: int | None = None
    high: int | None = None
    qualifier: str = ""


def _figure(rnd: random.Random, style: str) -> _Figure:
    n = rnd.choice((7, 85, 120, 999, 1_000, 1_250, 12_000, 74_000, 120_500, 1_234_567))
    plain = {
        "plain": str(n),
        "comma": f"{n:,}",
        "point": f"{n:,}".replace(",", "."),
        "space": f"{n:,}".replace(",", " "),
        "thin": f"{n:,}".replace(",", "\u202f"),
        "swiss": f"{n:,}".replace(",", "'"),
        "float": f"{n}.0",
        "eastern": str(n).translate(EASTERN),
        "eastern grouped": f"{n:,}".replace(",", "٬").translate(EASTERN),
    }.get(style)
    if plain is not None:
        return _Figure(plain, n)
    if style == "about":
        word = rnd.choice(
            ("~", "about ", "circa ", "≈", "environ ", "около ", "حوالي ")
        )
        return _Figure(f"{word}{n:,}", n, qualifier="about")
    if style == "over":
        word = rnd.choice(("over ", ">", "more than ", "свыше ", "más de "))
        return _Figure(f"{word}{n:,}", n, low=n, qualifier="over")
    if style == "range":
        sign = rnd.choice(("-", " - ", "–", " to "))
        return _Figure(f"{n:,}{sign}{2 * n:,}", None, n, 2 * n, "range")
    thousands = rnd.choice((3, 74, 120))
    if style == "k":
        return _Figure(
            f"{thousands}{rnd.choice(('k', 'K', ' thousand'))}", thousands * 1000
        )
    if style.startswith("million"):
        text, worth = rnd.choice(
            (("1.2 million", 1_200_000), ("1.234 million", 1_234_000))
            if style.endswith("point")
            else (("2,5 млн", 2_500_000), ("1,234 million", 1_234_000))
        )
        return _Figure(text, worth)
    return _Figure(f"{n} people", n)


FIGURES = (
    "plain", "plain", "comma", "point", "space", "thin", "swiss", "float", "eastern",
    "eastern grouped", "about", "over", "range", "k", "million point",
    "million comma", "people",
)  # fmt: skip


def disturbed(seed: int) -> Made:
    """The table of a seed."""
    rnd = random.Random(seed)
    kind = rnd.choice(("control", "control", "displacement", "incident"))
    script = rnd.choice(("utf-8", "utf-8", "cp1252", "cp1251", "cp1256"))
    make = rnd.choice(MAKES)
    how = [kind, make]
    form = rnd.choice(DAYS)
    style = rnd.choice(FIGURES)
    columns = ["day", "place", "source"]
    columns += {
        "control": ["who"],
        "displacement": ["persons"],
        "incident": ["killed"],
    }[kind]
    for extra, chance in (("note", 0.4), ("published", 0.3), ("lat", 0.4)):
        if rnd.random() < chance:
            columns += ["lat", "lon"] if extra == "lat" else [extra]
    rows, truth = _rows(rnd, kind, script, columns, style)
    table = _written(rnd, rows, columns, form, make, how)
    header, order = _header(rnd, columns, script, how)
    cells = [[row[at] if at is not None else "" for at in order] for row in table]
    cells = _aside(rnd, cells, order, how)
    data, file, encoding = _file(rnd, make, script, header, cells, order, how)
    decimal = "comma" if style in ("point", "million comma") else "point"
    return Made(file, data, truth, form.order, decimal, kind, encoding, how)


def _rows(
    rnd: random.Random, kind: str, script: str, columns: list[str], style: str
) -> tuple[list[dict[str, Any]], Counter[Truth]]:
    start = date(2024, 1, 1) + timedelta(rnd.randrange(700))
    names = rnd.sample(SCRIPTS[script], min(4, len(SCRIPTS[script])))
    spots = {
        n: (round(rnd.uniform(-60, 60), 3), round(rnd.uniform(-150, 150), 3))
        for n in names
    }
    rows: list[dict[str, Any]] = []
    truth: Counter[Truth] = Counter()
    for number in range(rnd.randrange(1, 14)):
        row: dict[str, Any] = {
            "day": start + timedelta(rnd.randrange(50)),
            "place": rnd.choice(names),
            "source": rnd.choice(SOURCES),
            "who": rnd.choice(PARTIES[script]),
            "note": rnd.choice(("", f"note {number}", *NOTES)),
        }  # fmt: skip
        row["lat"], row["lon"] = spots[row["place"]]
        row["published"] = row["day"] + timedelta(rnd.randrange(5))
        if rnd.random() < 0.3:
            row["published"] = None
        figure = _figure(rnd, style)
        row["persons"] = row["killed"] = figure
        rows.append(row)
        truth[_truth(kind, row, columns)] += 1
    return rows, truth


def _truth(kind: str, row: dict[str, Any], columns: list[str]) -> Truth:
    figure = row["persons"]
    if kind == "control":
        told: tuple[Any, ...] = (row["who"],)
    elif kind == "displacement":
        told = (figure.best, figure.low, figure.high, figure.qualifier)
    else:
        told = (figure.best, figure.low, figure.high)
    note = " ".join(row["note"].split()) if "note" in columns else ""
    published = row["published"] if "published" in columns else None
    spot = (row["lat"], row["lon"]) if "lat" in columns else None
    return (row["day"], row["place"], row["source"], *told, note, published, spot)


def _written(
    rnd: random.Random,
    rows: list[dict[str, Any]],
    columns: list[str],
    form: Form,
    make: str,
    how: list[str],
) -> list[list[Any]]:
    """The cells of the rows, by column, as one person writes them."""
    typed = make in ("xlsx", "ods") and rnd.random() < 0.5
    mixed = typed and rnd.random() < 0.3  # some days typed and some as text
    comma = rnd.random() < 0.4
    empty = rnd.choice(EMPTY)
    swapped = mixed and form.order == "dmy" and rnd.random() < 0.5
    how += [f"days {form.write(date(2025, 3, 4))!r}", f"empty {empty!r}"]
    how += ["typed"] * typed + ["mixed"] * mixed + ["swapped"] * swapped

    def of_day(day: date | None) -> Any:
        if day is None:
            return empty
        if swapped:  # a spreadsheet of another country took what it could for its own
            if day.day <= 12:
                return date(day.year, day.day, day.month)
            return form.write(day)
        if typed and not (mixed and rnd.random() < 0.5):
            return day
        return form.write(day)

    def of(column: str, row: dict[str, Any]) -> Any:
        value = row[column]
        if column in ("day", "published"):
            return of_day(value)
        if column in ("lat", "lon"):
            if make in ("xlsx", "ods", "json") and rnd.random() < 0.5:
                return value
            return str(value).replace(".", ",") if comma else str(value)
        if column in ("persons", "killed"):
            if (
                make in ("xlsx", "ods", "json")
                and value.text.isascii()
                and value.text.isdigit()
            ):
                return value.best
            return value.text
        return value

    return [[of(column, row) for column in columns] for row in rows]


def _header(
    rnd: random.Random, columns: list[str], script: str, how: list[str]
) -> tuple[list[str], list[int | None]]:
    words = HEADERS if script == "utf-8" else LATIN_HEADERS
    order: list[int | None] = list(rnd.sample(range(len(columns)), len(columns)))
    header = [rnd.choice(words[columns[at]]) for at in order if at is not None]
    if rnd.random() < 0.3:
        at = rnd.randrange(len(order) + 1)
        order.insert(at, None)
        aside = [word for word in ASIDE if script == "utf-8" or word.isascii()]
        header.insert(at, rnd.choice([*aside, ""]))
        how.append("a column aside")
    how.append(f"header {header}")
    return header, order


def _aside(
    rnd: random.Random, cells: list[list[Any]], order: list[int | None], how: list[str]
) -> list[list[Any]]:
    """Blanks around values, empty rows, foot rows and text in columns aside."""
    width = len(order)
    if None in order:
        for row in cells:
            row[order.index(None)] = rnd.choice(("", "ok", "7", "2025-01-01"))
    if rnd.random() < 0.4:
        pad = rnd.choice((" ", "\u00a0", "  "))
        for row in cells:
            at = rnd.randrange(width)
            if isinstance(row[at], str) and row[at]:
                row[at] += pad
        how.append(f"blanks {pad!r}")
    if rnd.random() < 0.3:
        cells.insert(rnd.randrange(len(cells) + 1), [""] * width)
        how.append("an empty row")
    if rnd.random() < 0.25:
        foot = [""] * width
        foot[rnd.randrange(width)] = rnd.choice(FOOT)
        if rnd.random() < 0.5:
            foot = [cell if cell else rnd.choice(("", "", "1234")) for cell in foot]
        cells.append(foot)
        how.append(f"a foot row {foot}")
    return cells


def _file(
    rnd: random.Random,
    make: str,
    script: str,
    header: list[str],
    cells: list[list[Any]],
    order: list[int | None],
    how: list[str],
) -> tuple[Callable[[Path], None], str, str | None]:
    table: list[Sequence[Any]] = [header, *cells]
    if make == "json" and "" not in header and len(set(header)) == len(header):
        lines = rnd.random() < 0.5
        objects = [dict(zip(header, row, strict=True)) for row in cells]
        objects = [one for one in objects if any(v != "" for v in one.values())]
        text = "\n".join(
            json.dumps(one, ensure_ascii=rnd.random() < 0.5) for one in objects
        )
        if not lines:
            text = json.dumps(objects)
        return lambda path: _bytes(path, text.encode()), "t.json", None
    captions = rnd.randrange(3) if rnd.random() < 0.3 else 0
    said = [
        rnd.choice(CAPTIONS[:3] if script != "utf-8" else CAPTIONS)
        for _ in range(captions)
    ]
    table = [*([word] + [""] * (len(header) - 1) for word in said), *table]
    how += [f"{captions} captions"] * bool(captions)
    if make in ("xlsx", "ods"):
        merge = ["A1:B1"] if captions and make == "xlsx" and rnd.random() < 0.5 else []
        if make == "xlsx":
            return lambda path: _done(sheets.excel(path, table, merge)), "t.xlsx", None
        return lambda path: _done(sheets.ods(path, table)), "t.ods", None
    sign = rnd.choice((",", ";", "\t", "|"))
    end = rnd.choice(("\r\n", "\r\n", "\n", "\r"))
    encoding = rnd.choice(("utf-8", "utf-8-sig", "utf-16", "utf-16-le"))
    if script != "utf-8" and rnd.random() < 0.7:
        encoding = script
    quoting = rnd.choice((csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL))
    out = io.StringIO(newline="")
    if rnd.random() < 0.15:
        out.write(f"sep={sign}{end}")
        how.append("sep=")
    trail = sign * rnd.randrange(3) if rnd.random() < 0.2 else ""
    for row in table:
        one = io.StringIO(newline="")
        csv.writer(
            one, delimiter=sign, lineterminator="\r\n", quoting=quoting
        ).writerow(row)
        out.write(one.getvalue().removesuffix("\r\n") + trail + end)
    how += [f"sign {sign!r}", f"end {end!r}", encoding]
    data = out.getvalue().encode(encoding, errors="replace")
    spoilt = data.decode(encoding) != out.getvalue().lstrip("\ufeff")
    if spoilt:  # a sign that the code page lacks: written as UTF-8 then
        data, encoding = out.getvalue().encode(), "utf-8"
    return (
        lambda path: _bytes(path, data),
        rnd.choice(("t.csv", "t.txt", "t.tsv")),
        encoding,
    )


def _bytes(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def _done(_: object) -> None:
    return None


def misread(seed: int, folder: Path, told: Counter[str] | None = None) -> str:
    """What the table of a seed was misread as; empty where it was read or refused.

    *told* counts how tables ended: whole, in part, refused.
    """
    made = disturbed(seed)
    path = folder / made.file
    made.data(path)
    told = Counter() if told is None else told
    with ch.memory() as log:
        ended = _import(log, path, made)
        if ended is None:
            told["refused"] += 1
            return ""
        found = Counter(_found(log))
        lost = ended
    wrong = found - made.truth
    left = made.truth - found
    # Rows that say the same twice are read once, and told.
    left = Counter({one: n for one, n in left.items() if not found[one]})
    if wrong:
        return f"{made.how}: read {list(wrong)[:2]}, not of {list(made.truth)[:3]}"
    if left and not lost:
        return f"{made.how}: {list(left)[:2]} lost without a word"
    told["in part" if left else "whole"] += 1
    return ""


def _import(log: ch.Chronicle, path: Path, made: Made) -> bool | None:
    """Import as a user would, who answers what is asked; None where it is refused.

    Else whether a problem was told.
    """
    said = ColumnMapping()
    for _ in range(5):
        options = TableOptions(mapping=said, register=True)
        try:
            result = log.import_folder(path, wanted=Wanted(table=options))
        except ChronicleError as error:
            answer = _answered(str(error), said, made)
            if answer is None or answer == said:
                return None
            said = answer
            continue
        return bool(result.problems)
    return None


def _answered(asked: str, said: ColumnMapping, made: Made) -> ColumnMapping | None:
    """What someone who knows the table says to a question."""
    if "mend them first" in asked:
        return None
    if "--dates" in asked and made.order:
        return replace(said, dates=made.order)
    if "--kind" in asked:
        return replace(said, kind=made.kind)
    if "--decimal" in asked and made.decimal:
        return replace(said, decimal=made.decimal)
    if "--encoding" in asked and made.encoding:
        return replace(said, sheet=replace(said.sheet, encoding=made.encoding))
    return None


def _found(log: ch.Chronicle) -> Iterable[Truth]:
    known = log.references()
    places, actors, sources = known.settlements, known.actors, known.sources
    for one in log.log():
        event = one.event
        if isinstance(event, ControlReported):
            party = actors[event.controller].name if event.controller else event.status
            told: tuple[Any, ...] = (party,)
            day: date | None = event.valid_from
        elif isinstance(event, DisplacementReported):
            told = (event.persons, event.low, event.high, event.qualifier)
            day = event.valid_on
        elif isinstance(event, IncidentReported):
            told = (event.killed, event.killed_low, event.killed_high)
            day = event.valid_from
        else:
            continue
        place = places[event.settlement] if event.settlement else None
        name = place.name if place else getattr(event, "area", "")
        spot = (place.lat, place.lon) if place and place.lat is not None else None
        source = sources[event.source].name
        yield (day, name, source, *told, event.note, event.published, spot)
