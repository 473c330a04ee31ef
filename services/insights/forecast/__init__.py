"""How many complaints will be open in the coming weeks."""
