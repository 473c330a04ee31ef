"""The money behind complaints: the texts' own numbers, by hand to the cent."""

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.insights.economics.book import ECONOMICS, Assumptions
from services.insights.economics.draws import Draws
from services.insights.economics.measured import worth
from services.insights.economics.model import Counts, draws_of, money, prevention, rates_of
from services.insights.losses import Band, band_of
from shared.events.vocabulary import Money

SHIPPED = ECONOMICS.shipped
MAJOR, MINOR, MIDDLE = (rates_of(SHIPPED, band) for band in (Band.MAJOR, Band.MINOR, Band.MIDDLE))


@pytest.mark.requirement("000-04", "000-05", "000-06", "000-16", "000-17")
@pytest.mark.parametrize(
    ("name", "found", "said"),
    [
        ("a small loss, satisfied", MINOR.satisfied, "0.7"),
        ("a small loss, silent", MINOR.silent, "0.368"),
        ("a large loss, satisfied", MAJOR.satisfied, "0.543"),
        ("a large loss, silent", MAJOR.silent, "0.095"),
        ("silent customers behind each complaint", MAJOR.silent_per_complaint, "25"),
        ("people told by a satisfied customer", MAJOR.told_by_satisfied, "3.5"),
        ("people told by a dissatisfied one", MAJOR.told_by_dissatisfied, "25"),
        ("cost of a new customer", MAJOR.acquisition_cost, "10000"),
        ("orders of a loyal customer", SHIPPED.orders_in_a_life.value, "10"),
    ],
)
def test_the_numbers_of_the_texts_are_the_starting_values(name: str, found: Decimal, said: str) -> None:
    assert found == Decimal(said), name


def test_each_assumption_has_a_source_in_both_languages_and_an_interval() -> None:
    def parameters(of: Any) -> list[dict[str, Any]]:
        if isinstance(of, dict):
            return [of] if "source_en" in of else [p for each in of.values() for p in parameters(each)]
        return []

    found = parameters(SHIPPED.model_dump())
    assert len(found) == 20, "those of 000-16 four times two, and twelve more"
    assert all(each["source_en"] and each["source_zh"] and each["low"] < each["high"] for each in found)


@pytest.mark.requirement("N-F", "000-16", "000-17", "000-21")
def test_worked_by_hand() -> None:
    """1,000 complaints about large losses, 100 of them satisfied; an order of 2,000, ten in a life, 30 % margin."""
    found = money(Counts(1000, 100, slow=50), MAJOR)
    # 900 x (.9 - .19) + 100 x (.9 - .543) + 25,000 x (.9 - .095)
    assert found.customers_at_risk == Decimal("639") + Decimal("35.7") + Decimal("20125")
    assert found.market_at_risk == Decimal("20799.7") * 6000
    assert found.recovered == Decimal("268800"), "ten more in a hundred satisfied: 100 x .448 x 6,000"
    assert found.recoverable == 900 * Decimal("0.353") * 6000
    assert found.speed == 50 * Decimal("0.28") * 6000
    assert found.voice == 250 * Decimal("0.448") * 6000 * Decimal("0.1")
    assert found.word_of_mouth == (Decimal("3.5") - 900 * 25 * Decimal("0.01")) * 6000
    assert found.replacement == Decimal("20799.7") * 10000
    assert found.handling == 150_000


@pytest.mark.requirement("000-16")
@pytest.mark.parametrize(
    ("amount", "currency", "band"),
    [
        ("1", "USD", "minor"),
        ("5", "USD", "minor"),
        ("36", "CNY", "minor"),
        ("36.01", "CNY", "middle"),
        ("99.99", "USD", "middle"),
        ("100", "USD", "major"),
        ("92.31", "EUR", "major"),
        ("1", "XXX", None),
    ],
)
def test_the_band_follows_from_the_loss(amount: str, currency: str, band: str | None) -> None:
    assert band_of(Money(amount=Decimal(amount), currency=currency)) == band
    assert band_of(None) is None


def test_between_the_bands_the_shares_lie_half_way() -> None:
    assert MIDDLE.satisfied == (Decimal("0.7") + Decimal("0.543")) / 2
    assert MIDDLE.silent == (Decimal("0.368") + Decimal("0.095")) / 2


