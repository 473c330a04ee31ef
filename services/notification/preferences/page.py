"""The page behind a mail's link to unsubscribe, in both languages: a customer may read either."""

from services.notification.rules import Nature

_NAMES = {
    Nature.PROGRESS: ("messages about the progress of your cases", "案件进展通知"),
    Nature.OPINION: ("questions for your opinion", "满意度征询"),
}


def confirmation(nature: Nature, *, done: bool) -> str:
    """HTML. Before it is done it has the button that does it."""
    en, zh = _NAMES[nature]
    if done:
        english = f"You will get no more {en}. What the law demands you still hear."
        said = f"<p>{english}</p><p lang='zh'>您将不再收到{zh}。依法必须告知的事项仍会通知您。</p>"
    else:
        said = (
            f"<p>Do you want to get no more {en}?</p><p lang='zh'>不再接收{zh}?</p>"
            "<form method='post'><button>Unsubscribe 退订</button></form>"
        )
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width'><title>Unsubscribe 退订</title></head>"
        f"<body>{said}</body></html>"
    )
