"""Mails that no person wrote: bounces, automatic replies, our own letters come back. Pure.

(RFC 3834 for automatic replies, RFC 3464 for delivery reports; the rest is what mail systems do without a standard.)
"""

import re
from collections.abc import Collection

from services.intake.channels import headers
from services.intake.channels.mime import Mail

MOST_HOPS = 60
"""Received lines; a mail that has more goes round."""
_DAEMON = re.compile(r"(?:mailer-daemon|postmaster|mail-daemon)@", re.IGNORECASE)
_BOUNCED = re.compile(
    r"(?:undeliver(?:able|ed)|delivery (?:status notification|failure|has failed)|mail delivery (?:failed|system)"
    r"|returned mail|failure notice|系统退信|退信|无法投递|投递失败|無法傳遞)",
    re.IGNORECASE,
)
_REPLIED = re.compile(
    r"\s*(?:auto(?:matic)?[\s-]*(?:reply|response|replied)|autoreply|out of (?:the )?office|vacation reply"
    r"|自动回复|自动答复|自動回覆|自動回復|休假通知|外出自动)",
    re.IGNORECASE,
)
_OWN_HEADERS = ("X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Reply-From", "X-Vacation")


def outcome(mail: Mail, envelope_from: str | None, ours: Collection[str]) -> str | None:
    """`loop`, `bounce` or `auto_reply`; None for a mail that a person wrote.

    `envelope_from` is empty for the null return path, None when nothing is known of the envelope.
    """
    top = mail.top
    if (
        mail.sender in ours
        or headers.raw(top, "X-Redress-Reference")
        or len(headers.raw(top, "Received")) > MOST_HOPS
    ):
        return "loop"
    null_path = envelope_from == "" or "<>" in headers.raw(top, "Return-Path")
    if mail.report == "delivery-status":
        return "bounce"
    if (null_path or _DAEMON.match(mail.sender)) and _BOUNCED.search(mail.subject):
        return "bounce"
    if mail.report is not None or null_path or _says_automatic(mail):
        return "auto_reply"
    return None


def _says_automatic(mail: Mail) -> bool:
    top = mail.top
    submitted = headers.first(top, "Auto-Submitted").partition(";")[0].strip().lower()
    if submitted not in ("", "no"):
        return True
    # A shared mailbox marks what people write to it as `list`: only the other words mean a machine.
    if headers.first(top, "Precedence").lower() in ("bulk", "junk", "auto_reply"):
        return True
    suppressed = headers.first(top, "X-Auto-Response-Suppress").lower()
    if any(word in suppressed for word in ("all", "oof", "autoreply")):
        return True
    if any(headers.raw(top, name) for name in _OWN_HEADERS):
        return True
    return bool(_REPLIED.match(mail.subject))
