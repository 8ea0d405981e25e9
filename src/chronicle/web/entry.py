"""Entry by hand: what the page sends is read, previewed, and recorded.

A log belongs to the thread that opened it, and a writer may have to wait for its turn,
so all of this runs on one thread of its own, with its own opening of the record.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from chronicle.api.by_hand import changes_of, made_of, read_fields, required
from chronicle.api.preview import PlacePreview, Preview, Span
from chronicle.domain.base import rules_of
from chronicle.domain.events import Claim, Event, Reference, ReportAmended
from chronicle.domain.lenses import control_of
from chronicle.domain.state import Place
from chronicle.errors import (
    BadField,
    ChronicleError,
    Conflict,
    InputError,
    UnknownReport,
)
from chronicle.web.entry_care import cares
from chronicle.web.entry_form import DEEDS, entry_form

if TYPE_CHECKING:
    from chronicle.api import Chronicle

__all__ = ["Desk", "Draft", "Fault", "entry_routes"]

MAX_DRAFT: Final = 256 * 1024  # bytes of one request
PATIENCE: Final = 15.0  # seconds in which the whole of a request must be there
MOST: Final = 64  # fields, settlements
_ZERO: Final = date(1970, 1, 1)
_STATUS: Final = {2: 422, 3: 422, 4: 409, 5: 423}  # by exit code; others are 409


class Draft(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One entry as it was typed; all values are text."""

    kind: str
    fields: dict[str, str] = {}
    changes: dict[str, str] = {}
    lens: str = "latest"
    expected: dict[str, int] = {}
    key: str = ""


class Fault(Exception):
    """What is wrong with a draft, by field; an empty field is the whole of it."""

    def __init__(self, faults: dict[str, ChronicleError]) -> None:
        super().__init__()
        self.faults = faults


class Desk:
    """Where entries are taken: one thread, one opening of the record."""

    def __init__(self, opener: Callable[[], Chronicle]) -> None:
        self._opener = opener
        self._opened: Chronicle | None = None
        self._thread = ThreadPoolExecutor(1, "entry")

    async def run(self, work: Callable[[Chronicle], Any]) -> Any:
        """What *work* makes of the record, on the thread of the desk."""
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, self._work, work
        )

    def _work(self, work: Callable[[Chronicle], Any]) -> Any:
        if self._opened is None:
            self._opened = self._opener()
        return work(self._opened)

    def close(self) -> None:
        """Let go of the record, when what was begun is done."""

        def last() -> None:
            if self._opened is not None:
                self._opened.close()

        self._thread.submit(last)
        self._thread.shutdown(wait=True)


def entry_routes(desk: Desk, *, reviews: bool = False) -> list[Route]:
    """The routes that write, and what their form asks for; whether there is a review.

    Those of the review itself are in `chronicle.web.review`.
    """

    async def form(request: Request) -> Response:
        return told({"form": entry_form(), "review": reviews})

    async def preview(request: Request) -> Response:
        return await answered(desk, request, Draft, previewed)

    async def record(request: Request) -> Response:
        return await answered(desk, request, Draft, recorded)

    async def report(request: Request) -> Response:
        return await answered(desk, request, Draft, as_told)

    return [
        Route("/entry/report", report, methods=["POST"]),
        Route("/entry.json", form, methods=["GET"]),
        Route("/entry/preview", preview, methods=["POST"]),
        Route("/entry/record", record, methods=["POST"]),
    ]


# --- requests and answers ----------------------------------------------------------


def told(answer: Any, status: int = 200) -> Response:
    """*answer* as JSON."""
    body = msgspec.json.encode(answer)
    return Response(body, status, media_type="application/json")


