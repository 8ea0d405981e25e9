"""Runs of scenarios: from a record to an ensemble, its scores, files and report."""
