"""What is suggested, what it is worth, and what a permit covers: pure rules."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.resolution.approvals.book import APPROVALS, ApprovalTable
from services.resolution.approvals.terms import Terms, within
from services.resolution.judgement import Judgement, Need, Origin
from services.resolution.offers.authority import AUTHORITY
from services.resolution.offers.explaining import EXPLANATIONS, ExplanationTable, Occasion, occasion_of
from services.resolution.offers.parameters import VALUES, ValueTable
from services.resolution.offers.remedies import REMEDIES, RemedyTable
from services.resolution.offers.suggesting import FEW, Situation, suggest
from services.resolution.offers.told import NOTHING_TOLD, Told
from services.resolution.offers.value import Account, Worth, cost_of_complaining, total, worth_of
from shared.events.approvals import Permit
from shared.events.vocabulary import Aspect, Channel, Emotion, Money, Remedy, Severity
from shared.ids import derived_id
from shared.taxonomy import newest
from tests.resolution_story import registered

TABLE, PARAMETERS = REMEDIES.shipped, VALUES.shipped
CATEGORIES = [place.code for place in newest().categories]
amounts = st.decimals(0, 1_000_000, places=2, allow_nan=False)
remedy_sets = st.frozensets(st.sampled_from(Remedy))
situations = st.builds(
    lambda first, cost, **fields: Situation(first=first, needed=first + cost, **fields),
    first=amounts,
    cost=amounts,
    category=st.sampled_from([None, *CATEGORIES]),
    severity=st.sampled_from(Severity),
    aspects=st.lists(st.sampled_from(Aspect), max_size=2).map(tuple),
    desired=remedy_sets,
    needs=st.frozensets(st.sampled_from(Need)),
    declined=st.frozensets(st.sampled_from([frozenset(row.remedies) for row in TABLE.solutions])),
)


def cny(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="CNY")


@given(situations)
@pytest.mark.requirement("001-29", "001-19", "003-14")
def test_the_best_comes_first_and_nothing_comes_again(of: Situation) -> None:
    found = suggest(of, TABLE)
    left = [row for row in TABLE.solutions if frozenset(row.remedies) not in of.declined]
    assert min(FEW, len(left)) <= len(found) <= TABLE.most
    assert len({each.row.code for each in found}) == len(found)
    assert all(frozenset(each.row.remedies) not in of.declined for each in found)
    order = [(each.fits, each.reaches) for each in found]
    assert order == sorted(order, reverse=True)
    for each in found:
        assert each.reaches == (each.worth.total >= of.needed)
        if any(TABLE.remedies[remedy].any_amount for remedy in each.row.remedies):
            assert each.reaches, "what can be made as large as it has to be is never too small"
        if each.value is not None:
            offered = worth_of(each.row.remedies, each.value, of.first, TABLE)
            assert offered.total == each.worth.total, "offered as suggested it is worth what was said"
            assert offered.cost == each.worth.cost


@given(situations)
def test_suggestions_do_not_depend_on_the_order_of_the_table(of: Situation) -> None:
    turned = TABLE.model_copy(update={"solutions": TABLE.solutions[::-1]})
    assert [each.row.code for each in suggest(of, TABLE)] == [each.row.code for each in suggest(of, turned)]


@pytest.mark.requirement("001-29", "001-35")
def test_every_category_has_three_or_four_solutions_and_a_lot_may_be_taken_as_it_is() -> None:
    for category in CATEGORIES:
        of = Situation(
            category, Severity.GENERAL, (), frozenset(), frozenset(), Decimal(1000), Decimal(1200), ()
        )
        found = suggest(of, TABLE)
        assert len(found) in (3, 4), category
        assert found[0].reaches
    asked = frozenset({Remedy.DISCOUNT})
    of = Situation("dimension", Severity.GENERAL, (), asked, frozenset(), Decimal(1000), Decimal(1200), ())
    assert "concession" in [each.row.code for each in suggest(of, TABLE)]


@pytest.mark.requirement("004-07")
def test_whoever_needs_to_be_valued_is_answered_to() -> None:
    by_code = {row.code: row for row in TABLE.solutions}
    plain = by_code["exchange_at_once"].model_copy(
        update={"code": "exchange_only", "remedies": (Remedy.EXCHANGE,), "categories": ()}
    )
    table = TABLE.model_copy(update={"solutions": (by_code["make_good"], plain)})

    def first(*needs: Need) -> str:
        worth = Decimal(1000)
        of = Situation(None, Severity.GENERAL, (), frozenset(), frozenset(needs), worth, worth, ())
        return suggest(of, table)[0].row.code

    assert first() == first(Need.CERTAINTY) == "exchange_only"
    assert first(Need.VALUED) == first(Need.NEEDED) == "make_good"


@pytest.mark.requirement("003-14")
def test_v1_c_and_v2_by_hand_to_the_cent() -> None:
    told = Told(contacts=3, visits=1, worst_emotion=Emotion.DISAPPOINTED, desired_amount=cny("1000.00"))
    lines = cost_of_complaining(told, PARAMETERS)
    assert {line.name: line.of.value for line in lines} == {
        "direct": Decimal("15.00"),  # 3 contacts x 5
        "time": Decimal("100.00"),  # (1 h + 3 x 0.5 h) x 40
        "travel": Decimal("40.00"),  # 1 visit x 40
        "premium": Decimal("80.00"),
    }
    assert [line.how for line in lines][1] == "(1.00 h + 3 x 0.50 h) x 40.00"
    assert all(line.of.low <= line.of.value <= line.of.high for line in lines)
    exchange = worth_of((Remedy.EXCHANGE, Remedy.APOLOGY), None, Decimal(1000), TABLE)
    assert exchange == Worth(Decimal(1000), Decimal(50), Decimal(755))
    account = Account(Decimal(1000), "told", lines, exchange)
    assert (account.needed, account.shortfall) == (Decimal(1235), Decimal(185))
    stated = worth_of((Remedy.EXCHANGE, Remedy.APOLOGY), Decimal(1185), Decimal(1000), TABLE)
    assert (Account(Decimal(1000), "told", lines, stated).shortfall, stated.cost) == (
        Decimal(0),
        Decimal(940),
    )
    assert Account(None, None, lines, exchange).shortfall is None


@given(remedy_sets, remedy_sets, amounts, st.none() | amounts)
def test_more_remedies_are_never_worth_less(
    some: frozenset[Remedy], more: frozenset[Remedy], first: Decimal, stated: Decimal | None
) -> None:
    assert worth_of(some | more, stated, first, TABLE).total >= worth_of(some, stated, first, TABLE).total


@given(st.integers(0, 50), st.integers(0, 50), st.sampled_from([None, *Emotion]))
def test_every_further_contact_costs_the_customer_more(
    contacts: int, visits: int, mood: Emotion | None
) -> None:
    told = Told(contacts=contacts + 1, visits=visits, worst_emotion=mood)
    again = told.model_copy(update={"contacts": contacts + 2, "visits": visits + 1})
    assert total(cost_of_complaining(again, PARAMETERS)) > total(cost_of_complaining(told, PARAMETERS))
    calm = told.model_copy(update={"worst_emotion": None})
    assert total(cost_of_complaining(told, PARAMETERS)) >= total(cost_of_complaining(calm, PARAMETERS))


def test_what_was_told_is_the_newest_but_the_worst_mood() -> None:
    first = registered(derived_id("told")).model_copy(
        update={"emotion": Emotion.ANGRY, "estimated_loss": cny("5"), "channel": Channel.STORE}
    )
    told = NOTHING_TOLD.and_then(first)
    assert (told.contacts, told.visits, told.worst_emotion, told.first_value()) == (
        1,
        1,
        Emotion.ANGRY,
        cny("5"),
    )
    later = first.model_copy(
        update={
            "emotion": Emotion.CALM,
            "estimated_loss": None,
            "desired_amount": cny("9"),
            "channel": Channel.PHONE,
        }
    )
    told = told.and_then(later)
    assert (told.contacts, told.visits, told.worst_emotion, told.first_value()) == (
        2,
        1,
        Emotion.ANGRY,
        cny("9"),
    )
    claimed = Told(claimed_losses=(cny("3"), cny("4.50")))
    assert claimed.first_value() == cny("7.50")
    assert Told(claimed_losses=(cny("3"), Money(amount=Decimal(4), currency="EUR"))).first_value() is None
    largest = cny("999999999999.99")
    assert Told(claimed_losses=(largest, largest)).first_value() == largest
    assert NOTHING_TOLD.first_value() is None


@given(remedy_sets, amounts, remedy_sets, amounts)
@pytest.mark.requirement("003-09")
def test_a_permit_covers_just_what_is_within_it(
    may: frozenset[Remedy], most: Decimal, does: frozenset[Remedy], value: Decimal
) -> None:
    permitted = Terms(remedies=tuple(sorted(may)), value=Money(amount=most, currency="CNY"))
    done = Terms(remedies=tuple(sorted(does)), value=Money(amount=value, currency="CNY"))
    assert within(permitted, permitted, permitted.digest)
    assert within(done, permitted, permitted.digest) == (does <= may and value <= most)
    abroad = done.model_copy(update={"value": Money(amount=value, currency="EUR")})
    assert not within(abroad, permitted, permitted.digest) or value == 0
    assert not within(done.model_copy(update={"exact": {"gate": "x"}}), permitted, permitted.digest)


@pytest.mark.requirement("001-16", "001-36")
def test_drafts_blame_nobody_and_words_that_do_are_found() -> None:
    table = EXPLANATIONS.shipped
    assert occasion_of(Judgement(True, True, origin=Origin.USE)) is Occasion.SELF_CAUSED
    assert occasion_of(Judgement(False, True)) is Occasion.NO_REASON
    assert occasion_of(Judgement(True, False)) is Occasion.TOO_MUCH
    assert occasion_of(Judgement(True, True)) is Occasion.VALID
    for draft in table.drafts.values():
        assert table.blames(draft.en) == table.blames(draft.zh) == []
    assert table.blames("I am sorry, but it is YOUR  own\nfault.") == ["your own fault"]
    assert table.blames("这是您使用不当造成的。") == ["您使用不当"]
    content = table.model_dump()
    content["drafts"]["valid"] = {"en": "It was your fault.", "zh": "好。"}
    with pytest.raises(ValidationError, match="blames"):
        ExplanationTable.model_validate(content)


@pytest.mark.parametrize(
    ("table", "lacking"),
    [
        (ApprovalTable, {"permits": {}}),
        (RemedyTable, {"remedies": {}}),
        (ExplanationTable, {"drafts": {}}),
    ],
)
def test_a_table_that_says_too_little_is_refused(table: type, lacking: dict[str, object]) -> None:
    shipped = next(
        book.shipped.model_dump()
        for book in (APPROVALS, REMEDIES, EXPLANATIONS)
        if isinstance(book.shipped, table)
    )
    with pytest.raises(ValidationError, match="too"):
        table.model_validate(shipped | lacking)  # type: ignore[attr-defined]


def test_a_parameter_lies_in_its_interval_and_every_permit_has_a_rule() -> None:
    content = PARAMETERS.model_dump()
    content["wage_per_hour"]["value"] = Decimal(1)
    with pytest.raises(ValidationError, match="not between"):
        ValueTable.model_validate(content)
    assert APPROVALS.shipped.permits.keys() == set(Permit)
    solutions = [*TABLE.solutions, TABLE.solutions[0]]
    with pytest.raises(ValidationError, match="twice"):
        RemedyTable.model_validate(TABLE.model_dump() | {"solutions": [s.model_dump() for s in solutions]})


@pytest.mark.requirement("003-09")
def test_an_allowance_counts_each_currency_by_itself() -> None:
    everybody = AUTHORITY.shipped.everybody
    assert everybody.suffices(frozenset({Remedy.REFUND}), cny("1500"))
    assert not everybody.suffices(frozenset({Remedy.REFUND}), cny("1500.01"))
    assert not everybody.suffices(frozenset(), Money(amount=Decimal("0.01"), currency="JPY"))
    assert everybody.suffices(frozenset(Remedy), None)
