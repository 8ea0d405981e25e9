"""What if: rules on the settlement graph, run forward from a replayed state."""
