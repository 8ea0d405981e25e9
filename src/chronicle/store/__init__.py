"""The append-only log on the recorders of `eventsourcing`, which end here."""
