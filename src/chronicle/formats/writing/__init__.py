"""The record, out again: one format a module."""
