"""What customers mean: what was heard in each complaint, and the sums of it. What the words say is `cues`' to know."""
