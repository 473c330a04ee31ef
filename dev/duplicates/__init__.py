"""The labelled set for duplicates: how it is made, how the weights are fitted to it, what they are worth."""
