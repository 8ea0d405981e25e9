"""What a person reads of a run or a record: words, figures, maps, HTML."""
