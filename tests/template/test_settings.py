"""The settings in the template equal the defaults of the code, and the pages list them."""

import re
import tomllib
from functools import cache

import pytest
from rollcall.edge.runtime.settings import Settings

from tests.checkout import ROOT
from tests.template.document import Template
from tests.template.rules.functions import READ_BY_POWERTOOLS


@cache
def template() -> Template:
    return Template.read()


def tunable() -> dict[str, str]:
    """Return the parameter of each variable whose value is that parameter alone."""
    return {
        variable: value["Ref"]
        for function in template().functions
        for variable, value in template().environment(function).items()
        if isinstance(value, dict) and value.get("Ref") in template().body["Parameters"]
        if variable in {field.upper() for field in Settings.model_fields}
    }


# Settings that a deployment must set otherwise than the code.
OWN_DEFAULTS = {"ENVIRONMENT", "JWT_ISSUER", "JWT_AUDIENCE"}


@pytest.mark.parametrize("variable", sorted(tunable().keys() - OWN_DEFAULTS))
def test_a_parameter_has_the_default_of_its_setting(variable: str) -> None:
    """The template's defaults equal the defaults of the code."""
    default = str(template().body["Parameters"][tunable()[variable]]["Default"])

    assert Settings.read({variable: default}) == Settings()


def test_every_parameter_is_described_and_grouped() -> None:
    """`sam deploy --guided` and the console show each parameter once, with a description."""
    parameters = template().body["Parameters"]
    groups = template().body["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    grouped = [name for group in groups for name in group["Parameters"]]

    assert sorted(grouped) == sorted(parameters)
    assert [name for name, parameter in parameters.items() if not parameter.get("Description")] == []


def test_every_parameter_can_be_left_alone() -> None:
    """No parameter lacks a default, so that a deployment names only what it changes."""
    assert [name for name, given in template().body["Parameters"].items() if "Default" not in given] == []


def documented(page: str) -> set[str]:
    """Return the names that begin the rows of a page's tables."""
    return set(re.findall(r"^\| `(\w+)` \|", (ROOT / page).read_text(), re.MULTILINE))


def test_the_configuration_page_lists_every_setting() -> None:
    """docs/reference/configuration.md has a row for each setting, and no row for anything else."""
    settings = {field.upper() for field in Settings.model_fields}

    assert documented("docs/reference/configuration.md") == settings | READ_BY_POWERTOOLS


def test_the_deployment_page_lists_every_parameter() -> None:
    """docs/how-to/deploy.md has a row for each parameter, and no row for anything else."""
    assert documented("docs/how-to/deploy.md") == set(template().body["Parameters"])


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_samconfig_overrides_parameters_that_exist(environment: str) -> None:
    """What samconfig.toml sets for an environment is a parameter, with a value that it allows."""
    config = tomllib.loads((ROOT / "samconfig.toml").read_text())[environment]
    build, deploy = config["build"]["parameters"], config["deploy"]["parameters"]
    overrides = [*build["parameter_overrides"], *deploy["parameter_overrides"]]

    for name, _, value in (override.partition("=") for override in overrides):
        allowed = template().body["Parameters"][name].get("AllowedValues")
        assert allowed is None or value in map(str, allowed), name
    assert deploy["confirm_changeset"] == (environment == "prod")


@pytest.mark.parametrize("function", ["ProgressFunction", "SocketFunction", "HealthMonitorFunction", "HealthFunction"])
def test_functions_that_advise_clients_know_the_size_of_a_batch(function: str) -> None:
    """Advice beyond that size would make clients send batches that are refused."""
    assert template().environment(function)["PROGRESS_BATCH_MAX_SIZE"] == {"Ref": "ProgressBatchMaxSize"}
