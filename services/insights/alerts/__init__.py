"""The early warning at work: what is counted, judged each week and day, raised, and decided by people."""
