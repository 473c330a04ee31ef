"""Notification tells: customers by mail, other systems by signed webhooks."""
