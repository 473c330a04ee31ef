"""What of the rows is private: everything in which somebody's words or data stand as they were told. Pure."""

CONTACT = ("name", "email", "phone", "address")
PRIVATE = {
    "customers": ("external_id",),
    "complaints": (
        *CONTACT,
        "relation",
        "what_went_wrong",
        "feeling",
        "wanted",
        "product",
        "order",
        "facts",
        "expectation",
        "sale",
        "taken_by",
        "accused",
        "public_link",
    ),
    "additions": (*CONTACT, "said", "restatement", "told"),
    "restatement_answers": ("correction",),
    "messages": ("text",),
    "customer_contacts": ("name", "email", "phone"),
    "open311_requests": ("lat", "long", "address", "address_id", "device_id", "media_urls", "attributes"),
}
"""Sealed fields, by table."""
KEY = {
    "restatement_answers": "addition_id",
    "customer_contacts": "customer_id",
    "open311_requests": "complaint_id",
}
"""Primary keys that are not `id`."""
ERASED_TEXT = "[erased]"
"""Stands for the customer's words once they are erased."""
