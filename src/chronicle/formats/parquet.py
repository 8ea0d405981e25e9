"""A table as Parquet, with the extra `arrow`."""

from __future__ import annotations

import io

from chronicle.domain.table import Table
from chronicle.errors import MissingExtra

__all__ = ["parquet"]


def parquet(table: Table) -> bytes:
    """*table* as a Parquet file; lists stay lists, days are date32.

    The question stands in the file's metadata under `header`. Raises `UsageError`
    without pyarrow.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtra("Parquet needs pyarrow", "arrow") from None
    columns = {
        name: pa.array([_listed(value) for value in table.column(name)])
        for name in table.columns
    }
    data = pa.table(columns).replace_schema_metadata({"header": table.header})
    sink = io.BytesIO()
    pq.write_table(data, sink)
    return sink.getvalue()


def _listed(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
