"""What a person wishes: by which ways, when, how often; and what is done with a letter by it."""
