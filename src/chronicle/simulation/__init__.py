"""What if: rules on the settlement graph, run forward from a replayed state.

- `random_streams`, `parameters`, `prior`, `posterior`, `rules`: chance by key, what is
  assumed, the arithmetic
- `scenario`, `interventions`, `network`, `start`: what a run starts from
- `engine`: the reference engine in plain Python on SimPy
- `compiled`: the same model in arrays for numba, which must agree bit for bit
- `ensemble`: many replicas, one digest
- `recording`: a replica as a chronicle, apart from every record

Nothing here writes to a record, and none advises: nothing is finer than
a settlement and a day.
"""
