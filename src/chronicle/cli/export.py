"""`chronicle export`: the record, out again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from chronicle.cli.opening import opened
from chronicle.cli.questions import clock_options, lens_option
from chronicle.cli.render import free, say, write_file
from chronicle.errors import UsageError

__all__ = ["export"]

_OF_BOTH = ("file", "format_", "out")  # the whole log has no clock but its own


@click.command()
@click.argument("file")
@click.option(
    "--as",
    "format_",
    type=click.Choice(["jsonl", "flee"]),
    default="jsonl",
    show_default=True,
    help="jsonl: every event, loses nothing. flee: a folder that FLEE 3.1 takes.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), help="The file; for flee a new folder."
)
@click.option("--from", "start", metavar="DATE", help="flee: the first day.")
@click.option("--to", "end", metavar="DATE", help="flee: the last day, included.")
@clock_options
@lens_option
@click.option(
    "--conflict-days",
    type=click.IntRange(1),
    metavar="N",
    help="flee: a place that changed hands is in conflict for N days; default: on.",
)
@click.option("--licence", metavar="TEXT", help="flee: the licence line of its README.")
def export(file: str, format_: str, out: Path | None, **asked: Any) -> None:
    """The whole log as JSON lines, or the control history as a FLEE folder.

    A FLEE folder has the settlements, roads and closures, and the places that changed
    hands as conflict zones from that day; without --from and --to, from the first to
    the last report of control. Sensitive places are told coarsely or not at all.
    """
    if format_ == "jsonl":
        _only_for_flee()
        _jsonl(file, out)
        return
    if out is None:
        raise UsageError("--as flee needs --out, a new folder")
    from chronicle.flee.export import export_flee

    given = {name: value for name, value in asked.items() if value is not None}
    with opened(file) as chronicle:
        made = export_flee(chronicle, out, **given)
    say(
        f"{made.start} to {made.end} in {out}: {made.places} places, "
        f"{made.conflict_zones} of them conflict zones, {made.roads} roads, "
        f"{made.closures} closures"
    )
    if made.unpeopled:
        say(f"the record has no population of {made.unpeopled}: nobody flees there")
    if made.severe:
        say(f"{made.severe} severe places and their roads are left out")


def _only_for_flee() -> None:
    ctx = click.get_current_context()
    for option in ctx.command.params:
        name = option.name or ""
        given = ctx.get_parameter_source(name)
        if name not in _OF_BOTH and given is ParameterSource.COMMANDLINE:
            raise UsageError(f"{option.opts[0]} goes with --as flee only")


def _jsonl(file: str, out: Path | None) -> None:
    from chronicle.formats.jsonl import line_of

    if out is not None:
        free(out)
    with opened(file) as chronicle:
        if out is None:
            for recorded in chronicle.log():
                click.echo(line_of(recorded))
            return
        lines = "".join(f"{line_of(recorded)}\n" for recorded in chronicle.log())
    write_file(out, lines.encode())
    say(f"{lines.count(chr(10)):,} events in {out}")
