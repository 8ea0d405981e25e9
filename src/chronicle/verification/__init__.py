"""Scores of a forecast against what was recorded later."""
