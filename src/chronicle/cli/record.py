"""Telling the log by hand: init, report, retract, amend, redact, link."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click

from chronicle.cli.opening import opened
from chronicle.cli.printing import tell
from chronicle.cli.render import Command, file_argument, say
from chronicle.errors import Busy, UsageError

__all__ = [
    "amend",
    "init",
    "link",
    "redact",
    "report",
    "retract",
]


@click.command()
@file_argument
def init(file: str) -> None:
    """Make a new chronicle in FILE; an existing one is not touched.

    FILE is a path, or postgresql://USER@HOST/DATABASE for a team: there it is a schema
    of its own, `chronicle` or ?schema=NAME, which belongs to USER. `chronicle migrate`
    lets others in.
    """
    from chronicle.api import create

    create(file).close()
    say(f"new chronicle at {file}; next: chronicle import {file} FOLDER")


KINDS = (  # those of `api.by_hand`, which --help need not load
    "control",
    "displacement",
    "incident",
    "support",
    "route-status",
    "legend",
    "settlement",
    "route",
    "actor",
    "source",
)
EXTRA = {"ignore_unknown_options": True, "allow_extra_args": True}


def _kinds_help() -> str:
    return "What is told: " + ", ".join(KINDS) + "."


@click.command(context_settings=EXTRA)
@file_argument
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    default="control",
    show_default=True,
    help=_kinds_help(),
)
@click.option("--key", help="Names this command, so that it can be repeated safely.")
@click.option(
    "--expected",
    multiple=True,
    metavar="SETTLEMENT=POSITION",
    help="Refuse when a later event about it is there.",
)
@click.argument("fields", nargs=-1, type=click.UNPROCESSED)
def report(
    file: str,
    kind: str,
    key: str | None,
    expected: Sequence[str],
    fields: Sequence[str],
) -> None:
    """Record one claim by hand, field by field.

    Fields are given as `name=value` or `--name value`, by the names of the event:

    \b
    chronicle report my.chronicle settlement=Aleppo controller=hts \\
        valid_from=2024-11-30 source=ap published=2024-11-30
    chronicle report my.chronicle --kind source source=ap name="Associated Press"
    """
    from chronicle.api.by_hand import KINDS as CLASSES
    from chronicle.api.by_hand import event_of

    with opened(file) as chronicle:
        event = event_of(chronicle, CLASSES[kind], pairs(fields))
        seen = {
            chronicle.find(name): _whole(at) for name, at in pairs(expected).items()
        }
        positions = chronicle.append(event, expected=seen or None, key=key)
        _told(chronicle, positions)


def pairs(given: Sequence[str]) -> dict[str, str]:
    """`name=value`, `--name=value` and `--name value` as a dictionary."""
    found: dict[str, str] = {}
    words = iter(given)
    for word in words:
        name, sign, value = word.partition("=")
        if not sign:
            if not word.startswith("--"):
                raise UsageError(f"{word!r}: write fields as name=value")
            value = next(words, "")
            if not value:
                raise UsageError(f"{word} wants a value")
        name = name.removeprefix("--").replace("-", "_")
        if name in found:
            raise UsageError(f"field {name!r} is given twice")
        found[name] = value
    return found


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise UsageError(f"{text!r} is no position")
    return int(text)


def _told(chronicle: Any, positions: Sequence[int]) -> None:
    for position in positions:
        for recorded in chronicle.log(position - 1, position):
            name = getattr(recorded.event, "report_id", "")
            tell(f"{position}\t{name}" if name else f"{position}")


def remark_options(command: Command) -> Command:
    """What remarks share."""
    for option in (
        click.option("--key", help="Names this command, to repeat it safely."),
        click.option("--published", metavar="DATE", help="When that source said so."),
        click.option("--source", default="editor", show_default=True, help="Who says."),
        click.option("--reason", "--note", default="", help="Why; name no persons."),
    ):
        command = option(command)
    return command


@click.command()
@file_argument
@click.argument("report")
@remark_options
def retract(
    file: str,
    report: str,
    reason: str,
    source: str,
    published: str | None,
    key: str | None,
) -> None:
    """REPORT is wrong: from now on it does not count. It stays in the log.

    To take a retraction back, retract it by its own id.
    """
    from chronicle.domain.events import ReportRetracted

    event = ReportRetracted(
        report=report,
        reason=reason,
        source=source,
        published=published,  # type: ignore[arg-type]
    )
    with opened(file) as chronicle:
        _told(chronicle, chronicle.append(event, key=key))


@click.command(context_settings=EXTRA)
@file_argument
@click.argument("report")
@remark_options
@click.argument("fields", nargs=-1, type=click.UNPROCESSED)
def amend(
    file: str,
    report: str,
    fields: Sequence[str],
    reason: str,
    source: str,
    published: str | None,
    key: str | None,
) -> None:
    """Replace fields of REPORT, given as name=value; what it said before is kept."""
    from chronicle.api.by_hand import changes_of
    from chronicle.domain.events import ReportAmended

    with opened(file) as chronicle:
        event = ReportAmended(
            report=report,
            changes=changes_of(chronicle, report, pairs(fields)),
            reason=reason,
            source=source,
            published=published,  # type: ignore[arg-type]
        )
        _told(chronicle, chronicle.append(event, key=key))


@click.command()
@file_argument
@click.argument("report")
@remark_options
@click.option("--yes", is_flag=True, help="Do not ask.")
def redact(
    file: str,
    report: str,
    reason: str,
    source: str,
    published: str | None,
    key: str | None,
    yes: bool,
) -> None:
    """REPORT is harmful: its payload is removed for good; digest and reason stay.

    Exit code 5: it is recorded, but another program is reading, and the payload is
    still on the disk; the same command again finishes it.

    Its amendments and retractions go with it. Not reached are remarks on those, links
    that name it from the other side, and copies, exports and backups made before: keep
    names out of reasons.
    """
    from chronicle.domain.events import ReportRedacted

    if not yes and sys.stdin.isatty():
        click.confirm(f"Remove the payload of {report} for good?", abort=True, err=True)
    event = ReportRedacted(
        report=report,
        reason=reason,
        source=source,
        published=published,  # type: ignore[arg-type]
    )
    with opened(file) as chronicle:
        positions = chronicle.append(event, key=key)
        try:
            gone = chronicle.purge()
        except Busy:  # by a writer, whose checkpoint may do it
            gone = False
        _told(chronicle, positions)
    if not gone:
        raise Busy(
            f"the redaction is recorded, but the payload of {report} is still on the "
            f"disk: another program is reading {file}; it leaves with the next write, "
            "or run the same command again when that program is done"
        )


@click.command()
@file_argument
@click.argument("report")
@click.argument("other")
@click.option(
    "--as",
    "relation",
    type=click.Choice(["same-change", "disputes"]),
    required=True,
    help="Same change at another date, or they cannot both be so.",
)
@remark_options
def link(
    file: str,
    report: str,
    other: str,
    relation: str,
    reason: str,
    source: str,
    published: str | None,
    key: str | None,
) -> None:
    """Link REPORT with OTHER."""
    from chronicle.domain.events import ReportsLinked

    event = ReportsLinked(
        report=report,
        other=other,
        relation=relation,
        note=reason,
        source=source,
        published=published,  # type: ignore[arg-type]
    )
    with opened(file) as chronicle:
        _told(chronicle, chronicle.append(event, key=key))
