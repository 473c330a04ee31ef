"""What complaints are worth: the market at risk, what good handling recovers, and which cause to remove first."""
