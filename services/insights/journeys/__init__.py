"""The way of each complaint in steps, and sums of it by month: funnel, map of the process, variants, Pareto."""
