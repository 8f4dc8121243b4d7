"""What the environment asks of perfkit itself."""

import os


def skips_fail() -> bool:
    """Whether a skipped measurement is a failure: PERFKIT_REQUIRE=all, as CI sets it."""
    return os.environ.get("PERFKIT_REQUIRE") == "all"
