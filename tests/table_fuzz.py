"""Hostile spreadsheets from a seed: nothing but an error of ours, and nothing misread.

What is planted is known, so that an import can be checked against it: each row that
went in says what was written, in the order of days that the file has.
"""

from __future__ import annotations

import csv
import io
import random
from datetime import date, timedelta
from pathlib import Path

import chronicle as ch
from chronicle.domain.events import ControlReported
from chronicle.errors import ChronicleError
from chronicle.formats.field_file import Wanted
from chronicle.formats.spreadsheet.mapping import ColumnMapping
from chronicle.formats.spreadsheet.table import TableOptions

__all__ = ["hostile", "misread", "planted"]

HEADERS = (
    ("Date", "Place", "Who", "Source"),
    ("التاريخ", "المكان", "الجهة المسيطرة", "المصدر"),
    ("Дата", "Город", "Кто", "Источник"),
    ("Fecha", "Lugar", "Controlado por", "Fuente"),
)
FORMS = (
    "{d:%Y-%m-%d}", "{d:%d/%m/%Y}", "{d:%m/%d/%Y}", "{d.day}.{d.month}.{d.year}",
    "{d:%Y%m%d}", "{d:%d %b %Y}", "{d:%Y-%m-%d} 00:00:00", "{d:%d-%m-%y}",
)  # fmt: skip
NAMES = (
    "Tarn",
    "Bel Hama",
    "Köln",
    "حلب",
    "Київ",
    "a;b",
    'qu"ote',
    "x,y",
    "=1+1",
    "x-",
)
WORDS = (
    "", " ", "\u00a0", "NULL", "n/a", "0", "-1", "1e9", "\u202e", "\ufeff", "'", '"',
    "31/02/2025", "2025-13-01", "99999999999999999999", "contested", "́", "\U0001f4a9",
    "a" * 5_000, "=cmd|' /C calc'!A0", "<b>", "%s%n", "../../etc/passwd", "\x0b",
)  # fmt: skip
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1252", "cp1251", "cp1256", "latin-1")
SIGNS = (",", ";", "\t", "|")


def planted(seed: int) -> tuple[bytes, dict[tuple[str, str], set[date]], str]:
    """A table in some make, and by place and party the days on which it says so."""
    rnd = random.Random(seed)
    form = rnd.choice(FORMS)
    start = date(2024, 1, 1) + timedelta(rnd.randrange(700))
    names = rnd.sample(NAMES, 3)
    parties = ("Red", "Blue", "Green")
    told: dict[tuple[str, str], set[date]] = {}
    rows = []
    for _ in range(rnd.randrange(1, 12)):
        day = start + timedelta(rnd.randrange(60))
        place, who = rnd.choice(names), rnd.choice(parties)
        told.setdefault((place, who), set()).add(day)
        pad = rnd.choice(("", "", " ", "\u00a0"))
        rows.append([form.format(d=day), place + pad, who, "Radio"])
    header = list(rnd.choice(HEADERS))
    order = rnd.sample(range(4), 4)
    out = io.StringIO(newline="")
    sign = rnd.choice(SIGNS)
    if rnd.random() < 0.2:
        out.write(f"sep={sign}\r\n")
    writer = csv.writer(out, delimiter=sign)
    for row in (header, *rows):
        writer.writerow([row[at] for at in order])
        if rnd.random() < 0.1:
            writer.writerow([""] * 4)
    encoding = rnd.choice(("utf-8", "utf-8-sig", "utf-16"))
    return out.getvalue().encode(encoding), told, form


def hostile(seed: int) -> bytes:
    """A planted table with bytes and cells spoilt."""
    rnd = random.Random(seed)
    data, _, _ = planted(seed)
    for _ in range(rnd.randrange(1, 5)):
        how = rnd.random()
        at = rnd.randrange(len(data) + 1)
        if how < 0.35:
            word = rnd.choice(WORDS).encode(rnd.choice(ENCODINGS), errors="replace")
            data = data[:at] + word + data[at:]
        elif how < 0.6:
            data = data[:at] + bytes(rnd.randrange(256) for _ in range(4)) + data[at:]
        elif how < 0.8:
            data = data[:at] + data[at + rnd.randrange(1, 9) :]
        else:
            end = min(len(data), at + rnd.randrange(40))
            data = data + data[at:end] * rnd.randrange(1, 4)
    return data


OPTIONS = (
    ColumnMapping(), ColumnMapping(dates="dmy"), ColumnMapping(dates="mdy"),
    ColumnMapping(kind="control"), ColumnMapping(kind="displacement"),
    ColumnMapping(decimal="comma"), ColumnMapping(source="me"),
)  # fmt: skip


def taken(
    path: Path, data: bytes, seed: int, mapping: ColumnMapping
) -> list[ControlReported]:
    """The control reports that a fresh record takes from *data*; errors are ours."""
    path.write_bytes(data)
    wanted = Wanted(table=TableOptions(mapping=mapping, register=bool(seed % 2)))
    with ch.memory() as log:
        try:
            log.import_folder(path, wanted=wanted)
        except ChronicleError:
            return []
        return [r.event for r in log.log() if isinstance(r.event, ControlReported)]


def misread(seed: int, folder: Path) -> str:
    """What a whole table was misread as; empty where it was read right, or refused."""
    data, told, form = planted(seed)
    with ch.memory() as log:
        path = folder / "planted.csv"
        path.write_bytes(data)
        order = None
        if "%d/%m" in form or "%d-%m" in form:
            order = "dmy"
        elif "%m/%d" in form:
            order = "mdy"
        for said in (None, order):
            options = TableOptions(mapping=ColumnMapping(dates=said), register=True)
            try:
                log.import_folder(path, wanted=Wanted(table=options))
                break
            except ChronicleError as error:
                if said is None and order and "--dates" in str(error):
                    continue
                return "" if "may be" in str(error) else f"refused: {error}"
        places = log.references().settlements
        actors = log.references().actors
        found: dict[tuple[str, str], set[date]] = {}
        for one in log.log():
            event = one.event
            if isinstance(event, ControlReported) and event.controller:
                key = places[event.settlement].name, actors[event.controller].name
                found.setdefault(key, set()).add(event.valid_from)
        return "" if found == told else f"{form}: {told} read as {found}"
