"""`-k` expressions: words joined by `and`, `or`, `not` and parentheses; a word matches if the id contains it."""

import re
from collections.abc import Callable

from perfkit.model.errors import UsageError

Matcher = Callable[[str], bool]

_TOKEN = re.compile(r"\s*([()]|[^\s()]+)")


def parse_keyword(text: str) -> Matcher:
    """The expression as a function of a benchmark's id, ignoring case. Raises UsageError where it does not parse."""
    tokens = _TOKEN.findall(text)
    matcher, rest = _either(tokens, text)
    if rest:
        raise _wrong(text, f"unexpected {rest[0]!r}")
    return matcher


def _either(tokens: list[str], text: str) -> tuple[Matcher, list[str]]:
    left, tokens = _both(tokens, text)
    while tokens and tokens[0] == "or":
        right, tokens = _both(tokens[1:], text)
        left = _or(left, right)
    return left, tokens


def _both(tokens: list[str], text: str) -> tuple[Matcher, list[str]]:
    left, tokens = _word(tokens, text)
    while tokens and tokens[0] == "and":
        right, tokens = _word(tokens[1:], text)
        left = _and(left, right)
    return left, tokens


def _word(tokens: list[str], text: str) -> tuple[Matcher, list[str]]:
    if not tokens or tokens[0] in {"and", "or", ")"}:
        raise _wrong(text, "a word is missing")
    head, rest = tokens[0], tokens[1:]
    if head == "not":
        inner, rest = _word(rest, text)
        return (lambda name: not inner(name)), rest
    if head == "(":
        inner, rest = _either(rest, text)
        if not rest or rest[0] != ")":
            raise _wrong(text, "a parenthesis is not closed")
        return inner, rest[1:]
    return (lambda name: head.lower() in name.lower()), rest


def _or(left: Matcher, right: Matcher) -> Matcher:
    return lambda name: left(name) or right(name)


def _and(left: Matcher, right: Matcher) -> Matcher:
    return lambda name: left(name) and right(name)


def _wrong(text: str, why: str) -> UsageError:
    return UsageError(f"-k {text!r}: {why}", hint="write words with and, or, not and parentheses: -k 'load and not 32'")
