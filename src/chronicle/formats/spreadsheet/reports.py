"""One row of a table as an event: control, displacement, an incident, a place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import fields
from datetime import timedelta
from typing import Any

from chronicle.domain.events import (
    NAMELESS,
    ControlReported,
    DisplacementReported,
    Event,
    IncidentReported,
    SettlementRegistered,
)
from chronicle.domain.names import fold_name
from chronicle.errors import BadField, InputError
from chronicle.formats.places import slug
from chronicle.formats.spreadsheet.cells import Cell
from chronicle.formats.spreadsheet.dates import Days
from chronicle.formats.spreadsheet.header_words import STATUS_OF
from chronicle.formats.spreadsheet.ids import all_names, made_id, short
from chronicle.formats.spreadsheet.mapping import ColumnMapping
from chronicle.formats.spreadsheet.names import SKIP, Names, Spot
from chronicle.formats.spreadsheet.proposal import Proposal
from chronicle.formats.spreadsheet.row_cells import RowCells

__all__ = ["Reports"]


class Reports(RowCells):
    """The rows of one table."""

    def __init__(
        self,
        file: str,
        dataset: str,
        proposal: Proposal,
        mapping: ColumnMapping,
        days: Mapping[str, Days],
        decimal: str | None,
        names: Names,
    ) -> None:
        super().__init__(proposal, mapping, days, decimal, names)
        self._dataset = dataset
        self._make = {
            "control": self._control,
            "displacement": self._displacement,
            "incident": self._incident,
            "settlement": self._settlement,
        }[proposal.kind.name]
        reports = proposal.kind.name != "settlement"
        if reports and "source" not in self._index and not mapping.source:
            words = ", ".join(
                repr(one.header) for one in proposal.columns if one.header
            )
            raise InputError(
                f"{file}: no column of {words} says who says so; name the source of "
                "the whole table with --source NAME"
            )

    def row(self, line: int, cells: list[Cell], seen: Counter[str]) -> Event | None:
        """The event of a row; None where a name in it is open or left out.

        *seen* counts the ids that were made, so that each is another. Raises `BadCell`.
        """
        self._line, self._cells = line, cells
        try:
            values = self._make()
            if values is None:
                return None
            return self._event(values, seen)
        except BadField as bad:
            column = {"controller": "to_actor", "report_id": "id"}.get(
                bad.field, bad.field
            )
            raise self._bad(column, bad.rule) from None

    # --- what reports share -----------------------------------------------------------

    def _common(self, values: dict[str, object]) -> bool:
        """Source, days, grades, texts; False where the source is left out."""
        name = self._text("source") or self._mapping.source or ""
        if not name:
            raise self._bad("source", "must not be empty")
        source = self._names.source(name, self._line)
        if source is None:
            return self._left_out("source", name)
        values["source"] = source
        self._day("published", values)
        for column in ("note", "ref", "claimed_by", "counter"):
            if column in self._index and (text := self._text(column)):
                values[column] = text
        self._chosen("reliability", values)
        if text := self._text("credibility"):
            if text not in ("1", "2", "3", "4", "5", "6"):
                raise self._bad("credibility", "must be a whole number from 1 to 6")
            values["credibility"] = int(text)
        values["dataset"] = self._dataset
        return True

    def _left_out(self, kind: str, name: str) -> bool:
        self._names.skipped += self._names.choices.get((kind, name)) == SKIP
        return False

    def _place(
        self, column: str, values: dict[str, object], spot: Spot, needed: bool
    ) -> bool:
        name = self._text(column) or (spot.pcode if column == "settlement" else "")
        if not name:
            if needed:
                raise self._bad(column, "must not be empty")
            return True
        id_ = self._names.place(name, spot, self._line)
        if id_ is None:
            return self._left_out("settlement", name)
        values[column] = id_
        return True

    def _party(self, column: str, field: str, values: dict[str, object]) -> bool:
        name = self._text(column)
        if not name:
            return True
        id_ = self._names.actor(name, self._line)
        if id_ is None:
            return self._left_out("actor", name)
        values[field] = id_
        return True

    # --- kinds ------------------------------------------------------------------------

    def _control(self) -> dict[str, object] | None:
        values: dict[str, object] = {}
        self._day("valid_from", values)
        if "valid_from" not in values:
            raise self._bad("valid_from", "must not be empty")
        spot = self._spot()
        self._chosen("time_of_day", values)
        status = self._status()
        nameless = STATUS_OF.get(fold_name(self._text("to_actor")), "")
        known = self._names.choices.get(("actor", self._text("to_actor")))
        if nameless in NAMELESS and known is None:  # *contested* where a party stands
            status = status or nameless
        fine = self._place("settlement", values, spot, needed=True)
        if status not in NAMELESS:
            fine &= self._party("to_actor", "controller", values)
            if fine and "controller" not in values:
                raise self._bad(
                    "to_actor", "names no party; say contested, vacated or unknown"
                )
        fine &= self._party("from_actor", "from_actor", values)
        fine &= self._common(values)
        values["status"] = status or "held"
        return values if fine else None

    def _status(self) -> str:
        text = self._text("status")
        if not text:
            return ""
        status = STATUS_OF.get(fold_name(text))
        if status is None:
            raise self._bad(
                "status",
                "must be held, contested, shared, besieged, presence, vacated or "
                "unknown",
            )
        return status

    def _displacement(self) -> dict[str, Any] | None:
        values: dict[str, Any] = {}
        for column in ("valid_on", "since", "until"):
            self._day(column, values)
        if "since" in values and "until" in values and "measure" not in self._index:
            values["measure"] = "flow"
            try:  # people write the last day of a span
                values["until"] += timedelta(days=1)
            except OverflowError:
                raise self._bad(
                    "until", "ends no span; leave it empty where none is known"
                ) from None
        values.setdefault("measure", "stock")
        values.setdefault("category", "displaced")
        for column in ("measure", "category"):
            self._chosen(column, values)
        for column in ("persons", "low", "high"):
            self._people(column, values)
        if not values.keys() & {"persons", "low", "high"}:
            raise self._bad("persons", "must not be empty")
        self._chosen("qualifier", values)
        spot = self._spot()
        area = self._text("area") or (
            "" if self._text("settlement") else spot.admin1 or spot.pcode
        )
        if area:
            values["area"] = area
        fine = True
        for column in ("settlement", "origin", "destination"):
            where = spot if column == "settlement" else Spot()
            fine &= self._place(column, values, where, needed=False)
        fine &= self._common(values)
        return values if fine else None

    def _incident(self) -> dict[str, object] | None:
        values: dict[str, object] = {"kind": "Other"}
        self._day("valid_from", values)
        if "valid_from" not in values:
            raise self._bad("valid_from", "must not be empty")
        for column in ("kind", "time_of_day"):
            self._chosen(column, values)
        for column in ("killed", "injured"):
            self._people(column, values)
        if area := self._text("area"):
            values["area"] = area
        if text := self._text("civilians"):
            values["civilians"] = text.casefold()
        fine = self._place("settlement", values, self._spot(), needed=not area)
        fine &= self._party("alleged_actor", "alleged_actor", values)
        fine &= self._common(values)
        return values if fine else None

    def _settlement(self) -> dict[str, object] | None:
        values: dict[str, object] = {
            "name": self._text("name"),
            "dataset": self._dataset,
        }
        if not values["name"]:
            raise self._bad("name", "must not be empty")
        spot = self._spot()
        values |= {
            "lat": spot.lat,
            "lon": spot.lon,
            "admin1": spot.admin1,
            "pcode": spot.pcode,
            "geonames_id": spot.geonames_id,
        }
        self._people("population", values)
        if text := self._text("aliases"):
            signs = "|;،," if "|" not in text else "|"
            parts = [text]
            for sign in signs:
                parts = [one for part in parts for one in part.split(sign)]
            values["aliases"] = tuple(one.strip() for one in parts if one.strip())
        for column in ("kind", "note"):
            if text := self._text(column):
                values[column] = text
        values["settlement"] = self._text("id")
        return values

    # --- events -----------------------------------------------------------------------

    def _event(self, values: dict[str, Any], seen: Counter[str]) -> Event | None:
        kind = self._proposal.kind.name
        if kind == "settlement":
            return self._registered(values)
        own = self._text("id")
        if own:
            id_ = short(f"{slug(self._dataset)}:{slug(own)}")
            seen[id_] += 1
            if seen[id_] > 1:
                raise self._bad("id", "stands in a row further up already")
        else:
            id_ = made_id(self._dataset, values, seen)
        values["report_id"] = id_
        if kind == "control":
            return ControlReported(**values)
        if kind == "displacement":
            return DisplacementReported(**values)
        return IncidentReported(**values)

    def _registered(self, values: dict[str, Any]) -> Event | None:
        """A place: one that is known by id, code, or name and nearness is amended."""
        if not values["settlement"]:
            name = values["name"]
            spot = Spot(
                values["lat"], values["lon"], values["admin1"], values["pcode"],
                values["geonames_id"],
            )  # fmt: skip
            id_ = self._names.place(name, spot, self._line)
            if id_ is None:
                return None
            values["settlement"] = id_
            self._names.new.clear()  # this row itself is the registration
        before = self._names.references.settlements.get(values["settlement"])
        if before is not None:  # what the row leaves empty stays as it was
            known = {f.name: getattr(before, f.name) for f in fields(before)}
            told = {name: one for name, one in values.items() if one not in ("", None)}
            values = {**known, **told, "aliases": all_names(before, values)}
        return SettlementRegistered(**values)
