"""Settings: read from the environment, checked, and named in errors."""

import pytest
from rollcall.edge.runtime.settings import Settings
from rollcall.errors import ConfigurationInvalid


def test_defaults_are_those_of_the_documentation() -> None:
    """Nothing set: the documented limits."""
    settings = Settings.read({})
    assert settings.progress_batch_max_size == 100
    assert settings.progress_batch_max_bytes == 262_144
    assert settings.progress_rate_per_second == 5
    assert settings.retention.days == 30


def test_variables_bear_the_upper_case_names() -> None:
    """Lists are separated by commas; an empty variable counts as absent."""
    settings = Settings.read(
        {"PROGRESS_BATCH_MAX_SIZE": "7", "PROGRESS_ATTRIBUTE_KEYS": "a, b,", "JWT_ISSUER": "", "TRACE_DETAIL": "true"}
    )
    assert settings.progress_batch_max_size == 7
    assert settings.progress_attribute_keys == {"a", "b"}
    assert settings.jwt_issuer == ""
    assert settings.trace_detail


@pytest.mark.parametrize("value", ["0", "-1", "many", "1001"])
def test_a_wrong_setting_is_named_and_not_quoted(value: str) -> None:
    """The error says which variable to look at."""
    with pytest.raises(ConfigurationInvalid, match="PROGRESS_BATCH_MAX_SIZE") as raised:
        Settings.read({"PROGRESS_BATCH_MAX_SIZE": value})
    assert value not in str(raised.value)


def test_a_missing_setting_is_named_when_it_is_needed() -> None:
    """The error names the variable that the function needs."""
    with pytest.raises(ConfigurationInvalid, match="DATABASE_HOST"):
        Settings.read({}).need("database_host")
