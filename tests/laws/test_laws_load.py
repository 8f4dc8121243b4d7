import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from perfkit.probes._load.schedule import fixed_times, poisson_times, ramp_times, requests_in
from perfkit.probes._load.sequence import Account, Numbering


def account(numbers, bits=64) -> Account:
    numbering = Numbering(bits)
    for number in numbers:
        numbering.follow(number)
    return numbering.account


@given(
    st.integers(0, 2**64 - 1),
    st.integers(3, 200),
    st.data(),
)
def test_every_number_missing_between_first_and_last_is_lost_once(first, count, data):
    missing = data.draw(st.sets(st.integers(1, count - 2)))
    numbers = [(first + step) % 2**64 for step in range(count) if step not in missing]
    assert account(numbers) == Account(lost=len(missing))


@given(st.lists(st.integers(0, 2**32 - 1), min_size=2, max_size=50), st.integers(1, 49))
def test_a_stream_counted_in_two_parts_that_share_a_message_counts_the_same(numbers, cut):
    cut = min(cut, len(numbers) - 1)
    assert account(numbers[: cut + 1], 32) + account(numbers[cut:], 32) == account(numbers, 32)


@given(
    st.sampled_from(["fixed", "poisson"]),
    st.floats(0.5, 2000.0),
    st.floats(0.05, 5.0),
    st.integers(0, 2**32),
)
def test_arrivals_are_in_order_within_the_window_and_of_a_known_count(law, rate, duration, seed):
    due = (
        poisson_times(rate, duration, np.random.default_rng(seed)) if law == "poisson" else fixed_times(rate, duration)
    )
    assert due.size == requests_in(rate, duration)
    assert np.all(np.diff(due) >= 0)
    assert due[0] >= 0
    assert due[-1] < duration


@given(st.floats(0.5, 2000.0), st.floats(0.5, 2000.0), st.floats(0.05, 5.0))
def test_a_ramp_stays_in_order_within_its_window(first, last, duration):
    due = ramp_times(first, last, duration)
    assert due.size == requests_in((first + last) / 2, duration)
    assert np.all(np.diff(due) > 0)
    assert due[0] == 0
    assert due[-1] < duration
