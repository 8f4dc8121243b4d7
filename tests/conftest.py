"""What every test may ask for, and what holds for all of them."""

import os
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, settings

# The same examples at every run: a busy machine or a new seed must not decide whether a change may land.
settings.register_profile("steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """With PERFKIT_REQUIRE=all in the environment a skip is a failure: there everything must be there and be tried."""
    report = yield
    if report.skipped and os.environ.get("PERFKIT_REQUIRE") == "all":
        report.outcome = "failed"
        report.longrepr = f"PERFKIT_REQUIRE=all, but {item.nodeid} was skipped: {report.longrepr}"
    return report


@pytest.fixture(scope="session", autouse=True)
def unknown_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What the user's own doctor knows of this machine changes no answer of a test, nor does another run."""
    with pytest.MonkeyPatch.context() as patch:
        state = tmp_path_factory.mktemp("state")
        patch.setenv("XDG_STATE_HOME", str(state))
        patch.setenv("PERFKIT_LOCK", str(state / "lock"))
        yield


@pytest.fixture
def require() -> Callable[[object, str], None]:
    """`require(condition, what_to_install)` skips where the machine lacks something, and says what to install."""

    def check(condition: object, what_to_install: str) -> None:
        if not condition:
            pytest.skip(what_to_install)

    return check
