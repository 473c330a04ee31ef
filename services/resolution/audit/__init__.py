"""What happened to a case, so that nobody can change it unseen: a chain of hashes, checkpoints, verification."""
