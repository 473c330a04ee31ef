"""How the customer is listened to: contacts and their emotions, follow-ups, the six taboos, the review afterwards."""
