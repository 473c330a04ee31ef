"""Mining of words, measured: planted problems that are new, retold complaints, a million complaints mined again."""
