"""What the words of a complaint say beyond its subject: which remedy is wished for, with what emotion, what is
threatened, what is dangerous, what was disappointed, and what more the customer would like.

It knows words and not meaning. Every finding shows the words that gave it; where irony is heard it says nothing of
the emotion. How often it is right is measured on labelled texts: `python -m dev.cues`.
"""