async def read(request: Request, kind: type[Any]) -> Any:
    """The body of *request* as *kind*; raises `Fault` for what is none."""
    body = b""
    try:
        async with asyncio.timeout(PATIENCE):
            async for part in request.stream():
                body += part
                if len(body) > MAX_DRAFT:
                    break
    except TimeoutError:
        raise Fault({"": InputError("no entry: it came too slowly")}) from None
    try:
        if len(body) > MAX_DRAFT:
            raise ValueError("too much for one entry")
        found = msgspec.json.decode(body, type=kind)
    except (ValueError, RecursionError) as broken:  # DecodeError is a ValueError
        raise Fault({"": InputError(f"no entry: {broken}")}) from None
    if any(len(getattr(found, name, ())) > MOST for name in ("fields", "changes")):
        raise Fault({"": InputError("no entry: too many fields")})
    return found


async def answered(
    desk: Desk,
    request: Request,
    kind: type[Any],
    work: Callable[[Chronicle, Any], Any],
) -> Response:
    """What *work* makes of the record and of the body of *request*, read as *kind*.

    Errors of the tree are told at their fields.
    """
    try:
        asked = await read(request, kind)
        return told(await desk.run(lambda record: work(record, asked)))
    except ChronicleError as error:
        return refusal(Fault({field_of(error): error}))
    except Fault as fault:
        return refusal(fault)


def refusal(fault: Fault) -> Response:
    """Each error with its field, its name in the tree, and what it says."""
    worst = next(iter(fault.faults.values()))
    faults = [
        {
            "field": field,
            "error": type(error).__name__,
            "message": _said(error),
            "candidates": getattr(error, "candidates", []),
        }
        for field, error in fault.faults.items()
    ]
    return told({"faults": faults}, _STATUS.get(worst.exit_code, 409))


def _said(error: ChronicleError) -> str:
    """What is wrong; the field and the candidates are told apart from it."""
    said = getattr(error, "rule", "") or str(error)
    return said.split("; did you mean")[0].removesuffix("; write the id")


def field_of(error: ChronicleError) -> str:
    """The field that an error is about; empty where it is about none."""
    match error:
        case BadField():
            return error.field
        case Conflict() if "report id" in str(error) or "give this one" in str(error):
            return "report_id"
    return "report" if type(error).__name__ == "UnknownReport" else ""


# --- drafts ------------------------------------------------------------------------


def event_in(record: Chronicle, draft: Draft) -> Event:
    """The event of *draft*; raises `Fault` with all that is wrong with its fields."""
    cls = DEEDS.get(draft.kind)
    if cls is None:
        raise Fault({"": InputError(f"there is no entry of kind {draft.kind!r:.40}")})
    given = {name: text for name, text in draft.fields.items() if text != ""}
    values, faults = read_fields(record, cls, given)
    for name in required(cls):
        if name not in given and name not in ("changes", "report_id"):
            faults[name] = BadField(cls.TYPE, name, "", "is needed")
    if cls is ReportAmended and not faults:
        faults.update(_faults_of_changes(record, draft, given))
    if faults:
        raise Fault(faults)
    try:
        if cls is not ReportAmended:
            event: Event = made_of(cls, given, values)
            return event
        changes = changes_of(record, given["report"], draft.changes)
        return ReportAmended(changes=changes, **values)
    except ChronicleError as error:
        raise Fault({field_of(error): error}) from None


def _faults_of_changes(
    record: Chronicle, draft: Draft, given: dict[str, str]
) -> dict[str, ChronicleError]:
    if not draft.changes:
        return {"": InputError("change a field first")}
    target = record.report(given["report"])
    if target is None or not isinstance(target.event, Claim):
        return {}  # `decide` says what is wrong with the report
    return read_fields(record, type(target.event), draft.changes)[1]


def as_told(record: Chronicle, draft: Draft) -> dict[str, Any]:
    """The report that *draft* names, in its effective form, as the form asks for it."""
    id_ = draft.fields.get("report", "")
    claim = record.effective(id_)
    if claim is None:
        raise Fault({"report": UnknownReport(id_)})
    kind = next(name for name, cls in DEEDS.items() if cls is type(claim))
    values = {name: getattr(claim, name) for name in rules_of(type(claim))}
    unsaid: tuple[Any, ...] = (None, False, "", ())
    said = {
        name: _typed(value)
        for name, value in values.items()
        if not any(value is one or value == one != 0 for one in unsaid)
    }
    return {"kind": kind, "values": said}