@pytest.mark.requirement("N-F")
def test_the_interval_is_wide_where_the_sources_differ_and_the_same_at_every_asking() -> None:
    groups = {"": {Band.MAJOR: Counts(1000, 100)}}
    first, again = worth(groups, SHIPPED)[""].figures(), worth(groups, SHIPPED)[""].figures()
    assert first == again
    risk = first["market_at_risk"]
    assert risk.low < risk.value < risk.high
    assert risk.high / risk.low > 20, "25 silent customers, or a third of one"
    handling = first["handling"]
    assert handling.low < handling.value < handling.high
    assert handling.high / handling.low < 10


@given(
    low=st.decimals("0.01", "0.3", places=2),
    value=st.decimals("0.31", "0.5", places=2),
    high=st.decimals("0.51", "0.99", places=2),
)
def test_half_of_the_draws_lie_below_the_value_and_all_within(
    low: Decimal, value: Decimal, high: Decimal
) -> None:
    parameter = SHIPPED.margin.model_copy(update={"low": low, "value": value, "high": high})
    drawn = Draws().of("margin", parameter)
    assert drawn.min() >= float(low)
    assert drawn.max() <= float(high)
    assert abs(np.mean(drawn < float(value)) - 0.5) < 0.002


def test_two_parameters_are_drawn_apart_and_one_is_the_same_everywhere() -> None:
    draws = Draws()
    minor, major = draws_of(SHIPPED, Band.MINOR, draws), draws_of(SHIPPED, Band.MAJOR, draws)
    assert np.array_equal(minor.silent_per_complaint, major.silent_per_complaint)
    assert abs(np.corrcoef(major.satisfied, major.silent)[0, 1]) < 0.05


@given(complaints=st.integers(0, 10**6), share=st.floats(0, 1), slow=st.floats(0, 1))
def test_more_satisfied_customers_are_never_worth_less(complaints: int, share: float, slow: float) -> None:
    satisfied = int(complaints * share)
    counts = Counts(complaints, satisfied, int(complaints * slow))
    found = money(counts, MAJOR)
    assert found.customers_at_risk >= 0
    assert found.recovered >= 0
    if satisfied < complaints:
        better = money(Counts(complaints, satisfied + 1, counts.slow), MAJOR)
        assert better.market_at_risk < found.market_at_risk
        assert better.recovered > found.recovered


def test_nothing_closed_is_worth_nothing() -> None:
    found = money(Counts(0, 0), MAJOR)
    assert set(vars(found).values()) == {Decimal(0)}


def test_the_highest_numbers_that_may_be_assumed_are_worked_out_to_the_cent() -> None:
    most = {"value": "9999999999", "low": "0", "high": "9999999999", "source_en": "Us", "source_zh": "我们"}
    names = ("silent_per_complaint", "average_order", "orders_in_a_life")
    assumed = Assumptions.model_validate(SHIPPED.model_dump() | dict.fromkeys(names, most))
    found = worth({"": {Band.MAJOR: Counts(10**6, 0)}}, assumed)[""].figures()["market_at_risk"]
    assert found.value > Decimal(10) ** 34
    assert found.value.as_tuple().exponent == -2


@pytest.mark.requirement("N-F", "000-08")
def test_a_fix_returns_what_it_prevents() -> None:
    cause = money(Counts(100, 50), MAJOR)
    returned = prevention(cause, Decimal("0.7"), Decimal(2), Decimal(80_000))
    assert returned == (cause.market_at_risk + cause.handling) * Decimal("1.4") / 80_000


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"repurchase": {"minor": SHIPPED.repurchase[Band.MINOR]}}, "give minor and major"),
        ({"margin": {"value": "1.5", "low": "1", "high": "2", "source_en": "x", "source_zh": "x"}}, "share"),
        (
            {"margin": {"value": "0.5", "low": "0.6", "high": "0.7", "source_en": "x", "source_zh": "x"}},
            "between",
        ),
    ],
)
def test_assumptions_that_cannot_be_are_refused(change: dict[str, Any], words: str) -> None:
    said = SHIPPED.model_dump(mode="json") | change
    with pytest.raises(ValidationError, match=words):
        Assumptions.model_validate(said)
