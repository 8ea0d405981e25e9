"""Everything that Chronicle raises on purpose: one tree, one exit code each.

A message says what happened, what is safe and what to do. The values that it names
stay on the exception, so that a program need not parse prose.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

__all__ = [
    "BadField",
    "BudgetExceeded",
    "Busy",
    "ChronicleError",
    "Conflict",
    "Damaged",
    "InputError",
    "IntegrityFailure",
    "NotAddable",
    "OutcomeUnknown",
    "RefusedImport",
    "RolledBack",
    "SplitHistory",
    "StorageError",
    "Tampered",
    "UnknownPlace",
    "UnknownReport",
    "Untrusted",
    "UsageError",
]


class ChronicleError(Exception):
    """The root. `exit_code` is what the command line returns."""

    exit_code: ClassVar[int] = 6

    def as_dict(self) -> dict[str, Any]:
        """The error as `--json-errors` prints it."""
        values = {k: v for k, v in vars(self).items() if not k.startswith("_")}
        return {
            "error": type(self).__name__,
            "exit_code": self.exit_code,
            "message": str(self),
            **values,
        }

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy without calling `__init__` again, as from a worker process."""
        return _again, (type(self), self.args, vars(self))


def _again(kind: type[ChronicleError], args: Any, values: dict[str, Any]) -> Any:
    error = kind.__new__(kind, *args)
    vars(error).update(values)
    return error


class UsageError(ChronicleError):
    """The question or the setting makes no sense, whatever the data."""

    exit_code = 2


class InputError(ChronicleError):
    """Something given (a row, a field, a name) breaks a rule; nothing was written."""

    exit_code = 3


class BadField(InputError):
    """One field of one event holds what it may not hold."""

    def __init__(self, event: str, field: str, value: object, rule: str) -> None:
        self.event = event
        self.field = field
        self.value = repr(value)[:200]
        self.rule = rule
        super().__init__(f"{event}.{field}: {self.value}: {rule}")


class UnknownPlace(InputError):
    """A settlement, actor or route that is not registered, or a name of several."""

    def __init__(self, kind: str, name: str, candidates: Sequence[str] = ()) -> None:
        self.kind = kind
        self.name = name
        self.candidates = list(candidates)
        if not candidates:
            hint = "; register it first"
        else:
            hint = "; did you mean " + ", ".join(candidates) + "?"
        super().__init__(f"no {kind} {name!r}{hint}")

    @classmethod
    def ambiguous(cls, kind: str, name: str, candidates: Sequence[str]) -> UnknownPlace:
        """The error for a name that more than one place bears."""
        error = cls(kind, name, candidates)
        error.args = (
            f"{name!r} names {len(candidates)} {kind}s: {', '.join(candidates)}; "
            "write the id",
        )
        return error


class UnknownReport(InputError):
    """A report id that the log does not hold."""

    def __init__(self, report: str) -> None:
        self.report = report
        super().__init__(
            f"no report {report!r} in this chronicle; `chronicle log` lists the ids"
        )


class NotAddable(InputError):
    """Figures of displacement that may not be summed; `reason` says why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"these figures may not be added: {reason}")


class RefusedImport(InputError):
    """Nothing of a file was imported, because `--strict` found problems in it."""

    def __init__(self, message: str, problems: Sequence[Any] = ()) -> None:
        self.problems = [str(problem) for problem in problems]
        super().__init__(message)


class Conflict(ChronicleError):
    """Somebody else was there first; read again, decide again."""

    exit_code = 4


class Busy(ChronicleError):
    """The log is being written by another; nothing was recorded, try again."""

    exit_code = 5


class StorageError(ChronicleError):
    """The file or the disk refused: missing, read-only, full. Nothing was recorded."""

    exit_code = 6


class IntegrityFailure(ChronicleError):
    """The log is not as it was written; it is not trusted until it is restored.

    `position` is the first that is bad, where that is known.
    """

    exit_code = 7
    position: int | None = None

    def __init__(self, message: str = "", position: int | None = None) -> None:
        if position is not None:
            self.position = position
        super().__init__(message)


class Damaged(IntegrityFailure):
    """Bytes on disk that the database or the codec cannot read."""


class Tampered(IntegrityFailure):
    """What is stored is not what was sealed: it was changed after it was recorded."""


class RolledBack(IntegrityFailure):
    """The log ends before a head that it once had: its last events are lost."""


class SplitHistory(IntegrityFailure):
    """The log and a head of it from outside tell two histories."""


class OutcomeUnknown(ChronicleError):
    """It may be recorded or not; the same command with the same key tells."""

    exit_code = 8


class Untrusted(ChronicleError):
    """Refused, and nothing of it was run: a foreign schema, an unknown event type."""

    exit_code = 9


class BudgetExceeded(ChronicleError):
    """A question or a scenario over its stated limit."""

    exit_code = 10
