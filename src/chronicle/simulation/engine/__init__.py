"""The reference engine: the model in plain Python on SimPy."""
