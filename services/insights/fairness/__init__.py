"""Is everybody treated alike? Like is compared with like, and what differs by more than matters is told."""
