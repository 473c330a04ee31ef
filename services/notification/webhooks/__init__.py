"""Other systems are told of facts: subscriptions, their secrets, and signed posts to their URLs."""
