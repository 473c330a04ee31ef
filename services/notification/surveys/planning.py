"""Which surveys follow from what happens to a complaint, and what becomes of those that there are. Pure."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from services.notification.surveys import book
from services.notification.surveys.book import SURVEYS, Questionnaire
from services.notification.surveys.model import Survey, SurveyState
from services.notification.surveys.occasions import Moment, Occasion, survey_on_result
from shared.events.surveys import SurveyEnd
from shared.ids import derived_id
from shared.rulebooks.model import Books


def follow(
    surveys: dict[UUID, Survey],
    complaint_id: UUID,
    told: Sequence[Occasion],
    books: Books,
    *,
    erased: bool = False,
) -> None:
    """Change the surveys of one complaint by what happened to it, in that order; add those that are new.

    Of a customer who is `erased` nothing is asked any more, whatever is heard first.
    """
    for occasion in told:
        match occasion.moment:
            case Moment.ASKED:
                for questionnaire in books.read(SURVEYS).on(book.Occasion.RESULT):
                    survey = _survey(
                        survey_on_result(complaint_id, occasion.subject),
                        complaint_id,
                        questionnaire,
                        occasion,
                        books,
                    )
                    survey.follow_up_id = occasion.subject
                    if surveys.setdefault(survey.id, survey) is survey:
                        survey.open(occasion.at)
            case Moment.ASKED_AGAIN:
                asked = surveys.get(survey_on_result(complaint_id, occasion.subject))
                if asked is not None and asked.state is SurveyState.OPEN:
                    asked.reminded_at = occasion.at
            case Moment.CLOSED:
                for questionnaire in books.read(SURVEYS).on(book.Occasion.CLOSED):
                    id = derived_id("survey", complaint_id, occasion.subject, questionnaire.id)
                    if drawn(id, questionnaire.share):
                        surveys.setdefault(id, _survey(id, complaint_id, questionnaire, occasion, books))
            case Moment.RESUMED:
                _end(surveys.values(), complaint_id, SurveyEnd.SUPERSEDED, occasion)
            case Moment.WITHDRAWN:
                _end(surveys.values(), complaint_id, SurveyEnd.WITHDRAWN, occasion)
            case Moment.REGISTERED | Moment.ERASED:
                pass
        if erased:
            _end(surveys.values(), complaint_id, SurveyEnd.ERASED, occasion)


def drawn(id: UUID, share: float) -> bool:
    """Whether this one is in the sample: by its id, so that it is drawn once and for all."""
    return int.from_bytes(id.bytes[:6]) < share * 2**48


def _survey(
    id: UUID, complaint_id: UUID, questionnaire: Questionnaire, occasion: Occasion, books: Books
) -> Survey:
    return Survey(
        id=id,
        complaint_id=complaint_id,
        questionnaire=questionnaire,
        book_version=books.version(SURVEYS),
        state=SurveyState.PLANNED,
        planned_at=occasion.at + timedelta(hours=questionnaire.delay_hours),
    )


def _end(surveys: Iterable[Survey], complaint_id: UUID, because: SurveyEnd, occasion: Occasion) -> None:
    for survey in surveys:
        if survey.complaint_id == complaint_id:
            survey.end(because, occasion.at)
