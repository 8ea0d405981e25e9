"""What an import comes to: of each file, and of all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from chronicle.formats.problem import Problem
from chronicle.formats.spreadsheet.names import Open
from chronicle.formats.suspicion import Suspicion

__all__ = ["FileResult", "ImportResult", "Progress"]

KEPT = 1_000  # problems that are kept of one file; the rest are counted
Progress = Callable[[str, int], None]  # the file, and how many events were read


@dataclass
class FileResult:
    """What became of one file: counts of its reports and registrations."""

    file: str
    new: int = 0
    changed: int = 0
    gone: int = 0
    unchanged: int = 0
    not_told: int = 0  # of an earlier vintage of the file; they stand
    examples: list[str] = field(default_factory=list)  # ids of those, or of the gone
    problem_count: int = 0
    problems: list[Problem] = field(default_factory=list)
    refused: bool = False  # by --strict: nothing of it was imported
    hurt: bool = False  # rows could not be read, so nothing can be gone
    notes: list[str] = field(default_factory=list)  # what was found, and taken so
    open: list[Open] = field(default_factory=list)  # names that nobody could settle

    def add(self, problem: Problem) -> None:
        """Count *problem*, and keep it while there is room."""
        self.problem_count += 1
        unread = problem.rule.startswith("unknown column")
        self.hurt |= problem.lost and not unread
        if len(self.problems) < KEPT:
            self.problems.append(problem)


@dataclass
class ImportResult:
    """What became of the files of one import."""

    files: list[FileResult] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    suspicions: list[Suspicion] = field(default_factory=list)  # not accepted yet

    @property
    def problems(self) -> list[Problem]:
        """The problems of all files, in their order."""
        return [problem for file in self.files for problem in file.problems]

    def total(self, name: str) -> int:
        """The sum of a count over the files."""
        return sum(getattr(file, name) for file in self.files)

    @property
    def nothing_read(self) -> bool:
        """Whether problems left nothing at all to record or to find unchanged."""
        counts = map(self.total, ("new", "changed", "gone", "unchanged"))
        return not any(counts) and bool(self.total("problem_count"))