def _typed(value: Any) -> str:
    """A value as `read_fields` reads it again."""
    if isinstance(value, bool):
        return "yes"
    return " ".join(value) if isinstance(value, tuple) else str(value)


def recorded(record: Chronicle, draft: Draft) -> dict[str, Any]:
    """Record *draft*; where it stands, and what takes it back."""
    event = event_in(record, draft)
    positions = record.append(
        event, expected=draft.expected or None, key=draft.key or None
    )
    report = ""
    with suppress(ChronicleError):  # it is recorded, whether or not it can be read now
        stands = next(iter(record.log(positions[0] - 1, positions[0]))).event
        report = getattr(stands, "report_id", "")
    return {"position": positions[0], "report": report}


def previewed(record: Chronicle, draft: Draft) -> dict[str, Any]:
    """What would be recorded of *draft*, and what would then be so."""
    event = event_in(record, draft)
    found = record.preview(event, lens=draft.lens)
    if isinstance(event, Claim) and not found.adds and _taken_back(found):
        rule = (
            "is in the record and was retracted: retract the retraction, or give "
            "this one another id"
        )
        raise Fault(
            {"report_id": BadField(event.TYPE, "report_id", event.report_id, rule)}
        )
    known = record.references()
    typed = {**draft.fields, **draft.changes}
    today = datetime.now(UTC).date()
    meant = next((one.after for one in found.told if one.after is not None), None)
    looked_at = meant if isinstance(event, ReportAmended) and meant else event
    return {
        "position": found.position,
        "lens": found.lens,
        "adds": [_event(one) for one in found.adds],
        "stands": _stands(record, event, found),
        "told": [
            {"key": one.key, "before": _event(one.before), "after": _event(one.after)}
            for one in found.told
        ],
        "places": [_place(one) for one in found.places],
        "seen": found.seen,
        "cares": cares(looked_at, typed, known, today),
    }


def _taken_back(found: Preview) -> bool:
    """Whether what is in the log already does not count."""
    return bool(found.told) and all(one.after is None for one in found.told)


def _stands(record: Chronicle, event: Event, found: Preview) -> int | None:
    """Where what adds nothing is already; None where that is no one place."""
    if found.adds:
        return None
    before = record.report(getattr(event, "report_id", ""))
    return None if before is None else before.position


def _plain(value: Any) -> Any:
    return (value - _ZERO).days if type(value) is date else value


def _event(event: Event | Reference | None) -> dict[str, Any] | None:
    """The fields that hold something, days as whole days since 1970."""
    if event is None:
        return None
    values = {name: getattr(event, name) for name in rules_of(type(event))}
    kept = {
        name: _plain(value)
        for name, value in values.items()
        if value not in (None, "", ()) and name != "dataset"
    }
    return {"type": event.TYPE, **kept}


def _place(one: PlacePreview) -> dict[str, Any]:
    return {
        "settlement": one.settlement,
        "on": _plain(one.on),
        "before": _verdict(one.before),
        "after": _verdict(one.after),
        "spansBefore": [_span(span) for span in one.spans_before],
        "spansAfter": [_span(span) for span in one.spans_after],
    }


def _verdict(place: Place) -> dict[str, Any]:
    verdict = place.verdict
    return {
        "control": verdict.control,
        "status": verdict.status,
        "since": _plain(verdict.since),
        "disputed": place.disputed,
        "reports": [control_of(said).report_id for said in verdict.deciding],
        "reason": verdict.reason,
    }


def _span(span: Span) -> list[Any]:
    return [_plain(span.since), span.control, span.status, span.disputed]
