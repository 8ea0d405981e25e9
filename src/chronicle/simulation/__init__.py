"""What if: rules on the settlement graph, run forward from a replayed state.

Floors, each standing on those before it:

- `draws`, `parameters`, `rules`: chance by key, what is assumed, the arithmetic
- `terrain`, `interventions`: what a run starts from, as plain data
- `plan`, `state`, `agenda`: a replica before it runs, what changes, what is to happen
- `arrivals`, `contests`, `falls`, `losses`, `truces`, `supply`, `dated`, `front`,
  `people`: the course of events in plain Python
- `simpy_engine`, `compiled` (with `kernel*`), `percolation`: engines, which must agree
- `ensemble`, `chunks`, `process_pool`, `dask_pool`: many replicas, one digest

None of these reads the record or writes to it, and none advises: nothing is finer than
a settlement and a day.
"""
