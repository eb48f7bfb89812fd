"""The template keeps its rules, and each rule finds a breach."""

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from tests.template import rules
from tests.template.document import Template
from tests.template.rules import alarms, functions, queues, routes, storage

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


def delete_snapshot_policy(changed: Template) -> None:
    del changed.body["Resources"]["DatabaseCluster"]["DeletionPolicy"]


def delete_retain_policy(changed: Template) -> None:
    del changed.body["Resources"]["ArchiveBucket"]["DeletionPolicy"]


def connect_proxy_before_schema(changed: Template) -> None:
    changed.body["Resources"]["DatabaseProxyTarget"]["DependsOn"] = "DatabaseInstance"


def allow_any_api(changed: Template) -> None:
    changed.properties("PushFunction")["Policies"][0]["Statement"][1]["Resource"] = "arn:aws:execute-api:*"


def authorize_default_route(changed: Template) -> None:
    changed.properties("SocketDefaultRoute").update(changed.properties("SocketConnectRoute"), RouteKey="$default")


def deploy_stage_before_routes(changed: Template) -> None:
    del changed.body["Resources"]["ApiStage"]["DependsOn"]


def deploy_stage_before_responses(changed: Template) -> None:
    del changed.body["Resources"]["SocketStage"]["Metadata"]["depends_on"]


def build_under_other_package(changed: Template) -> None:
    changed.body["Resources"]["LoadFunction"]["Metadata"]["BuildProperties"]["ParentPackages"] = "functions"


SQS_EVENT = {"Type": "SQS", "Properties": {"Queue": "arn"}}

