"""The template's own rules. Each returns what breaks it, in words; nothing when all is well."""

import ast
import re
from collections.abc import Callable, Iterator

from rollcall.domain.jobs.schedule import JOBS
from rollcall.edge.runtime.settings import Settings

from tests.checkout import ROOT
from tests.template.document import Template, as_list, leaves, target
from workbench import openapi
from workbench.stack.deployment import function_logical_id

Rule = Callable[[Template], Iterator[str]]

VISIBILITY_PER_TIMEOUT = 6
RECEIVES_MIN = 5
PUBLIC_ACCESS_BLOCKS = 4
# Routes without an authorizer: their functions check a write key, or anyone may call them.
OPEN_ROUTES = {route.key for route in openapi.declared() if route.access in {"open", "write_key"}}
# The answer is longer with a token: API Gateway asks the authorizer with or without one.
HALF_OPEN_ROUTES = {route.key for route in openapi.declared() if route.access == "optional_token"}
# What SAM attaches: to write logs, to write traces, and the network interfaces that a VPC takes. AWS lets the last
# two not be narrowed to a resource.
MANAGED_POLICIES = {"AWSLambdaBasicExecutionRole", "AWSXrayWriteOnlyAccess", "AWSLambdaVPCAccessExecutionRole"}
# Variables that are Lambda's, the SDK's or Powertools' to read or to set.
SET_BY_RUNTIME = {
    "AWS_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_ENDPOINT_URL_SSM",
    "AWS_ENDPOINT_URL_DYNAMODB",
}  # fmt: skip
READ_BY_POWERTOOLS = {"POWERTOOLS_LOG_LEVEL"}
# The objects of one folder of one bucket, the parameters below one path of this stack, what may be done to connections
# of one API: as narrow as AWS can say it of names that are yet to be made.
FOLDERS = re.compile(
    r"^(\$\{\w+\.Arn\}/[a-z-]+|arn:.*:parameter/rollcall/\$\{AWS::StackName\}/[a-z-]+"
    r"|arn:.*:\$\{SocketApi\}/live/(POST|DELETE)/@connections)/\*$"
)
# It measures health, also while the database that remembers runs is away. The watchdog's runs are a job's.
NO_JOBS = {"health_monitor"}
# Whom an alarm goes to: who looks today, and who looks now.
TOPICS = ("WarnTopic", "PageTopic")
SECRET_NAME = re.compile(r"(PASSWORD|SECRET|TOKEN|CREDENTIALS|PRIVATE_KEY)$")
LOGGED = {
    "requestId", "routeKey", "status", "responseLatency", "integrationLatency", "integrationStatus",
    "error.responseType",
}  # fmt: skip


def visibility_covers_consumer(template: Template) -> Iterator[str]:
    """A queue hides a message for six times as long as its consumer may take."""
    for name, mapping in template.of("AWS::Lambda::EventSourceMapping").items():
        queue, function = target(mapping["EventSourceArn"]), target(mapping["FunctionName"])
        least = VISIBILITY_PER_TIMEOUT * template.functions[function]["Timeout"]
        if template.queues[queue].get("VisibilityTimeout", 30) < least:
            yield f"{name}: {queue} hides messages for less than {least} s."


def failures_become_dead_letters(template: Template) -> Iterator[str]:
    """A queue keeps a message for longer than five receives take: what always fails is not forgotten before."""
    for name in template.queues.keys() - template.dead_letter_queues:
        queue = template.queues[name]
        if queue["MessageRetentionPeriod"] <= RECEIVES_MIN * queue.get("VisibilityTimeout", 30):
            yield f"{name} forgets what fails."


def failures_are_partial(template: Template) -> Iterator[str]:
    """A consumer answers with the messages that failed; the rest of their batch is done."""
    for name, mapping in template.of("AWS::Lambda::EventSourceMapping").items():
        if mapping.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield f"{name} lacks ReportBatchItemFailures."


def consumers_are_mappings(template: Template) -> Iterator[str]:
    """Queues are consumed through mappings, since SAM's SQS events let a function receive from every queue."""
    for name, function in template.functions.items():
        for event in function.get("Events", {}).values():
            if event["Type"] == "SQS":
                yield f"{name} has an SQS event."


def queues_have_dead_letters(template: Template) -> Iterator[str]:
    """A queue hands what it gives up to another that keeps it for longer, after five receives or more."""
    for name in template.queues.keys() - template.dead_letter_queues:
        queue = template.queues[name]
        redrive = queue.get("RedrivePolicy")
        if redrive is None:
            yield f"{name} has no dead-letter queue."
            continue
        if redrive["maxReceiveCount"] < RECEIVES_MIN:
            yield f"{name} gives up after {redrive['maxReceiveCount']} receives."
        letters = template.queues[target(redrive["deadLetterTargetArn"])]
        if letters["MessageRetentionPeriod"] <= queue["MessageRetentionPeriod"]:
            yield f"Dead letters of {name} are not kept for longer than its messages."


