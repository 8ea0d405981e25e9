"""Rewrite the outputs on the worked pages; run by `make golden`, review the diff."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pages

for page in pages.PAGES:
    with tempfile.TemporaryDirectory() as name:
        pages.prepare(Path(name))
        page.write_text(pages.rewritten(page.read_text(), Path(name)))
