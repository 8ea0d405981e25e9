"""Runs of scenarios on a record: arms, scores, and their files."""
