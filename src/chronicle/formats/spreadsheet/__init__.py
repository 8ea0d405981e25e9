"""Any table of reports, as people keep them in spreadsheets: read by a mapping."""
