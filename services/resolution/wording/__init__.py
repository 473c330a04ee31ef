"""The words that go out to customers: one look at them all, before and when they are sent."""
