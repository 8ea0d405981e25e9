"""Rewrite the outputs of pages and scenarios; run by `make golden`, review the diff."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pages
import worked_scenarios as worked

for page in pages.PAGES:
    with tempfile.TemporaryDirectory() as name:
        pages.prepare(Path(name))
        page.write_text(pages.rewritten(page.read_text(), Path(name)))
for path in (*worked.TOML, *worked.SCRIPTS):
    with tempfile.TemporaryDirectory() as name:
        worked.expected(path).write_text(worked.printed(path, Path(name)))
