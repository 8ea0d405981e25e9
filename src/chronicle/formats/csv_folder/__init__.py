"""Chronicle's own CSV files: a folder with one file a kind."""
