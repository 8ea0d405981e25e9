"""Many replicas: chunks, threads, processes, Dask; one digest."""
