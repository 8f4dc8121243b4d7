"""What every test may ask for."""

import os
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings

# The same examples at every run: a busy machine or a new seed must not decide whether a change may land.
settings.register_profile("steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")


@pytest.fixture
def require() -> Callable[[object, str], None]:
    """`require(condition, what_to_install)` skips where the machine lacks something, and says what to install.

    With PERFKIT_REQUIRE=all in the environment such a skip is a failure: there everything must be installed.
    """

    def check(condition: object, what_to_install: str) -> None:
        if condition:
            return
        if os.environ.get("PERFKIT_REQUIRE") == "all":
            pytest.fail(f"PERFKIT_REQUIRE=all, but this machine lacks what the test needs: {what_to_install}")
        pytest.skip(what_to_install)

    return check
