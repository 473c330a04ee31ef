"""Transfer: who must know what, and by when they must have said that they do."""
