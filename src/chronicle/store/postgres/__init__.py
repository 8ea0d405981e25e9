"""The log on a PostgreSQL server, for teams."""
