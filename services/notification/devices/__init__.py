"""Devices of customers, to which messages are pushed."""
