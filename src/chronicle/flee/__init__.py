"""FLEE folders, whole: read, check, write, run, score."""
