"""`chronicle template`: the own format's folder, to fill in."""

from __future__ import annotations

from pathlib import Path

import click

from chronicle.cli.render import say
from chronicle.errors import StorageError, UsageError
from chronicle.store.whole_file import write_whole

__all__ = ["template"]


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
def template(folder: Path) -> None:
    """Write the files of the own format into FOLDER: headers, an example row each.

    COLUMNS.md beside them says what each column holds, which are needed, and the words
    that are allowed. The folder can be imported as it is, to try; a file that is there
    already is not touched.
    """
    from chronicle.formats.csv_folder.describe import template_files

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as broken:
        raise StorageError(f"cannot make {folder}: {broken.strerror}") from None
    files = dict(template_files())
    there = [name for name in files if (folder / name).exists()]
    if there:
        raise UsageError(
            f"{folder}: has {', '.join(there)} already; nothing was written: name "
            "another folder"
        )
    for name, text in files.items():
        write_whole(folder / name, text.encode())
    say(
        f"{len(files)} files in {folder}; fill them in, then: chronicle import FILE "
        f"{folder}"
    )
