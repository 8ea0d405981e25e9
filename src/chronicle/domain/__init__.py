"""The specification, pure: events, the fold, lenses, decisions; no I/O, no clock."""