def queues_take_whole_batches(template: Template) -> Iterator[str]:
    """A queue of batches takes one of the greatest size that may be configured, whatever SQS takes unasked."""
    least = template.body["Parameters"]["ProgressBatchMaxBytes"]["MaxValue"]
    for name in template.queues.keys() - {"ScheduleDeadLetterQueue"}:
        if template.queues[name].get("MaximumMessageSize", 0) <= least:
            yield f"{name} may refuse a batch."


def queues_are_watched(template: Template) -> Iterator[str]:
    """A dead letter raises an alarm, and so does a message that waits for long."""
    for name in template.queues:
        dead = name in template.dead_letter_queues
        metric = "ApproximateNumberOfMessagesVisible" if dead else "ApproximateAgeOfOldestMessage"
        alarm = template.alarm_on(metric, name)
        if alarm is None:
            yield f"{name} has no alarm on {metric}."
        elif dead and alarm["Threshold"] != 0:
            yield f"{name} has an alarm that overlooks the first dead letter."


def queues_are_sealed(template: Template) -> Iterator[str]:
    """A queue is encrypted, and refuses what does not come by TLS."""
    sealed = {
        target(statement["Resource"])
        for policy in template.of("AWS::SQS::QueuePolicy").values()
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny"
        and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        and target(policy["Queues"][0]) == target(statement["Resource"])
    }
    for name, queue in template.queues.items():
        if queue.get("SqsManagedSseEnabled") is not True:
            yield f"{name} is not encrypted."
        if name not in sealed:
            yield f"{name} takes messages without TLS."


def handlers_agree(template: Template) -> Iterator[str]:
    """A function is built under the very name by which it is imported, and has its handler."""
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


def functions_are_described_by_folders(template: Template) -> Iterator[str]:
    """A folder of functions/ is deployed, and named as its service."""
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
    """A function logs to a group of its own, which forgets."""
    groups = template.of("AWS::Logs::LogGroup")
    used = [target(function.get("LoggingConfig", {}).get("LogGroup")) for function in template.functions.values()]
    for name, group in zip(template.functions, used, strict=True):
        if group not in groups or used.count(group) > 1:
            yield f"{name} has no log group of its own."
    for name, properties in groups.items():
        if "RetentionInDays" not in properties:
            yield f"{name} keeps its lines for ever."


def functions_are_watched(template: Template) -> Iterator[str]:
    """A function that fails or is throttled raises an alarm."""
    for name in template.functions:
        for metric in ("Errors", "Throttles"):
            if template.alarm_on(metric, name) is None:
                yield f"{name} has no alarm on {metric}."


def alarms_are_heard(template: Template) -> Iterator[str]:
    """An alarm warns or pages, and whoever heard of it hears of its end."""
    for name, alarm in template.alarms.items():
        heard = [[target(action) for action in alarm.get(actions, [])] for actions in ("AlarmActions", "OKActions")]
        if heard[0] != heard[1] or heard[0] not in [[topic] for topic in TOPICS]:
            yield f"{name} goes to {heard}."
        if "TreatMissingData" not in alarm:
            yield f"{name} does not say what silence means."


def alarms_name_their_page(template: Template) -> Iterator[str]:
    """Who is woken by an alarm reads in it which page says what to do; of a function's errors that is one for all."""
    for name, alarm in template.alarms.items():
        page = re.search(r"docs/[a-z/-]+\.md", alarm.get("AlarmDescription", ""))
        if alarm["MetricName"] not in {"Errors", "Throttles"} and not (page and (ROOT / page[0]).is_file()):
            yield f"{name} names no page that is there."


def schedules_fail_loudly(template: Template) -> Iterator[str]:
    """A scheduled run is tried again, and when it fails for good it is a dead letter, wherever it failed."""
    for name, function in template.functions.items():
        events = [event["Properties"] for event in function.get("Events", {}).values() if event["Type"] == "ScheduleV2"]
        if events and "DeadLetterQueue" not in function:
            yield f"{name} loses runs that fail in it."
        for event in events:
            if "RetryPolicy" not in event or "DeadLetterConfig" not in event:
                yield f"{name} loses runs that do not reach it."


