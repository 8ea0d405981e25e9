"""UNHCR's population figures by year, origin and asylum, from its data finder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from chronicle.domain.events import DisplacementReported, Event, SourceRegistered
from chronicle.formats.field import Asked, BadCell, Format, Rows, each_row
from chronicle.formats.head import Cells, Head
from chronicle.formats.problem import Problem
from chronicle.formats.row_reader import RowReader, is_tags
from chronicle.formats.source import Source

__all__ = ["FORMAT", "GROUPS", "UNHCR", "Group"]

UNHCR = "UN High Commissioner for Refugees"


@dataclass(frozen=True, slots=True)
class Group:
    """What UNHCR calls a group of people, as a figure: where they are, which move."""

    measure: str
    category: str
    where: str  # which of the two countries they are in: `origin` or `asylum`
    says: str

    def figure(
        self,
        *,
        dataset: str,
        id_: str,
        persons: int,
        origin: str,
        asylum: str,
        span: tuple[date, date],
        note: str = "",
    ) -> DisplacementReported:
        """A stock on the last day of *span*, or a flow over it."""
        start, after = span
        flow = self.measure == "flow"
        between = f"{self.says} from {origin or '?'} in {asylum or '?'}"
        return DisplacementReported(
            dataset=dataset,
            report_id=id_,
            source="unhcr",
            counter="unhcr",
            measure=self.measure,
            category=self.category,
            persons=persons,
            area=(origin if self.where == "origin" else asylum) or origin or asylum,
            valid_on=None if flow else after - timedelta(days=1),
            since=start if flow else None,
            until=after if flow else None,
            note="; ".join(filter(None, (between, note))),
        )


# By UNHCR's short words, which HAPI uses.
GROUPS = {
    "REF": Group("stock", "left the country", "asylum", "refugees"),
    "ROC": Group("stock", "left the country", "asylum", "people like refugees"),
    "ASY": Group("stock", "left the country", "asylum", "asylum seekers"),
    "OIP": Group("stock", "left the country", "asylum", "in need of protection"),
    "IDP": Group("stock", "displaced", "asylum", "displaced in the country"),
    "IOC": Group("stock", "displaced", "asylum", "people like those displaced"),
    "RET": Group("flow", "returned from abroad", "origin", "returned refugees"),
    "RDP": Group("flow", "returned within the country", "origin", "returned displaced"),
}
# The columns of the data finder, and the keys of the programming interface.
COLUMNS = {
    "Refugees under UNHCR's mandate": "REF",
    "Refugees": "REF",
    "refugees": "REF",
    "Asylum-seekers": "ASY",
    "asylum_seekers": "ASY",
    "IDPs of concern to UNHCR": "IDP",
    "IDPs": "IDP",
    "idps": "IDP",
    "Returned refugees": "RET",
    "returned_refugees": "RET",
    "Returned IDPs": "RDP",
    "Returned IDPss": "RDP",
    "returned_idps": "RDP",
    "Other people in need of international protection": "OIP",
    "oip": "OIP",
}
HEADERS = ({"Year", "Country of origin", "Country of asylum"}, {"year", "coo", "coa"})


def _recognises(path: Path, head: Head) -> int:
    known = any(head.columns(*needed) for needed in HEADERS)
    return 90 if known and any(head.columns(name) for name in COLUMNS) else 0


def _read(source: Source, asked: Asked) -> Rows:
    sheet = source.sheet(lambda cells: any(set(cells) >= one for one in HEADERS))
    yield (
        1,
        SourceRegistered(
            dataset=asked.dataset,
            source="unhcr",
            name=UNHCR,
            kind="United Nations",
        ),
    )
    yield from each_row(source, sheet.rows, _Reading(source, asked, sheet).take)


class _Reading(RowReader):
    def take(self, line: int, cells: Cells) -> list[Event | Problem]:
        """A figure for each group that the row counts; none for 0 people."""
        if is_tags(cells):
            return []
        text = self.text(cells, "Year", "year")
        if not (text.isascii() and text.isdigit() and 1900 <= int(text) <= 2200):
            raise BadCell("Year", text, "must be a year")
        year = int(text)
        origin = self.text(
            cells,
            "Country of origin (ISO)",
            "Country of Origin (ISO)",
            "coo_iso",
            "Country of origin",
            "coo_name",
            "coo",
        )
        asylum = self.text(
            cells,
            "Country of asylum (ISO)",
            "Country of Asylum (ISO)",
            "coa_iso",
            "Country of asylum",
            "coa_name",
            "coa",
        )
        stem = f"unhcr:{year}-01-01:{year + 1}-01-01:{origin}:{asylum}"
        stem = stem.replace(" ", "-")
        made: list[Event | Problem] = []
        for column, group in COLUMNS.items():
            if column not in self.index:
                continue
            if not (persons := self.count(cells, column)):
                continue  # zeros are most of the table
            made.append(
                GROUPS[group].figure(
                    dataset=self.dataset,
                    id_=f"{stem}:{group}",
                    persons=persons,
                    origin=origin,
                    asylum=asylum,
                    span=(date(year, 1, 1), date(year + 1, 1, 1)),
                )
            )
        return made


FORMAT = Format(
    name="unhcr",
    title="UNHCR population figures: refugees, displaced, returned, by year",
    dataset="unhcr",
    types=(DisplacementReported.TYPE,),
    recognises=_recognises,
    read=_read,
)
