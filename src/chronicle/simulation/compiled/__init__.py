"""The same model in arrays, compiled by numba."""
