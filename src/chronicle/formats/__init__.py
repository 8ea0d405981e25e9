"""Formats of others, read and written: one file a format."""
