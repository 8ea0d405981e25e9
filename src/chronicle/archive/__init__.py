"""The archive: a record as a Parquet dataset that other engines replay.

    log ── rows ──▶ report ids ───────────────┐
     └── columnar rows ─▶ versions ─▶ control ├─▶ partitions ─▶ manifest ─▶ scripts
                         versions.py  latest  │   partitions.py  manifest.py  sql.py
                                  rectangles.py   write.py
     └── other claims, references ────────────┘
                         others.py

`schema.py` says what each table holds. What was so on a day, as known at a position, is
the one row a settlement of `latest` whose rectangle holds the point; the other clocks
are folds over `control`.
"""
