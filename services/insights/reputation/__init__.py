"""What customers think of a product around a public case: whether it dips, and whether it comes back."""
