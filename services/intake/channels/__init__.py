"""Ways in beside the plain REST call: mail, and signed webhooks of social media and chat. All land in one record."""
