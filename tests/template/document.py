"""The template as data: its loops expanded, translated by SAM, and queried by its rules."""

import copy
import functools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from boto3 import Session
from ministack.services.cloudformation import language_extensions
from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from tests.checkout import ROOT

Resource = dict[str, Any]


@dataclass(frozen=True)
class Template:
    """A parsed template."""

    body: dict[str, Any]

    @classmethod
    @functools.cache
    def read(cls) -> "Template":
        """Read template.yaml once a run, with its loops expanded as CloudFormation expands them.

        A test that changes the template takes a `copy`.

        The emulator's expansion was measured on an account. SAM CLI's own also replaces references to parameters by
        their defaults, so rules could not see them.
        """
        return cls.expanded(as_written())

    @classmethod
    def expanded(cls, written: dict[str, Any]) -> "Template":
        """Expand the loops of a template that was parsed."""
        body = json.loads(json.dumps(written))
        if language_extensions.TRANSFORM in body["Transform"]:
            body = language_extensions.apply(body, {})
        return cls(filled_in(body))

    def copy(self) -> "Template":
        """Return a copy that can be changed."""
        return Template(copy.deepcopy(self.body))

    def of(self, kind: str) -> dict[str, Resource]:
        """Return the properties of all resources of a type, by name."""
        return {
            name: resource.get("Properties", {})
            for name, resource in self.body["Resources"].items()
            if resource["Type"] == kind
        }

    def properties(self, name: str) -> Resource:
        """Return one resource's properties."""
        properties: Resource = self.body["Resources"][name]["Properties"]
        return properties

    @property
    def functions(self) -> dict[str, Resource]:
        """The functions, with what all of them share."""
        shared = self.body["Globals"]["Function"]
        return {name: shared | own for name, own in self.of("AWS::Serverless::Function").items()}

    def environment(self, function: str) -> dict[str, Any]:
        """Return a function's environment variables."""
        shared = self.body["Globals"]["Function"]["Environment"]["Variables"]
        own = self.properties(function).get("Environment", {}).get("Variables", {})
        return {**shared, **own}

    @property
    def variables(self) -> set[str]:
        """The environment variables of all functions."""
        return {variable for function in self.functions for variable in self.environment(function)}

    @property
    def queues(self) -> dict[str, Resource]:
        """The queues."""
        return self.of("AWS::SQS::Queue")

    @property
    def dead_letter_queues(self) -> set[str]:
        """The queues that hold dead letters."""
        redrives = (queue.get("RedrivePolicy", {}).get("deadLetterTargetArn") for queue in self.queues.values())
        functions = (function.get("DeadLetterQueue", {}).get("TargetArn") for function in self.functions.values())
        return {target(arn) for arn in (*redrives, *functions) if arn}

    @property
    def alarms(self) -> dict[str, Resource]:
        """The alarms."""
        return self.of("AWS::CloudWatch::Alarm")

    @property
    def widgets(self) -> list[Resource]:
        """The properties of the dashboards' widgets, with a text for each variable."""
        bodies = [dashboard["DashboardBody"]["Fn::Sub"] for dashboard in self.of("AWS::CloudWatch::Dashboard").values()]
        # A number that stands alone is none yet: its parameter is.
        texts = [re.sub(r": (\$\{[\w:.]+\})", r': "\1"', body) for body in bodies]
        return [widget["properties"] for text in texts for widget in json.loads(text)["widgets"]]

    @property
    def socket_apis(self) -> set[str]:
        """The WebSocket APIs."""
        return {name for name, api in self.of("AWS::ApiGatewayV2::Api").items() if api["ProtocolType"] == "WEBSOCKET"}

    def alarm_on(self, metric: str, resource: str) -> Resource | None:
        """Return the alarm on a resource's metric."""
        for alarm in self.alarms.values():
            watched = {target(dimension["Value"]) for dimension in alarm["Dimensions"]}
            if alarm["MetricName"] == metric and resource in watched:
                return alarm
        return None

    def translated(self) -> "Template":
        """Return the plain CloudFormation that SAM translates the template to."""
        body = self.copy().body
        for resource in body["Resources"].values():
            for key in ("CodeUri", "ContentUri"):
                if key in resource.get("Properties", {}):
                    resource["Properties"][key] = "s3://bucket/key"
        body["Transform"] = "AWS::Serverless-2016-10-31"
        translator = Translator({}, Parser(), boto_session=Session(region_name="us-east-1"))
        return Template(translator.translate(body, {}))


def as_written() -> dict[str, Any]:
    """Return template.yaml as it is written, loops and all."""
    return parse((ROOT / "template.yaml").read_text())


def parse(text: str) -> dict[str, Any]:
    """Parse a template's text."""
    parsed: dict[str, Any] = yaml_parse(text)
    return parsed


def filled_in(value: Any) -> Any:
    """Return a part of a template in which each `Fn::Sub` has its own variables filled in, as loops leave them."""
    match value:
        case {"Fn::Sub": [text, variables]}:
            for name, own in variables.items():
                text = text.replace(f"${{{name}}}", f"${{{target(own)}}}" if isinstance(own, dict) else own)
            return {"Fn::Sub": text} if "${" in text else text
        case dict():
            return {key: filled_in(part) for key, part in value.items()}
        case list():
            return [filled_in(part) for part in value]
        case _:
            return value


def target(value: Any) -> str:
    """Return the resource or parameter that a Ref, GetAtt or Sub points to; of a text, the text."""
    match value:
        case {"Ref": name}:
            return str(name)
        case {"Fn::GetAtt": [name, *_]}:
            return str(name)
        case {"Fn::Sub": text}:
            found = re.search(r"\$\{(\w+)", text)
            return found[1] if found else str(text)
        case _:
            return str(value)


def leaves(value: Any) -> Iterator[Any]:
    """Yield every scalar below a value."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from leaves(part)
    else:
        yield value


def as_list(value: Any) -> list[Any]:
    """Return a list, also of a single value."""
    return value if isinstance(value, list) else [value]
