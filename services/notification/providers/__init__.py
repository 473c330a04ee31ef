"""Companies that carry short and push messages, each described as data."""
