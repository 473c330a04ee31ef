"""Assignment: who may take a complaint, whose turn it is, and what happens while nobody can."""
