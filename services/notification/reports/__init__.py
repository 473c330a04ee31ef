"""What is reported of a message after it was taken: mails that come back, receipts of providers."""
