"""What came to pass, and how forecasts are scored against it."""
