"""What became of complaints about people of the company, for the audit of how groups of staff are treated."""
