"""The version of the package: a leaf, so that no room looks up to the door for it."""

__version__ = "0.1.0"
