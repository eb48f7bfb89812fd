"""The template keeps its rules, and the rules bite."""

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from tests.template import rules
from tests.template.document import Template

Breach = Callable[[Template], object]

ALL_OBJECTS = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": {"Fn::Sub": "${ArchiveBucket.Arn}/*"}}],
}
WIDE = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}


@cache
def template() -> Template:
    return Template.read()


def put(path: str, value: Any) -> Breach:
    """Return a breach: a value put at `Resource.Key.Key` below Properties."""

    def breach(changed: Template) -> None:
        name, *keys, last = path.split(".")
        place = changed.properties(name)
        for key in keys:
            place = place[key]
        place[last] = value

    return breach


def drop(path: str) -> Breach:
    """Return a breach: `Resource.Key.Key` left out; of a name alone, the whole resource."""

    def breach(changed: Template) -> None:
        name, *keys = path.split(".")
        place = changed.properties(name) if keys else changed.body["Resources"]
        for key in keys[:-1]:
            place = place[key]
        del place[keys[-1] if keys else name]

    return breach


def without_snapshot(changed: Template) -> None:
    del changed.body["Resources"]["DatabaseCluster"]["DeletionPolicy"]


def with_its_stack(changed: Template) -> None:
    del changed.body["Resources"]["ArchiveBucket"]["DeletionPolicy"]


def before_its_users(changed: Template) -> None:
    changed.body["Resources"]["DatabaseProxyTarget"]["DependsOn"] = "DatabaseInstance"


def to_speak_to_any_api(changed: Template) -> None:
    changed.properties("PushFunction")["Policies"][0]["Statement"][1]["Resource"] = "arn:aws:execute-api:*"


def as_if_asked_again(changed: Template) -> None:
    changed.properties("SocketDefaultRoute").update(changed.properties("SocketConnectRoute"), RouteKey="$default")


def before_its_routes(changed: Template) -> None:
    del changed.body["Resources"]["ApiStage"]["DependsOn"]


def before_its_answers(changed: Template) -> None:
    del changed.body["Resources"]["SocketStage"]["Metadata"]["depends_on"]


def with_other_package(changed: Template) -> None:
    changed.body["Resources"]["LoadFunction"]["Metadata"]["BuildProperties"]["ParentPackages"] = "functions"


SQS_EVENT = {"Type": "SQS", "Properties": {"Queue": "arn"}}

BREACHES: list[tuple[rules.Rule, Breach]] = [
    (rules.visibility_covers_consumer, put("SpoolQueue.VisibilityTimeout", 179)),
    (rules.visibility_covers_consumer, put("LoadFunction.Timeout", 31)),
    (rules.failures_become_dead_letters, put("PushQueue.MessageRetentionPeriod", 1_800)),
    (rules.failures_are_partial, drop("LoadSource.FunctionResponseTypes")),
    (rules.consumers_are_mappings, put("LoadFunction.Events", {"Spool": SQS_EVENT})),
    (rules.queues_have_dead_letters, drop("SpoolQueue.RedrivePolicy")),
    (rules.queues_have_dead_letters, put("SpoolQueue.RedrivePolicy.maxReceiveCount", 4)),
    (rules.queues_have_dead_letters, put("SpoolQueue.MessageRetentionPeriod", 1_209_600)),
    (rules.queues_take_whole_batches, drop("SpoolQueue.MaximumMessageSize")),
    (rules.queues_take_whole_batches, put("SpoolDeadLetterQueue.MaximumMessageSize", 262_144)),
    (rules.queues_are_watched, drop("SpoolDeadLettersAlarm")),
    (rules.queues_are_watched, drop("SpoolAgeAlarm")),
    (rules.queues_are_watched, put("ScheduleDeadLettersAlarm.Threshold", 10)),
    (rules.queues_are_sealed, drop("SpoolQueue.SqsManagedSseEnabled")),
    (rules.queues_are_sealed, drop("SpoolQueuePolicy")),
    (rules.handlers_agree, put("LoadFunction.Handler", "functions.progress.app.handler")),
    (rules.handlers_agree, put("LoadFunction.CodeUri", "functions/nowhere/")),
    (rules.handlers_agree, with_other_package),
    (rules.functions_are_described_by_folders, drop("LoadFunction")),
    (rules.names_agree, put("RollupJobFunction.Environment.Variables.SERVICE", "rollup_worker")),
    (rules.names_agree, put("RollupJobFunction.CodeUri", "functions/rollup_worker/")),
    (rules.names_agree, put("RollupJobFunction.LoggingConfig.LogGroup", {"Ref": "RollupWorkerLogGroup"})),
    (rules.names_agree, put("RollupJobLogGroup.LogGroupName", {"Fn::Sub": "/rollcall/${AWS::StackName}/dispatch"})),
    (rules.names_agree, put("RollupJobErrorsAlarm.Dimensions", [{"Name": "FunctionName", "Value": "dispatch"}])),
    (rules.names_agree, put("RollupJobThrottlesAlarm.AlarmDescription", "The dispatch function is throttled.")),
    (rules.functions_log_apart, put("LoadFunction.LoggingConfig.LogGroup", {"Ref": "ProgressLogGroup"})),
    (rules.functions_log_apart, drop("ApiLogGroup.RetentionInDays")),
    (rules.functions_are_watched, drop("LoadThrottlesAlarm")),
    (rules.alarms_are_heard, put("SpoolAgeAlarm.AlarmActions", [])),
    (rules.alarms_are_heard, drop("SpoolAgeAlarm.TreatMissingData")),
    (rules.alarms_are_heard, put("SpoolAgeAlarm.OKActions", [{"Ref": "WarnTopic"}])),
    (rules.alarms_name_their_page, put("SpoolAgeAlarm.AlarmDescription", "It is late.")),
    (rules.alarms_name_their_page, put("SpoolAgeAlarm.AlarmDescription", "docs/runbooks/nowhere.md")),
    (rules.schedules_fail_loudly, drop("PartitionJobFunction.DeadLetterQueue")),
    (rules.schedules_fail_loudly, drop("PartitionJobFunction.Events.Hourly.Properties.DeadLetterConfig")),
    (rules.schedules_are_those_of_jobs, drop("PartitionJobFunction.Events.Hourly.Properties.Input")),
    (
        rules.schedules_are_those_of_jobs,
        put("PartitionJobFunction.Events.Hourly.Properties.ScheduleExpression", "rate(2 hours)"),
    ),
    (rules.privileges_are_least, put("LoadFunction.Policies", [WIDE])),
    (rules.privileges_are_least, put("OperationWorkerFunction.Policies", [ALL_OBJECTS])),
    (rules.privileges_are_least, put("LoadFunction.Policies", [{"Fn::If": ["InVpc", WIDE, {"Ref": "AWS::NoValue"}]}])),
    (rules.privileges_are_least, put("LoadFunction.Policies", ["arn:aws:iam::aws:policy/AmazonSQSFullAccess"])),
    (rules.privileges_are_least, put("LoadFunction.Events", {"Spool": SQS_EVENT})),
    (rules.routes_are_authorised, put("ProgressBatchRoute.AuthorizationType", "NONE")),
    (rules.routes_are_authorised, drop("ProgressLessonRoute.AuthorizerId")),
    (rules.stages_are_throttled, drop("ApiStage.RouteSettings.POST /v1/batch")),
    (rules.stages_are_throttled, put("ProgressBatchRoute.AuthorizationType", "NONE")),
    (rules.stages_are_throttled, before_its_routes),
    (rules.stages_are_throttled, drop("SocketStage.DefaultRouteSettings")),
    (rules.routes_are_authorised, put("SocketConnectRoute.AuthorizationType", "NONE")),
    (rules.routes_are_authorised, as_if_asked_again),
    (rules.routes_are_authorised, put("HealthTransitionsRoute.AuthorizationType", "NONE")),
    (rules.routes_are_authorised, put("HealthTransitionsRoute.AuthorizerId", {"Ref": "OpenAuthorizer"})),
    (rules.routes_are_authorised, put("HealthRoute.AuthorizationType", "NONE")),
    (rules.authorizers_keep_nothing_of_nobody, put("OpenAuthorizer.AuthorizerResultTtlInSeconds", 60)),
    (rules.stages_wait_for_answers, before_its_answers),
    (rules.authorizers_keep_nothing_of_nobody, put("Authorizer.AuthorizerResultTtlInSeconds", 0)),
    (rules.stages_are_throttled, drop("ApiStage.RouteSettings.GET /api/health")),
    (rules.privileges_are_least, to_speak_to_any_api),
    (rules.database_is_reached_by_those_who_ask, drop("LoadFunction.VpcConfig")),
    (rules.database_is_reached_by_those_who_ask, put("OpenapiFunction.VpcConfig", {})),
    (rules.variables_are_settings, put("LoadFunction.Environment.Variables.NOBODY_READS_ME", "1")),
    (rules.variables_are_settings, drop("AnalyticsFunction.Environment.Variables.ANALYTICS_BATCH_MAX_SIZE")),
    (rules.variables_hold_no_secret, put("LoadFunction.Environment.Variables.DATABASE_PASSWORD", "x")),
    (rules.variables_hold_no_secret, put("LoadFunction.Environment.Variables.DATABASE_NAME", "{{resolve:ssm:x}}")),
    (rules.access_log_names_nobody, drop("ApiStage.AccessLogSettings")),
    (rules.access_log_names_nobody, put("ApiStage.AccessLogSettings.Format", "$context.identity.sourceIp")),
    (rules.database_survives_its_stack, without_snapshot),
    (rules.database_survives_its_stack, drop("DatabaseCluster.StorageEncrypted")),
    (rules.proxies_find_their_users, before_its_users),
    (rules.buckets_are_sealed, drop("ArchiveBucket.BucketEncryption")),
    (rules.buckets_are_sealed, put("ArchiveBucket.PublicAccessBlockConfiguration.BlockPublicPolicy", False)),
    (rules.buckets_are_sealed, drop("ArchiveBucket.LifecycleConfiguration")),
    (rules.buckets_are_sealed, drop("ArchiveBucketPolicy")),
    (rules.buckets_are_sealed, with_its_stack),
]


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
def test_the_template_keeps_the_rule(rule: rules.Rule) -> None:
    """Nothing in template.yaml breaks this rule."""
    assert list(rule(template())) == []


@pytest.mark.parametrize(("rule", "breach"), BREACHES, ids=lambda part: getattr(part, "__name__", None))
def test_the_rule_bites(rule: rules.Rule, breach: Breach) -> None:
    """A template with one breach in it is refused by the rule that forbids it."""
    changed = template().copy()
    breach(changed)

    assert list(rule(changed)) != []


def test_every_rule_is_known_to_bite() -> None:
    """No rule passes only because it never looks."""
    assert {rule for rule, _ in BREACHES} == set(rules.RULES)
