"""The command line. `main` is the `chronicle` command.

Commands live in the modules beside this one and are loaded when they are called, so
that `chronicle --help` and a quick question start at once.
"""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from importlib import import_module

import click
from click.shell_completion import CompletionItem

from chronicle.cli.opening import deeds, found, written
from chronicle.cli.printing import tell
from chronicle.errors import BudgetExceeded, ChronicleError, StorageError
from chronicle.version import __version__

__all__ = ["COMMANDS", "cli", "main"]

# name -> (module, attribute, the line that `chronicle --help` shows)
COMMANDS = {
    "demo": ("demo", "demo", "The main job on the bundled case."),
    "init": ("record", "init", "A new chronicle; an existing one is not touched."),
    "import": ("importing", "import_", "Read files or a folder into the log."),
    "template": ("template", "template", "A folder of the own format, to fill in."),
    "vintages": ("vintages", "vintages", "What came in when, and what it rewrote."),
    "merge": ("merge", "merge", "Another record into this one, conflicts told."),
    "report": ("record", "report", "Record one claim or registration by hand."),
    "retract": (
        "record",
        "retract",
        "A report is wrong: it does not count from now on.",
    ),
    "amend": ("record", "amend", "Replace fields of a report; the old ones are kept."),
    "redact": ("record", "redact", "A report is harmful: remove its payload for good."),
    "link": (
        "record",
        "link",
        "Two reports tell of one change, or dispute each other.",
    ),
    "state": ("questions", "state", "What was so at the end of a day, as known then."),
    "history": ("questions", "history", "All that was reported of a settlement."),
    "why": (
        "questions",
        "why",
        "The reports for and against, and why the lens decides so.",
    ),
    "diff": (
        "questions",
        "diff",
        "What changed in the world, or in our knowledge of it.",
    ),
    "panel": ("panel", "panel", "Who held what, place by day; several records."),
    "brief": ("brief", "brief", "What changed since a day, as a brief to hand on."),
    "map": ("map", "map_", "Who held what on a day, as a picture or a film."),
    "displaced": (
        "questions",
        "displaced",
        "Figures of displaced people, side by side.",
    ),
    "incidents": ("questions", "incidents", "What happened where, as it is alleged."),
    "log": ("questions", "log", "The log itself."),
    "check": ("questions", "check", "Disputes, stale places, open problems."),
    "export": ("export", "export", "The record, out again: tables, maps, JSON lines."),
    "backup": ("backup", "backup", "A copy to keep, proven by replaying it."),
    "restore": ("backup", "restore", "A backup back into its place, proven likewise."),
    "copy": ("backup", "copy", "The same record in another place, a file or a server."),
    "migrate": ("backup", "migrate", "A record on a server: its schema, and who may."),
    "verify": ("custody", "verify", "Whether the record is what it was."),
    "prove": ("custody", "prove", "A proof that a report is in the record."),
    "head": ("custody", "head", "The signed head that stands for the record."),
    "witness": ("custody", "witness", "Check it, and keep its head outside."),
    "serve": ("serve", "serve", "The local page: a map with two clocks."),
    "run": ("run", "run", "A scenario run forward from the record: what if."),
    "calibrate": ("calibrate", "calibrate", "Fit a scenario to what was published."),
    "sensitivity": ("sensitivity", "sensitivity", "What an outcome hangs on."),
    "evaluate": ("evaluate", "evaluate", "Forecasts over a league of cases, scored."),
    "train": ("evaluate", "train", "The weights of what is published, made again."),
    "compare": ("run", "compare", "Arms of runs side by side, paired by replica."),
    "score": ("run", "score", "A run against what was recorded since."),
    "flee": ("flee", "flee", "A FLEE folder, run by our kernel and scored."),
    "bench": ("bench", "bench", "Figures as ratios against peers in one run."),
    "doctor": ("doctor", "doctor", "Versions, extras, what is missing."),
}
WHAT_IFS = (
    "run",
    "calibrate",
    "sensitivity",
    "evaluate",
    "train",
    "compare",
    "score",
    "flee",
    "bench",
)
GLOBAL = ("-q", "--quiet", "--json-errors", "--no-color")
INTERRUPTED = 130  # as the shell has it for Ctrl-C
FILE = "CHRONICLE_FILE"  # names the chronicle where a command names none
STDOUT = 1  # the file descriptor
INTERNAL = 70  # EX_SOFTWARE of sysexits.h: our fault, not the user's


