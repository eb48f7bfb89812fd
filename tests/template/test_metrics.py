"""Alarms on our own metrics watch what functions really send."""

import json
import os
import subprocess
import sys

from tests.template.document import ROOT, Template

RUN_PARTITION = """
from types import SimpleNamespace
from functions.partition import app
store = SimpleNamespace(make_partitions=lambda *days: 0, default_partition_bytes=lambda: 8192)
app.wiring.partition_store = lambda: store
app.handler({}, SimpleNamespace(aws_request_id="1"))
"""


def test_the_alarm_on_the_default_partition_watches_its_metric() -> None:
    """The metric has the very namespace, name and dimensions of the alarm: with others it would never rise."""
    environment = {**os.environ, "SERVICE": "partition", "ENVIRONMENT": "prod", "AWS_REGION": "eu-west-1"}
    command = [sys.executable, "-c", RUN_PARTITION]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    lines = map(json.loads, done.stdout.splitlines())
    sent = next(line for line in lines if "_aws" in line)
    metric = sent["_aws"]["CloudWatchMetrics"][0]

    alarm = Template.read().alarms["DefaultPartitionAlarm"]
    parameters = {"Environment": "prod", "AWS::Region": "eu-west-1"}
    watched = {
        dimension["Name"]: parameters[dimension["Value"]["Ref"]]
        if isinstance(dimension["Value"], dict)
        else dimension["Value"]
        for dimension in alarm["Dimensions"]
    }

    assert (metric["Namespace"], metric["Metrics"][0]["Name"]) == (alarm["Namespace"], alarm["MetricName"])
    assert {name: sent[name] for name in metric["Dimensions"][0]} == watched
