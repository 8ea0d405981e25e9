"""Writes docs/sql.md from the template of the package: `python docs/sql.py`."""

from __future__ import annotations

from pathlib import Path

from chronicle.archive.sql_page import page

if __name__ == "__main__":
    path = Path(__file__).with_name("sql.md")
    path.write_text(page())
    print(path)
