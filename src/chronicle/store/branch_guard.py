"""What-ifs stay apart from the record: by their source, and by where they may stand."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from chronicle.domain.events import Event
from chronicle.errors import Untrusted

__all__ = ["WHAT_IF", "is_what_if", "keep_apart"]

WHAT_IF = "what-if:"
"""How the identity of a branch begins, and source and data set of all simulated."""


FIELDS = ("source", "dataset", "report_id")


def is_what_if(name: str) -> bool:
    """Whether *name* (an identity, a source, a data set, a report) is of a what-if."""
    return name.startswith(WHAT_IF)


def keep_apart(identity: Callable[[], str], events: Iterable[Event]) -> None:
    """Raise `Untrusted` for simulated events, unless *identity* is that of a branch.

    *identity* is asked for only when there is something simulated.
    """
    for event in events:
        for field in FIELDS:
            name = getattr(event, field, "")
            if isinstance(name, str) and name.startswith(WHAT_IF):
                if is_what_if(identity()):
                    return
                raise Untrusted(
                    f"{field} {name!r}: a what-if is not what happened, and nothing "
                    "simulated goes into a record; nothing was recorded"
                )
