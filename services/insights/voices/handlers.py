"""Events in: what is heard in what is told, and what people said of it."""

from services.insights.voices.model import Contact, Voice
from services.insights.voices.store import VoiceStore
from shared.envelope import Received
from shared.events import (
    ComplaintCoded,
    ComplaintRegistered,
    ComplaintSupplemented,
    ComplaintTriaged,
    ContactHeld,
    CustomerErased,
)
from shared.reactions import Reactions

store = VoiceStore()
reactions: Reactions[Voice] = Reactions(store)


@reactions.on(ComplaintRegistered)
def on_complaint_registered(voice: Voice, event: ComplaintRegistered, fact: Received) -> None:
    voice.registered_at, voice.customer_id = event.registered_at, event.customer_id
    voice.kind, voice.language, voice.channel = event.kind.value, event.language.value, event.channel.value
    voice.product = event.product.label if event.product else None
    voice.region = event.region
    told = event.statement
    words = "\n".join(part for part in (told.what_went_wrong, told.feeling, told.wanted) if part)
    voice.unheard.append(Contact(words, event.registered_at, event.emotion))


@reactions.on(ComplaintSupplemented)
def on_complaint_supplemented(voice: Voice, event: ComplaintSupplemented, fact: Received) -> None:
    if event.product is not None:
        voice.product = event.product.label or voice.product
    voice.region = event.region or voice.region
    words = "\n".join(part for part in (event.said, event.feeling, event.wanted) if part)
    if not voice.erased and (words or event.emotion):
        voice.unheard.append(Contact(words, event.contact_at, event.emotion))


@reactions.on(ComplaintCoded)
def on_complaint_coded(voice: Voice, event: ComplaintCoded, fact: Received) -> None:
    """The last coding counts."""
    voice.coded = sorted(event.values)


@reactions.on(ComplaintTriaged)
def on_complaint_triaged(voice: Voice, event: ComplaintTriaged, fact: Received) -> None:
    voice.category = event.category


@reactions.on(ContactHeld)
def on_contact_held(voice: Voice, event: ContactHeld, fact: Received) -> None:
    voice.held.append(event.emotion.value)
    voice.held_at.append(event.held_at)


@reactions.on(CustomerErased)
def on_customer_erased(voice: Voice, event: CustomerErased, fact: Received) -> None:
    voice.erased = True
