"""What customers told, in words: masked, for whatever is learned from words."""
