"""Everything that Chronicle raises on purpose: one tree, one exit code each.

A message says what happened, what is safe and what to do. The values that it names
stay on the exception, so that a program need not parse prose.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

__all__ = [
    "AmbiguousName",
    "BadField",
    "BudgetExceeded",
    "Busy",
    "ChronicleError",
    "Conflict",
    "Damaged",
    "InputError",
    "IntegrityFailure",
    "MissingExtra",
    "NotAddable",
    "OutcomeUnknown",
    "RefusedImport",
    "RolledBack",
    "SplitHistory",
    "StorageError",
    "Tampered",
    "UnknownId",
    "UnknownReport",
    "Untrusted",
    "UsageError",
    "how_to_install",
    "located",
]


class ChronicleError(Exception):
    """The root. `exit_code` is what the command line returns."""

    exit_code: ClassVar[int] = 6

    def as_dict(self) -> dict[str, object]:
        """The error as `--json-errors` prints it."""
        values = {k: v for k, v in vars(self).items() if not k.startswith("_")}
        return {
            "error": type(self).__name__,
            "exit_code": self.exit_code,
            "message": str(self),
            **values,
        }

    def __reduce__(self) -> tuple[object, ...]:
        """Copy without calling `__init__` again, as from a worker process."""
        return _again, (type(self), self.args, vars(self))


def _again(kind: type[ChronicleError], args: Any, values: dict[str, Any]) -> Any:
    error = kind.__new__(kind, *args)
    vars(error).update(values)
    return error


class UsageError(ChronicleError):
    """The question or the setting makes no sense, whatever the data."""

    exit_code = 2


class MissingExtra(UsageError):
    """What was asked for needs a library that is not installed."""

    def __init__(self, needs: str, extra: str, otherwise: str = "") -> None:
        self.extra = extra
        super().__init__(
            "; ".join(filter(None, (f"{needs}: {how_to_install(extra)}", otherwise)))
        )


def how_to_install(extra: str) -> str:
    """The command that installs an extra."""
    return f"pip install 'conflict-chronicle[{extra}]'"


class InputError(ChronicleError):
    """Something given (a row, a field, a name) breaks a rule; nothing was written."""

    exit_code = 3
    _where: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ": ".join((*self._where, super().__str__()))


@contextmanager
def located(*where: str) -> Iterator[None]:
    """Say before an `InputError` that arises inside where that is: a file, a key."""
    try:
        yield
    except InputError as error:
        error._where = (*where, *error._where)
        raise


class BadField(InputError):
    """One field of one event holds what it may not hold."""

    def __init__(self, event: str, field: str, value: object, rule: str) -> None:
        self.event = event
        self.field = field
        self.value = repr(value)[:200]
        self.rule = rule
        super().__init__(f"{event}.{field}: {self.value}: {rule}")


class UnknownId(InputError):
    """A settlement, actor or route that is not registered, or a name of several.

    *hint* says what to do; by itself it is the candidates, or to register it first.
    """

    def __init__(
        self, kind: str, name: str, candidates: Sequence[str] = (), hint: str = ""
    ) -> None:
        self.kind = kind
        self.name = name
        self.candidates = list(candidates)
        if not hint and candidates:
            hint = f"did you mean {', '.join(candidates)}?"
        super().__init__(f"no {kind} {name!r}; {hint or 'register it first'}")


class AmbiguousName(UnknownId):
    """A name that several settlements, actors or routes bear."""

    def __init__(self, kind: str, name: str, candidates: Sequence[str]) -> None:
        self.kind = kind
        self.name = name
        self.candidates = list(candidates)
        InputError.__init__(
            self,
            f"{name!r} names {len(candidates)} {kind}s: {', '.join(candidates)}; "
            "write the id",
        )


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

    def __init__(self, message: str, problems: Sequence[object] = ()) -> None:
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
