"""What somebody has to do within the company about a complaint: calls, interviews, what meetings decided."""
