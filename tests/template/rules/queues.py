"""Rules for queues and their consumers."""

from collections.abc import Iterator

from tests.template.document import Template, target

VISIBILITY_PER_TIMEOUT = 6
RECEIVES_MIN = 5


def visibility_covers_consumer(template: Template) -> Iterator[str]:
    """The visibility timeout of a queue is six times the timeout of its consumer."""
    for name, mapping in template.of("AWS::Lambda::EventSourceMapping").items():
        queue, function = target(mapping["EventSourceArn"]), target(mapping["FunctionName"])
        least = VISIBILITY_PER_TIMEOUT * template.functions[function]["Timeout"]
        if template.queues[queue].get("VisibilityTimeout", 30) < least:
            yield f"{name}: {queue} hides messages for less than {least} s."


def failures_become_dead_letters(template: Template) -> Iterator[str]:
    """A queue keeps a message for longer than five receives take, so one that always fails becomes a dead letter."""
    for name in template.queues.keys() - template.dead_letter_queues:
        queue = template.queues[name]
        if queue["MessageRetentionPeriod"] <= RECEIVES_MIN * queue.get("VisibilityTimeout", 30):
            yield f"{name} expires failing messages before they become dead letters."


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
    """A queue has a dead-letter queue with a longer retention, and five receives or more."""
    for name in template.queues.keys() - template.dead_letter_queues:
        queue = template.queues[name]
        redrive = queue.get("RedrivePolicy")
        if redrive is None:
            yield f"{name} has no dead-letter queue."
            continue
        if redrive["maxReceiveCount"] < RECEIVES_MIN:
            yield f"{name} has a maxReceiveCount of only {redrive['maxReceiveCount']}."
        letters = template.queues[target(redrive["deadLetterTargetArn"])]
        if letters["MessageRetentionPeriod"] <= queue["MessageRetentionPeriod"]:
            yield f"Dead letters of {name} are not kept for longer than its messages."


def queues_take_whole_batches(template: Template) -> Iterator[str]:
    """A queue of batches accepts the largest batch that can be configured, whatever the default of SQS is."""
    least = template.body["Parameters"]["ProgressBatchMaxBytes"]["MaxValue"]
    for name in template.queues.keys() - {"ScheduleDeadLetterQueue"}:
        if template.queues[name].get("MaximumMessageSize", 0) <= least:
            yield f"{name} may refuse a batch."


def queues_have_alarms(template: Template) -> Iterator[str]:
    """A dead letter raises an alarm, and so does a message that waits for long."""
    for name in template.queues:
        dead = name in template.dead_letter_queues
        metric = "ApproximateNumberOfMessagesVisible" if dead else "ApproximateAgeOfOldestMessage"
        alarm = template.alarm_on(metric, name)
        if alarm is None:
            yield f"{name} has no alarm on {metric}."
        elif dead and alarm["Threshold"] != 0:
            yield f"{name} has an alarm that ignores the first dead letter."


def queues_are_sealed(template: Template) -> Iterator[str]:
    """A queue is encrypted, and refuses requests without TLS."""
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
            yield f"{name} accepts requests without TLS."


RULES = (
    visibility_covers_consumer,
    failures_become_dead_letters,
    failures_are_partial,
    consumers_are_mappings,
    queues_have_dead_letters,
    queues_take_whole_batches,
    queues_have_alarms,
    queues_are_sealed,
)
