"""Where in the sale complaints begin, how it was sold, and where disappointed expectations come from."""
