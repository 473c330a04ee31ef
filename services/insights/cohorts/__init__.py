"""Who buys again, by how the complaint ended: the texts' shares of loyalty, measured on one's own customers."""