def schedules_are_those_of_jobs(template: Template) -> Iterator[str]:
    """A schedule runs a job that is known, as often as it says, and names the moment that it is for."""
    scheduled = {}
    for function in template.functions.values():
        for event in function.get("Events", {}).values():
            if event["Type"] == "ScheduleV2":
                folder = function["CodeUri"].removeprefix("functions/").rstrip("/")
                if folder in NO_JOBS:
                    continue
                scheduled[folder] = event["Properties"]["ScheduleExpression"]
                if "<aws.scheduler.scheduled-time>" not in event["Properties"].get("Input", ""):
                    yield f"{folder}: a run that is tried again would count as another."
    for folder, expression in scheduled.items() ^ {job.name: job.schedule for job in JOBS.values()}.items():
        yield f"{folder}: {expression} is not both a job of domain.jobs.schedule and a schedule."


def privileges_are_least(template: Template) -> Iterator[str]:
    """A role is allowed named actions on named resources, and nothing by wildcard but what lies in a folder."""
    for name, role in template.translated().of("AWS::IAM::Role").items():
        for arn in role.get("ManagedPolicyArns", []):
            if str(list(leaves(arn))[-1]).split("/")[-1] not in MANAGED_POLICIES:
                yield f"{name} has a managed policy that nobody justified."
        for statement in _allowances(role):
            granted = [*as_list(statement["Action"]), *leaves(statement["Resource"])]
            if any("*" in FOLDERS.sub("", str(part)) for part in granted):
                yield f"{name} is allowed something by wildcard."


def _allowances(role: dict[str, object]) -> Iterator[dict[str, object]]:
    for policy in as_list(role.get("Policies", [])):
        branches = policy["Fn::If"][1:] if "Fn::If" in policy else [policy]
        for branch in branches:
            yield from as_list(branch.get("PolicyDocument", {}).get("Statement", []))


def routes_are_authorised(template: Template) -> Iterator[str]:
    """A route asks for a token, unless it is one of the few that are open; a socket shows its ticket as it connects."""
    sockets = template.socket_apis
    for name, route in template.of("AWS::ApiGatewayV2::Route").items():
        authorizer = target(route.get("AuthorizerId")) if route.get("AuthorizationType") == "CUSTOM" else None
        if target(route["ApiId"]) in sockets:
            if (route["RouteKey"] == "$connect") != (authorizer == "SocketAuthorizer"):
                yield f"{name} lets sockets in without a ticket, or asks for one again."
        elif authorizer != _guard_of(route["RouteKey"]):
            yield f"{name} is guarded by {authorizer or 'nobody'}."


def _guard_of(route_key: str) -> str | None:
    if route_key in HALF_OPEN_ROUTES:
        return "OpenAuthorizer"
    return None if route_key in OPEN_ROUTES else "Authorizer"


def authorizers_keep_nothing_of_nobody(template: Template) -> Iterator[str]:
    """An authorizer that names nobody keeps no answer: what one was told another would be told as well."""
    for name, authorizer in template.of("AWS::ApiGatewayV2::Authorizer").items():
        is_kept = authorizer.get("AuthorizerResultTtlInSeconds", 300) != 0
        if target(authorizer["ApiId"]) not in template.socket_apis and is_kept == (not authorizer["IdentitySource"]):
            yield f"{name} keeps answers {'of nobody' if is_kept else 'for no time'}."


def stages_wait_for_answers(template: Template) -> Iterator[str]:
    """A socket's stage deploys what is there, so it refers to what makes answers, where that is declared."""
    stages = template.of("AWS::ApiGatewayV2::Stage")
    for name, answer in template.of("AWS::ApiGatewayV2::RouteResponse").items():
        for stage in (key for key, found in stages.items() if target(found["ApiId"]) == target(answer["ApiId"])):
            if name not in leaves(template.body["Resources"][stage].get("Metadata", {})):
                yield f"{stage} does not wait for {name}."


def stages_are_throttled(template: Template) -> Iterator[str]:
    """A stage has a limit, and an open HTTP route one of its own, set when it is there: its flood drowns no other."""
    routes = template.of("AWS::ApiGatewayV2::Route")
    for name, stage in template.of("AWS::ApiGatewayV2::Stage").items():
        if "ThrottlingRateLimit" not in stage.get("DefaultRouteSettings", {}):
            yield f"{name} has no limit."
        if target(stage["ApiId"]) in template.socket_apis:
            continue
        own = {key: route for key, route in routes.items() if target(route["ApiId"]) == target(stage["ApiId"])}
        opened = {
            route["RouteKey"]: key
            for key, route in own.items()
            if route["AuthorizationType"] == "NONE" or route["RouteKey"] in HALF_OPEN_ROUTES
        }
        limited = {key for key, limits in stage.get("RouteSettings", {}).items() if "ThrottlingRateLimit" in limits}
        yield from (f"{name} does not limit {key}." for key in opened.keys() - limited)
        waited_for = as_list(template.body["Resources"][name].get("DependsOn", []))
        yield from (f"{name} does not wait for {route}." for route in set(opened.values()) - set(waited_for))


