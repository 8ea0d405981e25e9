"""What the shell completes: files, and the ids of the record that a command names.

Nothing is said and nothing fails here: where there is no record to look into, or it is
on a server, nothing is completed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from chronicle.errors import ChronicleError

if TYPE_CHECKING:
    from chronicle.domain.state import References

__all__ = ["actors", "files", "lenses", "settlements", "sources"]

FILE = "CHRONICLE_FILE"  # names the chronicle where a command names none
Items = list[CompletionItem]


def files(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """Files, by the shell itself."""
    return [CompletionItem(incomplete, type="file")]


def settlements(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """Ids of settlements by the beginning of the id or of the name."""
    with _record(ctx) as found:
        if found is None:
            return []
        names = {id_: place.name for id_, place in found.settlements.items()}
        return _beginning(names, incomplete)


def actors(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """Ids of actors, likewise, and `none`."""
    with _record(ctx) as found:
        if found is None:
            return []
        names = {id_: actor.name for id_, actor in found.actors.items()}
        return _beginning({"none": "nobody holds it"} | names, incomplete)


def sources(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """Ids of registered sources, likewise."""
    with _record(ctx) as found:
        if found is None:
            return []
        names = {id_: source.name for id_, source in found.sources.items()}
        return _beginning(names, incomplete)


def lenses(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """The lenses there are; one of a single source for each of the record's."""
    from chronicle.domain.lenses import LENSES

    fixed = {name.partition("[")[0]: "" for name in LENSES if "ID" not in name}
    start = "source:"
    told = _beginning(fixed, incomplete)
    if not incomplete.startswith(start):
        if incomplete and start.startswith(incomplete):
            told.append(CompletionItem(start))
        return told
    own = sources(ctx, param, incomplete.removeprefix(start))
    return [CompletionItem(start + item.value, help=item.help) for item in own]


def _beginning(names: Mapping[str, str], incomplete: str) -> Items:
    wanted = incomplete.casefold()
    return [
        CompletionItem(id_, help=name or None)
        for id_, name in sorted(names.items())
        if id_.casefold().startswith(wanted) or name.casefold().startswith(wanted)
    ]


@contextmanager
def _record(ctx: click.Context) -> Iterator[References | None]:
    """The reference data of the record that the command line or the environment names.

    None where there is none to be read.
    """
    from chronicle.api import open_chronicle
    from chronicle.store.address import is_server

    # Behind an option that lacks its value, which is what is being completed, click has
    # not come to the arguments yet.
    left = next((word for word in ctx.args if not word.startswith("-")), "")
    told = ctx.params.get("file") or left or os.environ.get(FILE, "")
    path = told[0] if isinstance(told, tuple) and told else told
    if not isinstance(path, str) or not path or is_server(path):
        yield None
        return
    try:
        with open_chronicle(path) as chronicle:
            found = chronicle.references()
    except (ChronicleError, OSError):
        yield None
        return
    yield found
