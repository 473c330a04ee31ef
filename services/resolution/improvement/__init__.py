"""The improvement: eight steps by which the cause of one or many complaints is removed, and stays removed."""
