"""The loops of template.yaml make each resource that their tables name, on AWS and in SAM CLI alike."""

from typing import Any

import pytest
from samcli.lib.cfn_language_extensions.sam_integration import expand_language_extensions

from tests.template.document import Template, as_written

# Quotas of CloudFormation, on the template that loops make.
RESOURCES_MAX = 500
BYTES_MAX = 1_000_000
# Tables that no one loop reads row by row: a nested loop's own words, and services of two loops.
SHARED_TABLES = {"FunctionAlarms", "Endpoints"}


def loops() -> dict[str, list[Any]]:
    """Return the outer loops by name: identifier, collection, fragment."""
    found = {key: value for key, value in as_written()["Resources"].items() if key.startswith("Fn::ForEach::")}
    return {key.removeprefix("Fn::ForEach::"): value for key, value in found.items()}


def test_sam_cli_makes_the_same_resources() -> None:
    """SAM CLI builds and lints what CloudFormation will make: the same logical ids, of the same types."""
    expanded = expand_language_extensions(as_written(), enabled=True).expanded_template["Resources"]
    resources = Template.read().body["Resources"]

    assert {name: resource["Type"] for name, resource in expanded.items()} == {
        name: resource["Type"] for name, resource in resources.items()
    }


@pytest.mark.parametrize("table", sorted(as_written()["Mappings"].keys() - SHARED_TABLES))
def test_a_loop_covers_its_table(table: str) -> None:
    """A row that no loop reads would be a route or an alarm that is written and never made."""
    _, collection, _ = loops()[table]

    assert sorted(collection) == sorted(as_written()["Mappings"][table])


def test_the_expanded_template_is_within_quotas() -> None:
    """CloudFormation counts what the loops make, and takes 500 resources."""
    written = as_written()

    assert written["Transform"] == ["AWS::LanguageExtensions", "AWS::Serverless-2016-10-31"]
    assert len(Template.read().translated().body["Resources"]) <= RESOURCES_MAX
    assert len(str(Template.read().translated().body).encode()) <= BYTES_MAX
