"""Maps and plots as pictures (PNG, SVG, PDF), drawn from plain data by matplotlib."""
