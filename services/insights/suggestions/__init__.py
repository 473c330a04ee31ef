"""Suggestions (改进建议): what complaints suggest to change, what people decide on it, and whether it helped."""
