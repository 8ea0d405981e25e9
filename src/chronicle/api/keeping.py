"""What keeps a record whole: seal, proofs, witnesses, archives, exports."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from chronicle.api.questions import RecordAnswers
from chronicle.domain.lenses import parse_lens
from chronicle.domain.timeline import RecordedEvent
from chronicle.domain.times import Day, KnownAt, as_day
from chronicle.store.checkpoint import VerifyingKey
from chronicle.store.custody import (
    Checked,
    check_log,
    head_of,
    prove_position,
    prove_report,
    witness_log,
)
from chronicle.store.witness import Witnessed, heads_in

if TYPE_CHECKING:
    from chronicle.archive.write import Archived
    from chronicle.formats.writing.evidence import Bundle


__all__ = ["RecordKeeping"]

SOONEST, LATEST = 0.005, 0.25  # seconds between looks at the log: busy, quiet


class RecordKeeping(RecordAnswers):
    """What keeps a record whole and takes it elsewhere."""

    def export(
        self,
        name: str,
        known_at: KnownAt | None = None,
        published_by: Day | None = None,
        lens: str = "latest",
        start: Day | None = None,
        end: Day | None = None,
    ) -> bytes | dict[str, bytes]:
        """The record in another form: its bytes, or those of each file of a folder.

        *name* is one of `formats.writing.export.EXPORTS`; *start* and *end* (included)
        are days of a panel. Sensitive places are told coarsely or not at all.
        """
        from chronicle.formats.writing.content import Content
        from chronicle.formats.writing.export import written

        log = self._log.recorded(upto=self.position(known_at))
        by = None if published_by is None else self.day(published_by, "published_by")
        content = Content.of(log, parse_lens(lens), by)
        days = [
            None if day is None else as_day(day, word)
            for word, day in (("start", start), ("end", end))
        ]
        return written(content, name, (days[0], days[1]))

    def archive(self, folder: str | Path, *, licence: str = "") -> Archived:
        """Bring the archive in *folder* up to the last position, or begin one.

        An archive is a Parquet dataset that other engines replay: see docs/archive.md.
        Rows that later positions close are closed by rewriting their partition, and
        the rest stays. *licence* is told in the manifest; without it that of before
        stays. Raises `Conflict` for an archive of another log, `UsageError` for a
        folder of something else and without pyarrow (extra `arrow`).
        """
        from chronicle.archive.arrow import write_archive

        return write_archive(self._log, Path(folder), licence=licence)

    def verify(
        self,
        heads: Sequence[str | Path] = (),
        keys: Sequence[str] = (),
        progress: Callable[[int], None] | None = None,
    ) -> Checked:
        """Check all of the log against its seal, and against heads kept outside.

        *heads* are files, or folders of a witness; *keys* are those that must have
        signed. Raises `Tampered` that names the first bad position, `RolledBack` where
        the log lost its end, `SplitHistory` where it was made anew, `Damaged`, and
        `Untrusted` for a wrong signature.
        """
        found = [head for path in heads for head in heads_in(Path(path))]
        known = [VerifyingKey.parse(key) for key in keys]
        return check_log(self._log, found, known, progress)

    def prove(self, report: str | int) -> str:
        """The proof that a report, or the event at a position, is in the log.

        It is the text of a `.tlog-proof`, which `tools/verify_proof.py` checks without
        Chronicle. Raises `UnknownReport`.
        """
        if isinstance(report, int):
            return prove_position(self._log, report)
        return prove_report(self._log, report)

    def signed_head(self) -> str:
        """What stands for the whole log: how many events, their root, who says so."""
        return head_of(self._log)

    def witness(
        self,
        folder: str | Path,
        name: str = "witness",
        progress: Callable[[int], None] | None = None,
    ) -> tuple[Witnessed, VerifyingKey]:
        """Check the log against the heads in *folder*; keep its head there, cosigned.

        Returns what was seen, and the key with which others check the cosignature.
        Raises what `verify` raises, and nothing is kept then.
        """
        return witness_log(self._log, Path(folder), name, self._clock(), progress)

    def export_evidence(
        self,
        out: str | Path,
        reports: Sequence[str] = (),
        *,
        attachments: Sequence[str | Path] = (),
        purpose: str = "",
    ) -> Bundle:
        """A folder that proves itself: events, signed head, proofs, a page to read.

        Without *reports* it holds the whole log, else those and what was said of them.
        *attachments* are files, kept under their SHA-256. That it was exported, as of
        which head and for what *purpose*, is recorded then, where the log can be
        written to. Raises `UsageError` where *out* is there already.
        """
        from chronicle.formats.writing.evidence import write_evidence

        return write_evidence(
            self._log,
            Path(out),
            reports,
            attachments=[Path(path) for path in attachments],
            purpose=purpose,
            name=self.name,
        )

    def purge(self) -> bool:
        """Whether all redacted payloads have left the disk, after trying once more.

        Where they have not, another program is reading: they leave with the next write,
        or when the last program closes the file. Raises `Busy` when another is writing.
        """
        return self._log.store.purge()

    def follow(
        self, after: int = 0, *, stop: threading.Event | None = None
    ) -> Iterator[RecordedEvent]:
        """The events after a position, and those that anybody records from then on.

        Each comes once and in order. It waits for the next one, looking less often
        while the log is quiet (a quarter of a second at most), until *stop* is set;
        without *stop* it never ends. For a view in SQL that has each event once,
        whatever dies when, see `Follower`.
        """
        stop = stop or threading.Event()
        pause = SOONEST
        with self._log.store.waiting() as wait:
            while not stop.is_set():
                before = after
                for recorded in self._log.recorded(after):
                    after = recorded.position
                    yield recorded
                pause = SOONEST if after > before else min(2 * pause, LATEST)
                wait(stop, pause)
