"""Every attempt at a delivery, and the log that shows deliveries with them."""
