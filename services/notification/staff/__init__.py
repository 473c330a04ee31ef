"""People of the company hear what they must know and do: in their inbox here, and by mail at work."""
