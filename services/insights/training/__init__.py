"""Who must learn what: lapses against what the same cases come to with others."""
