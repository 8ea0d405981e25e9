"""Toys for the tests of the log: a clock that can be set, and short events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from chronicle.domain.events import (
    ActorRegistered,
    ControlReported,
    Event,
    SettlementRegistered,
)
from chronicle.store.columnar import BLANK
from chronicle.store.protocol import Draft

START = datetime(2024, 12, 1, tzinfo=UTC)


class Clock:
    """Tells the time that it was set to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def tick(self, seconds: float = 1.0) -> datetime:
        self.now += timedelta(seconds=seconds)
        return self.now


def draft(report: str | None = None, target: str | None = None, **more: Any) -> Draft:
    """A row; `stream`, `type`, `body`, `columnar` and `dataset` may be given."""
    values: dict[str, Any] = {
        "stream": "source:radio",
        "type": "control-reported",
        "body": b"payload",
        "columnar": BLANK,
        **more,
    }
    return Draft(report=report, target=target, **values)


def opening() -> list[Event]:
    """Three places and two sides, at positions 1 to 5."""
    places = ("alder", "birch", "cedar")
    return [
        *(SettlementRegistered(settlement=p, name=p, lat=36, lon=37) for p in places),
        *(ActorRegistered(actor=a, name=a) for a in ("red", "blue")),
    ]


def control(report_id: str, **more: Any) -> ControlReported:
    """*red* holds alder from 27 November, says the radio; but for what is given."""
    values: dict[str, Any] = {
        "source": "radio",
        "settlement": "alder",
        "controller": "red",
        "valid_from": "2024-11-27",
        **more,
    }
    return ControlReported(report_id=report_id, **values)
