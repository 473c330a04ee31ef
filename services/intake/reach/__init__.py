"""How customers are reached who may never have complained: the enterprise tells it, for the sake of field actions."""
