"""The reference engine: the model in plain Python on SimPy.

To read it: `rules` (its words and arithmetic), `front` (what happens, and the pages
that say how), `simpy_engine` (when), `simulation` (one replica: run, saved, resumed).
"""
