"""What customers who complained buy afterwards: whether the handling kept them."""
