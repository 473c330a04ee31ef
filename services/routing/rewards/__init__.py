"""Rewards: points for how complaints were handled, never for how few there were."""
