"""The dialogue: customer and handler write to each other, and neither learns the other's address."""
