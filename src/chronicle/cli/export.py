"""`chronicle export`: the record, out again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from chronicle.cli.completion import files
from chronicle.cli.opening import opened
from chronicle.cli.printing import put
from chronicle.cli.questions import clock_options, lens_option
from chronicle.cli.render import free, say
from chronicle.errors import UsageError
from chronicle.store.whole_file import write_whole

__all__ = ["export"]

# What goes with each form, besides the file, the form and --out.
_CLOCKS = frozenset({"known_at", "published_by", "lens"})
_WITH = {
    "jsonl": frozenset[str](),  # the whole log has no clock but its own
    "html": frozenset({"run"}),  # the page has all clocks
    "archive": frozenset({"licence"}),  # and so has the archive
    "flee": _CLOCKS | {"start", "end", "conflict_days", "licence"},
    "viina": _CLOCKS | {"start", "end"},
    "evidence": frozenset({"reports", "attachments", "purpose"}),
}
_TABLES = (
    "own",
    "control",
    "viina",
    "hxl",
    "geojson",
    "kml",
    "gpkg",
    "xlsx",
    "parquet",
)


@click.command()
@click.argument("file", shell_complete=files)
@click.option(
    "--as",
    "format_",
    type=click.Choice(["jsonl", "html", "flee", "archive", "evidence", *_TABLES]),
    default="jsonl",
    show_default=True,
    help="jsonl: every event, loses nothing. html: the page of `serve` in one "
    "file. flee: a folder that FLEE 3.1 takes. evidence: a folder that proves itself, "
    "checked by tools/verify_proof.py. own: our folder. control: a table with "
    "intervals of the world and of knowledge. viina: a panel of days. hxl: figures "
    "with tags. archive: Parquet files for SQL engines, gone on with when it is there. "
    "Others by their names.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="The file; for flee, own, archive and evidence a folder.",
)
@click.option(
    "--run",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="html: the folder of a what-if run, shown beside the record.",
)
@click.option("--from", "start", metavar="DATE", help="flee, viina: the first day.")
@click.option("--to", "end", metavar="DATE", help="flee, viina: the last, included.")
@clock_options
@lens_option
@click.option(
    "--conflict-days",
    type=click.IntRange(1),
    metavar="N",
    help="flee: a place that changed hands is in conflict for N days; default: on.",
)
@click.option(
    "--licence", metavar="TEXT", help="flee, archive: the licence that goes with it."
)
@click.option(
    "--report",
    "reports",
    multiple=True,
    metavar="REPORT",
    help="evidence: this report, and what was said of it, not the whole log.",
)
@click.option(
    "--attach",
    "attachments",
    multiple=True,
    type=click.Path(path_type=Path),
    help="evidence: a file to keep in it under its SHA-256.",
)
@click.option(
    "--purpose",
    default="",
    metavar="TEXT",
    help="evidence: what for; it is recorded with the export.",
)
def export(file: str, format_: str, out: Path | None, **asked: Any) -> None:
    """The whole log as JSON lines, or the record in a form that other programs take.

    The page is one file with both clocks that works offline from disk.

    A FLEE folder has the settlements, roads and closures, and the places that changed
    hands as conflict zones from that day; without --from and --to, from the first to
    the last report of control. Sensitive places are told coarsely or not at all. No
    cell of a table is a formula: text that a spreadsheet would compute stands behind an
    apostrophe.
    """
    _only_what_goes_with(format_)
    if format_ == "jsonl":
        _jsonl(file, out)
        return
    evidence = {name: asked.pop(name) for name in _WITH["evidence"]}
    if format_ == "evidence":
        _evidence(file, out, evidence)
        return
    run = asked.pop("run")
    if format_ == "html":
        _html(file, out, run)
        return
    if format_ == "archive":
        _archive(file, out, asked["licence"] or "")
        return
    if format_ in _TABLES:
        _other(file, format_, out, asked)
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


def _only_what_goes_with(format_: str) -> None:
    ctx = click.get_current_context()
    allowed = {"file", "format_", "out"} | _WITH.get(format_, _CLOCKS)
    for option in ctx.command.params:
        name = option.name or ""
        given = ctx.get_parameter_source(name)
        if name not in allowed and given is ParameterSource.COMMANDLINE:
            forms = [one for one, with_ in _WITH.items() if name in with_]
            if name in _CLOCKS:
                forms += [one for one in _TABLES if one not in _WITH]
            told = " or ".join(f"--as {one}" for one in forms)
            raise UsageError(f"{option.opts[0]} goes with {told} only")


def _other(file: str, format_: str, out: Path | None, asked: dict[str, Any]) -> None:
    """Write a table, a map or a folder; text goes to the pipe without --out."""
    from chronicle.formats.writing.export import EXPORTS

    kind = EXPORTS[format_].kind
    if out is None and kind != "text":
        raise UsageError(f"--as {format_} needs --out, a new {kind}")
    if out is not None and kind == "folder":
        _new_folder(out)
    elif out is not None:
        free(out)
    clocks = {
        name: asked[name]
        for name in ("known_at", "published_by", "lens", "start", "end")
        if asked.get(name) is not None
    }
    with opened(file) as chronicle:
        made = chronicle.export(format_, **clocks)
    if isinstance(made, dict):
        assert out is not None
        out.mkdir(parents=True, exist_ok=True)
        for name, data in made.items():
            write_whole(out / name, data)
        say(f"{', '.join(made)} in {out}" if made else f"nothing to write into {out}")
    elif out is None:
        put(made)
    else:
        write_whole(out, made)
        say(f"{EXPORTS[format_].says}, {len(made):,} bytes in {out}")


def _new_folder(path: Path) -> None:
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise UsageError(f"--out {path} is there already; name a new folder")
    if not path.parent.is_dir():
        raise UsageError(f"--out {path}: no folder {path.parent}")


def _html(file: str, out: Path | None, run: Path | None) -> None:
    from chronicle.web.documents import documents
    from chronicle.web.single_file import single_file

    if out is None:
        raise UsageError("--as html needs --out, a file")
    free(out)
    with opened(file) as chronicle:
        page = single_file(documents(chronicle, chronicle.name, run))
    write_whole(out, page)
    say(f"{len(page) / 1024:,.0f} KiB in {out}; it works offline")


def _archive(file: str, out: Path | None, licence: str) -> None:
    """Begin an archive, or bring the one that is there up to the last position."""
    if out is None:
        raise UsageError("--as archive needs --out, a folder")
    with opened(file) as chronicle:
        made = chronicle.archive(out, licence=licence)
    if not made.written:
        say(f"{out} is at position {made.position:,} already: nothing to write")
        return
    say(
        f"positions {made.before + 1:,} to {made.position:,} in {out}: "
        f"{made.rows:,} rows, {made.bytes:,} bytes in {made.written} files; "
        f"{made.kept} files stay, {made.removed} are gone"
    )
    say(f"duckdb.sql, spark.sql and postgresql.sql in {out} make its tables")


def _evidence(file: str, out: Path | None, asked: dict[str, Any]) -> None:
    if out is None:
        raise UsageError("--as evidence needs --out, a new folder")
    with opened(file) as chronicle:
        made = chronicle.export_evidence(out, **asked)
    put(f"{made.path}\t{made.events}\t{made.digest}\n")
    say(f"{made.events:,} events in {made.path}; last stands the SHA-256 of its list")
    if made.recorded is None:
        say(f"that it was exported is not recorded: {made.unrecorded}")
    else:
        say(f"recorded at position {made.recorded:,}; {made.receipt} proves it")


def _jsonl(file: str, out: Path | None) -> None:
    from chronicle.formats.jsonl import line_of

    if out is not None:
        free(out)
    with opened(file) as chronicle:
        if out is None:
            for recorded in chronicle.log():
                put(line_of(recorded) + "\n")
            return
        lines = "".join(f"{line_of(recorded)}\n" for recorded in chronicle.log())
    write_whole(out, lines.encode())
    say(f"{lines.count(chr(10)):,} events in {out}")
