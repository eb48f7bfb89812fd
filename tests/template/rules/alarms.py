"""Rules for alarms and schedules."""

import re
from collections.abc import Iterator

from rollcall.domain.jobs.schedule import JOBS

from tests.checkout import ROOT
from tests.template.document import Template, target

# It measures health also while the database, which records the runs of jobs, is away.
NO_JOBS = {"health_monitor"}
# An alarm goes to people who look today, or to people who look now.
TOPICS = ("WarnTopic", "PageTopic")


def functions_have_alarms(template: Template) -> Iterator[str]:
    """A function that fails or is throttled raises an alarm."""
    for name in template.functions:
        for metric in ("Errors", "Throttles"):
            if template.alarm_on(metric, name) is None:
                yield f"{name} has no alarm on {metric}."


def alarms_go_to_one_topic(template: Template) -> Iterator[str]:
    """An alarm warns or pages, and the same topic gets its end."""
    for name, alarm in template.alarms.items():
        topics = [[target(action) for action in alarm.get(actions, [])] for actions in ("AlarmActions", "OKActions")]
        if topics[0] != topics[1] or topics[0] not in [[topic] for topic in TOPICS]:
            yield f"{name} goes to {topics}."
        if "TreatMissingData" not in alarm:
            yield f"{name} does not set TreatMissingData."


def alarms_name_their_page(template: Template) -> Iterator[str]:
    """The text of an alarm names its runbook. Alarms on functions share one for all errors."""
    for name, alarm in template.alarms.items():
        page = re.search(r"docs/[a-z/-]+\.md", alarm.get("AlarmDescription", ""))
        if alarm["MetricName"] not in {"Errors", "Throttles"} and not (page and (ROOT / page[0]).is_file()):
            yield f"{name} names no existing page."


def schedules_fail_loudly(template: Template) -> Iterator[str]:
    """A scheduled run is retried, and becomes a dead letter when it fails for good, in the function or before it."""
    for name, function in template.functions.items():
        events = [event["Properties"] for event in function.get("Events", {}).values() if event["Type"] == "ScheduleV2"]
        if events and "DeadLetterQueue" not in function:
            yield f"{name} loses runs that fail in it."
        for event in events:
            if "RetryPolicy" not in event or "DeadLetterConfig" not in event:
                yield f"{name} loses runs that do not reach it."


def schedules_are_those_of_jobs(template: Template) -> Iterator[str]:
    """A schedule runs a known job, as often as the job says, and passes on the scheduled time."""
    scheduled = {}
    for function in template.functions.values():
        for event in function.get("Events", {}).values():
            if event["Type"] == "ScheduleV2":
                folder = function["CodeUri"].removeprefix("functions/").rstrip("/")
                if folder in NO_JOBS:
                    continue
                scheduled[folder] = event["Properties"]["ScheduleExpression"]
                if "<aws.scheduler.scheduled-time>" not in event["Properties"].get("Input", ""):
                    yield f"{folder}: a retry would count as another run."
    for folder, expression in scheduled.items() ^ {job.name: job.schedule for job in JOBS.values()}.items():
        yield f"{folder}: {expression} is not both a job of domain.jobs.schedule and a schedule."


RULES = (
    functions_have_alarms,
    alarms_go_to_one_topic,
    alarms_name_their_page,
    schedules_fail_loudly,
    schedules_are_those_of_jobs,
)
