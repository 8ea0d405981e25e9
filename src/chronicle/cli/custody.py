"""`chronicle verify`, `prove`, `head`, `witness`: whether a record is what it was."""

from __future__ import annotations

from pathlib import Path

import click

from chronicle.cli.completion import files
from chronicle.cli.opening import opened
from chronicle.cli.printing import put, tell
from chronicle.cli.progress import progress_bar
from chronicle.cli.render import free, say
from chronicle.errors import UsageError
from chronicle.store.whole_file import write_whole

__all__ = ["head", "prove", "verify", "witness"]


@click.command()
@click.argument("file", shell_complete=files)
@click.option(
    "--head",
    "heads",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A head that was kept outside, or the folder of a witness; several times.",
)
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="KEY",
    help="Who must have signed: NAME+ID+BASE64, as `head --key` prints it.",
)
def verify(file: str, heads: tuple[Path, ...], keys: tuple[str, ...]) -> None:
    """Check all of FILE: every event, code and key against the seal of the record.

    Alone it finds every change but one: whoever can write to the file can make it anew,
    seal and all. A head that was kept elsewhere (--head) finds that too, up to the
    moment of that head, and a lost end. Prints how many events were checked and the
    root that stands for them; exit code 7 names the first bad position.
    """
    with opened(file) as chronicle, progress_bar() as progress:
        found = chronicle.verify(
            heads, keys, progress=lambda done: progress("verifying", done)
        )
    tell(f"{found.events}\t{found.head.root.hex()}")
    say(f"in order: {found.events:,} events, their ids, and the keys of commands")
    if found.heads:
        say(f"the record begins with every one of {found.heads} heads from outside")
    else:
        say("no head from outside was given: a record made anew would pass")
    for key in found.signers:
        say(f"signed with the key {key.key_id.hex()} of {key.name}")
    if not found.signers:
        say("no signature was checked: --key KEY says who must have signed")


@click.command()
@click.argument("file", shell_complete=files)
@click.argument("report")
@click.option("--out", type=click.Path(path_type=Path), help="The file to write.")
def prove(file: str, report: str, out: Path | None) -> None:
    """Prove to others that REPORT (an id, or @POSITION) is in FILE.

    The proof is a text file, `.tlog-proof`: the event, the hashes up to the root of the
    record, and the signed head. It shows nothing of other events. Whoever gets it
    checks it with `python tools/verify_proof.py PROOF --key KEY`, without Chronicle.
    """
    if out is not None:
        free(out)
    told: str | int = report
    if report.startswith("@"):
        if not (report[1:].isascii() and report[1:].isdigit()):
            raise UsageError(f"{report} is no position: say @7, or the id of a report")
        told = int(report[1:][:18])
    with opened(file) as chronicle:
        proof = chronicle.prove(told)
    if out is None:
        put(proof)
        return
    write_whole(out, proof.encode())
    say(f"{len(proof.encode()):,} bytes in {out}")


@click.command()
@click.argument("file", shell_complete=files)
@click.option("--key", "key", is_flag=True, help="The key that checks what you sign.")
@click.option("--out", type=click.Path(path_type=Path), help="The file to write.")
def head(file: str, key: bool, out: Path | None) -> None:
    """The signed head of FILE: how many events, the root that stands for them, by whom.

    A few lines of text. Kept outside, published or printed, it shows later whether the
    record still begins with what it stands for (`chronicle verify FILE --head HEAD`).
    With --key it prints instead the key with which others check what you sign for FILE.
    """
    if out is not None:
        free(out)
    with opened(file) as chronicle:
        text = chronicle.signed_head()
        if key:
            from chronicle.store.custody import own_key

            own = own_key(text.split("\n", 1)[0])
            if own is None:
                raise UsageError(
                    "you have no key: your configuration cannot be written"
                )
            text = f"{own}\n"
    if out is None:
        put(text)
    else:
        write_whole(out, text.encode())


@click.command()
@click.argument("file", shell_complete=files)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--name", default="witness", show_default=True, help="Who you are, as a witness."
)
def witness(file: str, folder: Path, name: str) -> None:
    """Check FILE against the heads in FOLDER, and keep its head there, signed by you.

    FOLDER is on a stick, another machine, or at a colleague's: somewhere that who can
    write to FILE cannot. A record that was changed, cut or made anew since it was seen
    last is refused with exit code 7, and nothing is signed. The proof that the record
    only grew is kept beside the heads.
    """
    with opened(file) as chronicle, progress_bar() as progress:
        seen, key = chronicle.witness(
            folder, name, progress=lambda done: progress("verifying", done)
        )
    tell(f"{seen.path}\t{seen.head.size}")
    if seen.before:
        say(f"it begins with the {seen.before:,} events that were seen before")
    say(f"others check your signature with the key {key}")