def database_is_reached_by_those_who_ask(template: Template) -> Iterator[str]:
    """A function is in the VPC if, and only if, it speaks to the database."""
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


def access_log_names_nobody(template: Template) -> Iterator[str]:
    """The access log says what was asked and how it went, and nothing of who asked."""
    for name, stage in template.of("AWS::ApiGatewayV2::Stage").items():
        settings = stage.get("AccessLogSettings")
        if settings is None:
            if target(stage["ApiId"]) not in template.socket_apis:
                yield f"{name} has no access log."
            continue
        for variable in set(re.findall(r"\$context\.([\w.]+)", settings["Format"])) - LOGGED:
            yield f"{name} logs {variable}."


def proxies_find_their_users(template: Template) -> Iterator[str]:
    """A proxy meets its database when the roles in its secrets are there."""
    for name in template.of("AWS::RDS::DBProxyTargetGroup"):
        if "Schema" not in as_list(template.body["Resources"][name].get("DependsOn", [])):
            yield f"{name} may log in before its roles are made."


def database_survives_its_stack(template: Template) -> Iterator[str]:
    """A database that we create is encrypted, backed up, and leaves a snapshot when it goes."""
    for name, cluster in template.of("AWS::RDS::DBCluster").items():
        resource = template.body["Resources"][name]
        if {resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy")} != {"Snapshot"}:
            yield f"{name} leaves no snapshot."
        for key in ("StorageEncrypted", "BackupRetentionPeriod", "DeletionProtection", "ManageMasterUserPassword"):
            if not cluster.get(key):
                yield f"{name} lacks {key}."


def written_folders(template: Template, bucket: str) -> set[str]:
    """Return the folders of a bucket that some function may put objects into."""
    return {
        folder
        for function in template.functions.values()
        for policy in function.get("Policies", [])
        if isinstance(policy, dict)
        for statement in policy.get("Statement", [])
        if "s3:PutObject" in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
        for folder in re.findall(rf"^\$\{{{bucket}\.Arn\}}/(.*/)\*$", str(resource.get("Fn::Sub", "")))
    }


def buckets_are_sealed(template: Template) -> Iterator[str]:
    """A bucket is encrypted, closed to the public, reached by TLS alone, forgets, and outlives its stack."""
    sealed = {
        target(policy["Bucket"])
        for policy in template.of("AWS::S3::BucketPolicy").values()
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny"
        and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        and {target(resource) for resource in statement["Resource"]} == {target(policy["Bucket"])}
    }
    for name, bucket in template.of("AWS::S3::Bucket").items():
        resource = template.body["Resources"][name]
        if {resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy")} != {"Retain"}:
            yield f"{name} goes with its stack."
        if name not in sealed:
            yield f"{name} answers without TLS."
        if "BucketEncryption" not in bucket:
            yield f"{name} is not encrypted."
        closed = bucket.get("PublicAccessBlockConfiguration", {})
        if len(closed) < PUBLIC_ACCESS_BLOCKS or not all(closed.values()):
            yield f"{name} may be opened to the public."
        rules = bucket.get("LifecycleConfiguration", {}).get("Rules", [])
        expiring = {rule.get("Prefix", "") for rule in rules if "ExpirationInDays" in rule}
        if not expiring or ("" not in expiring and written_folders(template, name) - expiring):
            yield f"{name} keeps objects for ever."
        if not any("NoncurrentVersionExpiration" in rule for rule in rules):
            yield f"{name} keeps versions for ever."


RULES: list[Rule] = [
    visibility_covers_consumer, failures_become_dead_letters, failures_are_partial, consumers_are_mappings,
    queues_have_dead_letters, queues_take_whole_batches, queues_are_watched, queues_are_sealed, handlers_agree,
    functions_are_described_by_folders, names_agree, functions_log_apart, functions_are_watched, alarms_are_heard,
    alarms_name_their_page,
    schedules_fail_loudly, schedules_are_those_of_jobs, privileges_are_least, routes_are_authorised,
    authorizers_keep_nothing_of_nobody, stages_wait_for_answers,
    stages_are_throttled,
    database_is_reached_by_those_who_ask, variables_are_settings, variables_hold_no_secret,
    access_log_names_nobody, database_survives_its_stack,
    proxies_find_their_users, buckets_are_sealed,
]  # fmt: skip
