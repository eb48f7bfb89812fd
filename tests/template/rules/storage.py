"""Rules for databases and buckets."""

import re
from collections.abc import Iterator

from tests.template.document import Template, as_list, target

PUBLIC_ACCESS_BLOCKS = 4


def proxies_find_their_users(template: Template) -> Iterator[str]:
    """A proxy is connected to its database after the roles in its secrets are created."""
    for name in template.of("AWS::RDS::DBProxyTargetGroup"):
        if "Schema" not in as_list(template.body["Resources"][name].get("DependsOn", [])):
            yield f"{name} may log in before its roles are created."


def database_survives_its_stack(template: Template) -> Iterator[str]:
    """A database of this stack is encrypted, backed up, and leaves a snapshot when it is deleted."""
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
    """A bucket is encrypted, private, refuses requests without TLS, expires objects, and outlives its stack."""
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
            yield f"{name} is deleted with its stack."
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
            yield f"{name} keeps objects forever."
        if not any("NoncurrentVersionExpiration" in rule for rule in rules):
            yield f"{name} keeps versions forever."


RULES = (
    proxies_find_their_users,
    database_survives_its_stack,
    buckets_are_sealed,
)
