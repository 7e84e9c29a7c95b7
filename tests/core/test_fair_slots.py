"""Slots that no single owner can exhaust."""

from collections import Counter
from contextlib import ExitStack, suppress

import pytest

from webapp.core.fair_slots import FairSlots, NoSlotFree

CAPACITY = 39


def held_by(slots, stack, owners):
    """Who got how many, when each asks for one after the other, again and again."""
    found = Counter()
    for _ in range(slots.capacity):
        for owner in owners:
            with suppress(NoSlotFree):
                stack.enter_context(slots.hold(owner))
                found[owner] += 1
    return found


@pytest.mark.parametrize(
    ("owners", "share"), [(1, 20), (2, 13), (3, 10), (12, 3), (38, 1)], ids=lambda number: str(number)
)
def test_greedy_owners_get_equal_shares_and_leave_slots_for_a_new_one(owners, share):
    slots = FairSlots(CAPACITY)
    with ExitStack() as stack:
        found = held_by(slots, stack, [f"network {number}" for number in range(owners)])
        assert max(found.values()) <= share
        assert max(found.values()) - min(found.values()) <= 1
        stack.enter_context(slots.hold("somebody new"))


@pytest.mark.parametrize("owners", [40, 80])
def test_no_more_slots_are_held_than_exist(owners):
    slots = FairSlots(CAPACITY)
    with ExitStack() as stack:
        assert held_by(slots, stack, [str(number) for number in range(owners)]).total() == CAPACITY
        with pytest.raises(NoSlotFree):
            stack.enter_context(slots.hold(None))


@pytest.mark.parametrize(("capacity", "share"), [(1, 1), (2, 1), (3, 2), (4, 2)])
def test_a_small_number_of_slots_is_shared_too(capacity, share):
    with ExitStack() as stack:
        assert held_by(FairSlots(capacity), stack, ["one"])["one"] == share


def test_a_caller_without_a_network_can_take_any_free_slot():
    slots = FairSlots(3)
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(slots.hold(None))
        with pytest.raises(NoSlotFree):
            stack.enter_context(slots.hold(None))


def test_a_slot_is_released_after_an_exception_and_no_owner_is_kept():
    slots = FairSlots(1)
    for number in range(100):
        with suppress(ZeroDivisionError), slots.hold(f"owner {number}"):
            raise ZeroDivisionError
    assert not slots._slots_of
    with slots.hold("another"):
        pass
