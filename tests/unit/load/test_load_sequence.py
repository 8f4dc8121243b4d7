import pytest

from perfkit.probes._load.sequence import Account, Numbering


def account(numbers, bits=64) -> Account:
    numbering = Numbering(bits)
    for number in numbers:
        numbering.follow(number)
    return numbering.account


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([], Account()),
        ([7], Account()),
        ([5, 6, 7], Account()),
        ([5, 8, 9], Account(lost=2)),
        ([5, 8, 9, 12], Account(lost=4)),
        ([5, 5, 6], Account(repeated=1)),
        ([50, 51, 0, 1, 2], Account(restarts=1)),
        ([50, 53, 0, 2], Account(lost=3, restarts=1)),
        ([2**64 - 1, 0, 2], Account(lost=1)),
    ],
)
def test_gaps_repeats_and_restarts(numbers, expected):
    assert account(numbers) == expected


def test_numbers_wrap_at_the_size_of_their_format():
    assert account([65_534, 65_535, 0, 1], bits=16) == Account()
    assert account([65_534, 1], bits=16) == Account(lost=2)
    assert account([254, 255, 3], bits=8) == Account(lost=3)


def test_a_signed_number_counts_on_through_its_sign():
    assert account([-2, -1, 0, 2], bits=32) == Account(lost=1)


def test_a_beginning_counts_nothing():
    numbering = Numbering()
    numbering.begin(5)
    numbering.begin(9)
    numbering.follow(11)
    assert numbering.account == Account(lost=1)


def test_accounts_of_several_streams_add_up():
    assert sum([Account(1, 2, 3), Account(10, 20, 30)], Account()) == Account(11, 22, 33)
