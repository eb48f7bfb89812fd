"""Rules for functions: their build, names, network, settings and privileges."""

import ast
import re
from collections.abc import Iterator

from rollcall.domain.jobs.schedule import JOBS
from rollcall.edge.runtime.settings import Settings

from tests.checkout import ROOT
from tests.template.document import Template, as_list, leaves, target
from workbench.stack.deployment import function_logical_id

# Policies that SAM attaches: for logs, for traces, and for the network interfaces in a VPC. AWS does not allow the last
# two to be narrowed to a resource.
MANAGED_POLICIES = {"AWSLambdaBasicExecutionRole", "AWSXrayWriteOnlyAccess", "AWSLambdaVPCAccessExecutionRole"}
# Variables that Lambda, the SDK or Powertools read or set.
SET_BY_RUNTIME = {
    "AWS_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_ENDPOINT_URL_SSM",
    "AWS_ENDPOINT_URL_DYNAMODB",
}  # fmt: skip
READ_BY_POWERTOOLS = {"POWERTOOLS_LOG_LEVEL"}
# Objects of one folder of one bucket, parameters below one path of this stack, connections of one API: the narrowest
# resources for names that do not exist yet.
FOLDERS = re.compile(
    r"^(\$\{\w+\.Arn\}/[a-z-]+|arn:.*:parameter/rollcall/\$\{AWS::StackName\}/[a-z-]+"
    r"|arn:.*:\$\{SocketApi\}/live/(POST|DELETE)/@connections)/\*$"
)
SECRET_NAME = re.compile(r"(PASSWORD|SECRET|TOKEN|CREDENTIALS|PRIVATE_KEY)$")


def handlers_agree(template: Template) -> Iterator[str]:
    """A function is built under the name by which it is imported, and has its handler."""
    for name, function in template.functions.items():
        package = function["Handler"].removesuffix(".app.handler")
        build = template.body["Resources"][name].get("Metadata", {}).get("BuildProperties", {})
        if build != {"ParentPackageMode": "explicit", "ParentPackages": package}:
            yield f"{name}: ParentPackages is not {package}."
        if function["CodeUri"] != package.replace(".", "/") + "/":
            yield f"{name}: CodeUri is not the folder of {package}."
        source = ROOT / function["CodeUri"] / "app.py"
        defined = ast.parse(source.read_text()).body if source.is_file() else []
        if "handler" not in {node.name for node in defined if isinstance(node, ast.FunctionDef)}:
            yield f"{name}: {function['CodeUri']}app.py has no handler."


def folders_are_services(template: Template) -> Iterator[str]:
    """Each folder of functions/ is deployed, and is the name of its service."""
    folders = {path.parent.name for path in (ROOT / "functions").glob("*/app.py")}
    services = {template.environment(function)["SERVICE"] for function in template.functions}
    for name in folders ^ services:
        yield f"{name} is not both a folder of functions/ and a SERVICE."


def names_agree(template: Template) -> Iterator[str]:
    """A function's folder, its job, logical id, service, log group and alarms have one name."""
    for name, function in template.functions.items():
        folder = function["CodeUri"].removeprefix("functions/").rstrip("/")
        group = f"/rollcall/${{AWS::StackName}}/{'jobs/' if folder in JOBS else ''}{folder}"
        base = function_logical_id(folder).removesuffix("Function")
        found = {
            "logical id": (name, f"{base}Function"),
            "service": (template.environment(name)["SERVICE"], folder),
            "log group": (target(function["LoggingConfig"]["LogGroup"]), f"{base}LogGroup"),
            "name of the log group": (template.properties(f"{base}LogGroup")["LogGroupName"]["Fn::Sub"], group),
        }
        for metric in ("Errors", "Throttles"):
            alarm = template.alarms.get(f"{base}{metric}Alarm")
            found[f"function of the alarm on {metric}"] = (alarm and target(alarm["Dimensions"][0]["Value"]), name)
            found[f"text of the alarm on {metric}"] = (f" {folder} function " in str(alarm), True)
        yield from (f"{folder}: its {what} is {has}." for what, (has, should) in found.items() if has != should)


def functions_log_apart(template: Template) -> Iterator[str]:
    """A function logs to a group of its own, which has a retention."""
    groups = template.of("AWS::Logs::LogGroup")
    used = [target(function.get("LoggingConfig", {}).get("LogGroup")) for function in template.functions.values()]
    for name, group in zip(template.functions, used, strict=True):
        if group not in groups or used.count(group) > 1:
            yield f"{name} has no log group of its own."
    for name, properties in groups.items():
        if "RetentionInDays" not in properties:
            yield f"{name} keeps its lines forever."


def privileges_are_least(template: Template) -> Iterator[str]:
    """A role allows named actions on named resources. Wildcards stand only for the contents of a folder."""
    for name, role in template.translated().of("AWS::IAM::Role").items():
        for arn in role.get("ManagedPolicyArns", []):
            if str(list(leaves(arn))[-1]).split("/")[-1] not in MANAGED_POLICIES:
                yield f"{name} has an unexpected managed policy."
        for statement in _allowances(role):
            granted = [*as_list(statement["Action"]), *leaves(statement["Resource"])]
            if any("*" in FOLDERS.sub("", str(part)) for part in granted):
                yield f"{name} is allowed something by wildcard."


def _allowances(role: dict[str, object]) -> Iterator[dict[str, object]]:
    for policy in as_list(role.get("Policies", [])):
        branches = policy["Fn::If"][1:] if "Fn::If" in policy else [policy]
        for branch in branches:
            yield from as_list(branch.get("PolicyDocument", {}).get("Statement", []))


def functions_with_a_database_are_in_the_vpc(template: Template) -> Iterator[str]:
    """A function is in the VPC if, and only if, it connects to the database."""
    for name, function in template.functions.items():
        if ("VpcConfig" in function) != ("DATABASE_HOST" in template.environment(name)):
            yield f"{name} is on the wrong side of the VPC."


def variables_are_settings(template: Template) -> Iterator[str]:
    """A variable is a setting that code reads, and a setting is a variable of some function."""
    settings = {field.upper() for field in Settings.model_fields}
    for name in template.variables - settings - READ_BY_POWERTOOLS:
        yield f"No setting is called {name}."
    for name in settings - template.variables - SET_BY_RUNTIME:
        yield f"No function is given {name}."


def variables_hold_no_secret(template: Template) -> Iterator[str]:
    """A variable names a secret, and never holds one."""
    for function in template.functions:
        for name, value in template.environment(function).items():
            if SECRET_NAME.search(name) or any("{{resolve:" in str(part) for part in leaves(value)):
                yield f"{function}: {name} holds a secret."


RULES = (
    handlers_agree,
    folders_are_services,
    names_agree,
    functions_log_apart,
    privileges_are_least,
    functions_with_a_database_are_in_the_vpc,
    variables_are_settings,
    variables_hold_no_secret,
)
