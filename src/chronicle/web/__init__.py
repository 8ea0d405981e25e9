"""The local page: a map with two clocks, served on this computer or as one file."""
