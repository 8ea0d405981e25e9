"""What the SQL stores share: the statements on rows, whichever database runs them."""
