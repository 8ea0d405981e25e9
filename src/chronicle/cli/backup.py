"""`chronicle backup`, `restore`, `copy` and `migrate`: the record as a whole."""

from __future__ import annotations

from pathlib import Path

import click

from chronicle.cli.completion import files
from chronicle.cli.opening import opened
from chronicle.cli.printing import tell
from chronicle.cli.progress import progress_bar
from chronicle.cli.render import say

__all__ = ["backup", "copy", "migrate", "restore"]


@click.command()
@click.argument("file", shell_complete=files)
@click.argument("dest", type=click.Path(path_type=Path))
def backup(file: str, dest: Path) -> None:
    """Copy FILE as of now to DEST, a new file, or a folder to keep backups in.

    Others may go on writing to FILE. The copy is opened, compared row by row and
    replayed before it gets its name; what cannot be proven is not kept. Never copy the
    file itself: its last events may be in another one beside it.

    Prints the backup, its last position and the SHA-256 of its rows. What is redacted
    in FILE later is still in it.
    """
    with opened(file) as chronicle, progress_bar() as progress:
        made = chronicle.backup(dest, progress=progress)
    tell(f"{made.path}\t{made.position}\t{made.digest}")
    say(f"proven: opened, compared and replayed up to position {made.position:,}")


@click.command()
@click.argument("source", metavar="BACKUP", type=click.Path(path_type=Path))
@click.argument("file", shell_complete=files)
@click.option("--replace", is_flag=True, help="Move what is in FILE aside; keep it.")
def restore(source: Path, file: str, replace: bool) -> None:
    """Make FILE out of BACKUP, proven in the same way before it gets its name.

    An existing FILE is refused. With --replace it is kept beside the new one, and a
    program that has it open is told so at its next write: what was recorded since the
    backup is only there, and `chronicle merge FILE OLD` brings it over.
    """
    from chronicle.api import restore as restore_

    with progress_bar() as progress:
        made = restore_(source, file, replace=replace, progress=progress)
    tell(f"{made.path}\t{made.position}\t{made.digest}")
    say(f"proven: opened, compared and replayed up to position {made.position:,}")
    if made.aside is not None:
        say(f"what was there before is {made.aside}")


@click.command()
@click.argument("file", shell_complete=files)
@click.argument("dest")
def copy(file: str, dest: str) -> None:
    """Copy FILE to DEST, a path or a postgresql:// address where there is nothing.

    The same record in another place: positions, times of recording, ids and keys are
    as they were. The copy is compared row by row and replayed. What is recorded in FILE
    from then on is not in DEST: let people write to one of them.
    """
    with opened(file) as chronicle, progress_bar() as progress:
        made = chronicle.copy(dest, progress=progress)
    tell(f"{made.place}\t{made.position}\t{made.digest}")
    say(f"proven: opened, compared and replayed up to position {made.position:,}")


@click.command()
@click.argument("file", metavar="URL")
@click.option(
    "--writer", "writers", multiple=True, help="A role that may add, and read."
)
@click.option("--reader", "readers", multiple=True, help="A role that may read it.")
def migrate(file: str, writers: tuple[str, ...], readers: tuple[str, ...]) -> None:
    """Bring the record at URL to the newest schema, and let roles of the server in.

    For who owns it. A writer adds and reads; nobody, not even a writer, changes or
    deletes a row. Nothing here makes a role: CREATE ROLE does. Asked twice, it does
    nothing.
    """
    from chronicle.api import migrate as migrate_

    version = migrate_(file, writers=writers, readers=readers)
    say(f"{file} has schema {version}, the newest that this program knows")
    for role in writers:
        say(f"{role} may add to it")
    for role in readers:
        say(f"{role} may read it")