class _HungUp(Exception):
    """A broken pipe, under a name that click does not make an exit code of 1 of."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def shell_complete(
        self, ctx: click.Context, incomplete: str
    ) -> list[CompletionItem]:
        """The commands by their lines here: none of their modules is loaded."""
        options = click.Command.shell_complete(self, ctx, incomplete)
        return options + [
            CompletionItem(name, help=line)
            for name, (_, _, line) in COMMANDS.items()
            if name.startswith(incomplete)
        ]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        command = getattr(import_module(f"chronicle.cli.{module}"), attribute)
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise _HungUp from None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] == "help":
            args = [*args[1:2], "--help"]
            if len(args) == 1:
                tell(ctx.get_help())
                ctx.exit()
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from chronicle.domain.names import did_you_mean

            hint = did_you_mean(args[0], COMMANDS)
            ctx.fail(f"No such command {args[0]!r}{hint}")
        name, command, rest = super().resolve_command(ctx, args)
        return name, command, _with_file(ctx, command, rest)

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, line) for name, (_, _, line) in COMMANDS.items()]
            )


def _with_file(
    ctx: click.Context, command: click.Command | None, args: list[str]
) -> list[str]:
    """*args* with the chronicle that the environment names, where FILE is left out."""
    file = os.environ.get(FILE)
    if not file or command is None:
        return args
    needed = [
        one
        for one in command.params
        if isinstance(one, click.Argument) and one.required
    ]
    if not needed or needed[0].name != "file":
        return args
    try:
        found, _, _ = command.make_parser(ctx).parse_args(list(args))
    except click.UsageError:
        return args
    values = [found.get(one.name or "") for one in needed]
    # What is left out is None or a marker of click's own, by its version.
    missing = not all(isinstance(value, str | tuple) and value for value in values)
    return [file, *args] if missing and not {"-h", "--help"} & {*args} else args


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="In the environment: CHRONICLE_FILE is the chronicle where FILE is left "
    "out; CHRONICLE_LOCK_TIMEOUT is how many seconds to wait for another writer; "
    "CHRONICLE_PAGER, or else PAGER, shows tables longer than the screen (less, where "
    "neither is set; cat prints them).",
)
@click.version_option(__version__, "-V", "--version", prog_name="chronicle")
@click.option("-q", "--quiet", is_flag=True, help="No headers, notes or progress.")
@click.option("--json-errors", is_flag=True, help="Errors as one JSON object.")
@click.option("--no-color", is_flag=True, help="No colour, as with NO_COLOR.")
@click.pass_context
def cli(ctx: click.Context, quiet: bool, json_errors: bool, no_color: bool) -> None:
    """The history of a conflict: who held what, who fled, who says so, since when.

    Days are YYYY-MM-DD and mean the end of that day in UTC. Every answer is a pure
    function of the log, the day and the clock asked about.
    """
    ctx.obj = {"quiet": quiet, "json_errors": json_errors, "no_color": no_color}


def main(args: list[str] | None = None) -> None:
    """Run the command line; every end of it is an exit code."""
    given = list(sys.argv[1:] if args is None else args)
    given = _hoist(given)
    _have_stdout()
    _speak_utf8()
    deeds.clear()
    json_errors = "--json-errors" in given
    try:
        code = cli.main(given, prog_name="chronicle", standalone_mode=False)
        sys.stdout.flush()
        if not code and (finding := found()) is not None:
            code = _say(finding, json_errors)
    except ChronicleError as error:
        code = _say(error, json_errors)
    except click.exceptions.Exit as left:
        code = left.exit_code
    except click.ClickException as error:
        code = _usage(error, json_errors)
    except (KeyboardInterrupt, click.Abort):
        told = f"interrupted; {_left_behind(given)}"
        _tell("Interrupted", INTERRUPTED, told, json_errors)
        code = INTERRUPTED
    except (BrokenPipeError, _HungUp):
        # The reader of a pipe has enough; the interpreter must not try again at exit.
        _give_up_stdout()
        code = 0
    except MemoryError:
        code = _say(BudgetExceeded("too little memory; ask for less"), json_errors)
    except RecursionError:
        code = _internal("the input is nested too deeply", json_errors)
    except OSError as broken:
        code = _say(_unwritten(broken, given), json_errors)
    except Exception as bug:
        if os.environ.get("CHRONICLE_DEBUG"):
            raise
        code = _internal(f"{type(bug).__name__}: {bug}", json_errors)
    sys.exit(code if isinstance(code, int) else 0)


def _have_stdout() -> None:
    """Python has no `sys.stdout` where it was closed: one whose every write fails."""
    if sys.stdout is None:
        closed = io.FileIO(os.open(os.devnull, os.O_RDONLY), "w")
        sys.stdout = io.TextIOWrapper(io.BufferedWriter(closed), "utf-8")


def _give_up_stdout() -> None:
    """Let what is still to be written go nowhere: the interpreter tries it at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    if sys.__stdout__ is not None and sys.stdout is sys.__stdout__:
        os.dup2(nowhere, STDOUT)
    elif isinstance(sys.stdout, io.TextIOWrapper) and sys.__stdout__ is None:
        os.dup2(nowhere, sys.stdout.fileno())


