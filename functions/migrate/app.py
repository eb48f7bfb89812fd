"""Custom resource: migrates the database to this deployment's schema before the other functions run."""

import json
from datetime import timedelta
from typing import Any

from psycopg.conninfo import make_conninfo
from rollcall.cloud.custom_resource import answer
from rollcall.edge.runtime import clock, observe, settings
from rollcall.edge.wiring import environment
from rollcall.errors import DatabaseAhead
from rollcall.store import migrations
from rollcall.store.connection import CONNECT_TIMEOUT_SECONDS

LOGINS = ("app_secret_arn", "ops_secret_arn", "reader_secret_arn")


def migrate() -> list[str]:
    """Migrate, set passwords and the report-pass key, make partitions; return the migrations that were applied."""
    current, secrets = settings.current(), environment.secrets()
    admin = json.loads(secrets.read(current.need("database_admin_secret_arn")))
    conninfo = make_conninfo(
        host=current.need("database_host"),
        port=current.database_port,
        dbname=current.database_name,
        sslmode=current.database_sslmode,
        user=admin["username"],
        password=admin["password"],
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
    )
    applied = migrations.migrate(conninfo, migrations.Schema.read(migrations.find_schema()))
    for name in LOGINS:
        login = json.loads(secrets.read(current.need(name)))
        migrations.allow_login(conninfo, login["username"], login["password"])
    migrations.set_report_pass_key(conninfo, secrets.read(current.need("report_pass_secret_arn")))
    today = clock.now().date()
    oldest = today - max(current.retention, current.analytics_retention)
    migrations.make_partitions(conninfo, oldest, today + timedelta(days=current.partition_days_ahead))
    return applied


def bring(request_type: str) -> list[str]:
    """Do what CloudFormation asks for. Deleting the stack keeps all data."""
    try:
        return migrate() if request_type != "Delete" else []
    except DatabaseAhead as ahead:
        if request_type != "Update":
            raise
        # CloudFormation rolls back to this older release. The older code works with the newer schema; a failure here
        # would leave the stack stuck between the two releases.
        observe.logger().warning("left alone", extra={"detail": ahead.detail})
        return []


@observe.entry
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer CloudFormation."""
    try:
        applied = bring(event["RequestType"])
    except Exception as fault:
        observe.logger().error("not migrated", extra={"fault": type(fault).__name__, "detail": str(fault)})
        answer(event, "FAILED", f"{type(fault).__name__}: see the log of {context.function_name}")
        raise
    observe.logger().info("migrated", extra={"applied": applied})
    answer(event, "SUCCESS", "")
    return {"applied": applied}
