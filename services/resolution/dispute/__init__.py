"""A complaint before an outside body: handed over, answered, decided, each by its day."""
