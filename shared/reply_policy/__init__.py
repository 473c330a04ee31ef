"""What becomes of what the reply check finds: a rulebook of each service that takes such words."""

from shared.reply_policy.model import REPLY_POLICY, Judged, Readers, ReplyPolicy, Treatment

__all__ = ["REPLY_POLICY", "Judged", "Readers", "ReplyPolicy", "Treatment"]