BREACHES: list[tuple[rules.Rule, Breach]] = [
    (queues.visibility_covers_consumer, put("SpoolQueue.VisibilityTimeout", 179)),
    (queues.visibility_covers_consumer, put("LoadFunction.Timeout", 31)),
    (queues.failures_become_dead_letters, put("PushQueue.MessageRetentionPeriod", 1_800)),
    (queues.failures_are_partial, drop("LoadSource.FunctionResponseTypes")),
    (queues.consumers_are_mappings, put("LoadFunction.Events", {"Spool": SQS_EVENT})),
    (queues.queues_have_dead_letters, drop("SpoolQueue.RedrivePolicy")),
    (queues.queues_have_dead_letters, put("SpoolQueue.RedrivePolicy.maxReceiveCount", 4)),
    (queues.queues_have_dead_letters, put("SpoolQueue.MessageRetentionPeriod", 1_209_600)),
    (queues.queues_take_whole_batches, drop("SpoolQueue.MaximumMessageSize")),
    (queues.queues_take_whole_batches, put("SpoolDeadLetterQueue.MaximumMessageSize", 262_144)),
    (queues.queues_have_alarms, drop("SpoolDeadLettersAlarm")),
    (queues.queues_have_alarms, drop("SpoolAgeAlarm")),
    (queues.queues_have_alarms, put("ScheduleDeadLettersAlarm.Threshold", 10)),
    (queues.queues_are_sealed, drop("SpoolQueue.SqsManagedSseEnabled")),
    (queues.queues_are_sealed, drop("SpoolQueuePolicy")),
    (functions.handlers_agree, put("LoadFunction.Handler", "functions.progress.app.handler")),
    (functions.handlers_agree, put("LoadFunction.CodeUri", "functions/nowhere/")),
    (functions.handlers_agree, build_under_other_package),
    (functions.folders_are_services, drop("LoadFunction")),
    (functions.names_agree, put("RollupJobFunction.Environment.Variables.SERVICE", "rollup_worker")),
    (functions.names_agree, put("RollupJobFunction.CodeUri", "functions/rollup_worker/")),
    (functions.names_agree, put("RollupJobFunction.LoggingConfig.LogGroup", {"Ref": "RollupWorkerLogGroup"})),
    (functions.names_agree, put("RollupJobLogGroup.LogGroupName", {"Fn::Sub": "/rollcall/${AWS::StackName}/dispatch"})),
    (functions.names_agree, put("RollupJobErrorsAlarm.Dimensions", [{"Name": "FunctionName", "Value": "dispatch"}])),
    (functions.names_agree, put("RollupJobThrottlesAlarm.AlarmDescription", "The dispatch function is throttled.")),
    (functions.functions_log_apart, put("LoadFunction.LoggingConfig.LogGroup", {"Ref": "ProgressLogGroup"})),
    (functions.functions_log_apart, drop("ApiLogGroup.RetentionInDays")),
    (alarms.functions_have_alarms, drop("LoadThrottlesAlarm")),
    (alarms.alarms_go_to_one_topic, put("SpoolAgeAlarm.AlarmActions", [])),
    (alarms.alarms_go_to_one_topic, drop("SpoolAgeAlarm.TreatMissingData")),
    (alarms.alarms_go_to_one_topic, put("SpoolAgeAlarm.OKActions", [{"Ref": "WarnTopic"}])),
    (alarms.alarms_name_their_page, put("SpoolAgeAlarm.AlarmDescription", "It is late.")),
    (alarms.alarms_name_their_page, put("SpoolAgeAlarm.AlarmDescription", "docs/runbooks/nowhere.md")),
    (alarms.schedules_fail_loudly, drop("PartitionJobFunction.DeadLetterQueue")),
    (alarms.schedules_fail_loudly, drop("PartitionJobFunction.Events.Hourly.Properties.DeadLetterConfig")),
    (alarms.schedules_are_those_of_jobs, drop("PartitionJobFunction.Events.Hourly.Properties.Input")),
    (
        alarms.schedules_are_those_of_jobs,
        put("PartitionJobFunction.Events.Hourly.Properties.ScheduleExpression", "rate(2 hours)"),
    ),
    (functions.privileges_are_least, put("LoadFunction.Policies", [WIDE])),
    (functions.privileges_are_least, put("OperationWorkerFunction.Policies", [ALL_OBJECTS])),
    (
        functions.privileges_are_least,
        put("LoadFunction.Policies", [{"Fn::If": ["InVpc", WIDE, {"Ref": "AWS::NoValue"}]}]),
    ),
    (functions.privileges_are_least, put("LoadFunction.Policies", ["arn:aws:iam::aws:policy/AmazonSQSFullAccess"])),
    (functions.privileges_are_least, put("LoadFunction.Events", {"Spool": SQS_EVENT})),
    (routes.routes_are_authorised, put("ProgressBatchRoute.AuthorizationType", "NONE")),
    (routes.routes_are_authorised, drop("ProgressLessonRoute.AuthorizerId")),
    (routes.stages_are_throttled, drop("ApiStage.RouteSettings.POST /v1/batch")),
    (routes.stages_are_throttled, put("ProgressBatchRoute.AuthorizationType", "NONE")),
    (routes.stages_are_throttled, deploy_stage_before_routes),
    (routes.stages_are_throttled, drop("SocketStage.DefaultRouteSettings")),
    (routes.routes_are_authorised, put("SocketConnectRoute.AuthorizationType", "NONE")),
    (routes.routes_are_authorised, authorize_default_route),
    (routes.routes_are_authorised, put("HealthTransitionsRoute.AuthorizationType", "NONE")),
    (routes.routes_are_authorised, put("HealthTransitionsRoute.AuthorizerId", {"Ref": "OpenAuthorizer"})),
    (routes.routes_are_authorised, put("HealthRoute.AuthorizationType", "NONE")),
    (routes.authorizers_without_identity_cache_nothing, put("OpenAuthorizer.AuthorizerResultTtlInSeconds", 60)),
    (routes.stages_wait_for_route_responses, deploy_stage_before_responses),
    (routes.authorizers_without_identity_cache_nothing, put("Authorizer.AuthorizerResultTtlInSeconds", 0)),
    (routes.stages_are_throttled, drop("ApiStage.RouteSettings.GET /api/health")),
    (functions.privileges_are_least, allow_any_api),
    (functions.functions_with_a_database_are_in_the_vpc, drop("LoadFunction.VpcConfig")),
    (functions.functions_with_a_database_are_in_the_vpc, put("OpenapiFunction.VpcConfig", {})),
    (functions.variables_are_settings, put("LoadFunction.Environment.Variables.UNKNOWN_SETTING", "1")),
    (functions.variables_are_settings, drop("AnalyticsFunction.Environment.Variables.ANALYTICS_BATCH_MAX_SIZE")),
    (functions.variables_hold_no_secret, put("LoadFunction.Environment.Variables.DATABASE_PASSWORD", "x")),
    (functions.variables_hold_no_secret, put("LoadFunction.Environment.Variables.DATABASE_NAME", "{{resolve:ssm:x}}")),
    (routes.access_log_identifies_no_caller, drop("ApiStage.AccessLogSettings")),
    (routes.access_log_identifies_no_caller, put("ApiStage.AccessLogSettings.Format", "$context.identity.sourceIp")),
    (storage.database_survives_its_stack, delete_snapshot_policy),
    (storage.database_survives_its_stack, drop("DatabaseCluster.StorageEncrypted")),
    (storage.proxies_find_their_users, connect_proxy_before_schema),
    (storage.buckets_are_sealed, drop("ArchiveBucket.BucketEncryption")),
    (storage.buckets_are_sealed, put("ArchiveBucket.PublicAccessBlockConfiguration.BlockPublicPolicy", False)),
    (storage.buckets_are_sealed, drop("ArchiveBucket.LifecycleConfiguration")),
    (storage.buckets_are_sealed, drop("ArchiveBucketPolicy")),
    (storage.buckets_are_sealed, delete_retain_policy),
]


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
def test_the_template_keeps_the_rule(rule: rules.Rule) -> None:
    """Nothing in template.yaml breaks this rule."""
    assert list(rule(template())) == []


@pytest.mark.parametrize(("rule", "breach"), BREACHES, ids=lambda part: getattr(part, "__name__", None))
def test_the_rule_finds_the_breach(rule: rules.Rule, breach: Breach) -> None:
    """A template with one breach is refused by the rule against it."""
    changed = template().copy()
    breach(changed)

    assert list(rule(changed)) != []


def test_every_rule_has_a_breach() -> None:
    """No rule passes only because it checks nothing."""
    assert {rule for rule, _ in BREACHES} == set(rules.RULES)