def _unwritten(broken: OSError, given: list[str]) -> ChronicleError:
    """A file that could not be used; without a name it is the answer's own stream."""
    why = broken.strerror or str(broken)
    if broken.filename is not None:
        return StorageError(f"cannot use {broken.filename!r}: {why}{_recorded(given)}")
    _give_up_stdout()
    return StorageError(f"the answer could not be written ({why}){_recorded(given)}")


def _recorded(given: list[str]) -> str:
    """What the command did to a record before it failed, and how to go on safely."""
    path = written()
    if not path:
        return "; nothing was recorded by this command"
    key = next((k for k in map(_key_of, given, [*given[1:], ""]) if k), "")
    again = f" under the key {key!r}" if key else ""
    return (
        f"; but it was RECORDED in {path}, as `chronicle log` shows: there is no need "
        f"to run the command again, and the same words{again} add nothing"
    )


def _key_of(word: str, following: str) -> str:
    """The idempotency key that the words of a command give."""
    if word == "--key":
        return following
    return word.removeprefix("--key=") if word.startswith("--key=") else ""


def _left_behind(given: list[str]) -> str:
    """What an interrupted command leaves; a what-if writes to no record."""
    command = next((word for word in given if not word.startswith("-")), "")
    if command in WHAT_IFS:
        return "no record was changed"
    return "what was acknowledged is recorded"


def _hoist(args: list[str]) -> list[str]:
    """Global options are understood wherever they stand, up to a bare `--`."""
    end = args.index("--") if "--" in args else len(args)
    hoisted = [arg for arg in args[:end] if arg in GLOBAL]
    return hoisted + [arg for arg in args[:end] if arg not in GLOBAL] + args[end:]


def _speak_utf8() -> None:
    """UTF-8 into pipes and files, whatever the locale: names come in many scripts."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and not _is_utf8(stream):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _is_utf8(stream: io.TextIOWrapper) -> bool:
    return stream.encoding.lower().replace("-", "").replace("_", "") == "utf8"


def _say(error: ChronicleError, as_json: bool) -> int:
    if as_json:
        _print_json(error.as_dict())
    else:
        _to_stderr(f"chronicle: {error}")
    return error.exit_code


def _usage(error: click.ClickException, as_json: bool) -> int:
    if as_json:
        _tell("UsageError", 2, error.format_message(), as_json)
    else:
        told = io.StringIO()
        error.show(told)
        _to_stderr(told.getvalue().rstrip("\n"))
    return 2


def _internal(message: str, as_json: bool) -> int:
    told = (
        f"a fault in Chronicle, not in your data ({message[:300]})"
        f"{_recorded(sys.argv[1:])}; CHRONICLE_DEBUG=1 shows where"
    )
    _tell("Internal", INTERNAL, told, as_json)
    return INTERNAL


def _tell(error: str, code: int, message: str, as_json: bool) -> None:
    if as_json:
        _print_json({"error": error, "exit_code": code, "message": message})
    else:
        _to_stderr(f"chronicle: {message}")


def _print_json(told: dict[str, object]) -> None:
    import msgspec

    try:
        text = msgspec.json.encode(told, enc_hook=str).decode()
    except UnicodeEncodeError:  # a name that the shell gave in no encoding
        import json

        text = json.dumps(told, default=str)
    _to_stderr(text)


def _to_stderr(line: str) -> None:
    """Say it, if anybody can hear it: the exit code tells the rest."""
    with suppress(OSError, ValueError):
        tell(line, err=True)
