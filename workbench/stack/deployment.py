"""Deploys the real template to the emulator, with the same `sam build` and `sam deploy` as to AWS."""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import boto3
from mypy_boto3_secretsmanager import SecretsManagerClient
from rollcall.domain.jobs.schedule import JOBS

from workbench.errors import WorkbenchError
from workbench.stack.cross_origin import allow_origins
from workbench.stack.emulator import CREDENTIALS, REGION
from workbench.stack.ports import LOOPBACK
from workbench.stack.postgres import ADMINISTRATOR, DATABASE

STACK_NAME = "rollcall"
SOCKET_STAGE = "live"
DATABASE_SECRET = "rollcall/local/database-administrator"
OUTPUT_LINES = 40


@dataclass(frozen=True)
class Deployment:
    """The template of a checkout, and the emulator to deploy it to."""

    root: Path
    endpoint_url: str
    log: Path

    def build(self, *options: str) -> None:
        """Run `sam build`. Unchanged parts come from its cache."""
        self._sam("build", "--cached", *options, "--parameter-overrides", *_overrides(self._runtime()))

    def deploy(self, database_port: int, database_password: str, overrides: Mapping[str, str]) -> dict[str, str]:
        """Run `sam deploy` and return the stack's outputs."""
        parameters = {
            **self._runtime(),
            "Environment": "local",
            "DatabaseHost": LOOPBACK,
            "DatabasePort": str(database_port),
            "DatabaseName": DATABASE,
            "DatabaseSslMode": "disable",
            "DatabaseSecretArn": self._put_database_secret(database_password),
            # The emulator's CloudFormation does not support them; its gateway answers on sockets without them.
            "RouteResponses": "no",
            **overrides,
        }
        self._sam(
            "deploy", "--stack-name", STACK_NAME, "--resolve-s3", "--no-confirm-changeset",
            "--no-fail-on-empty-changeset", "--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND",
            "--region", REGION, "--parameter-overrides", *_overrides(parameters),
        )  # fmt: skip
        outputs = self.outputs()
        self._name_sockets(outputs)
        allow_origins(
            self.root / "template.yaml", self.endpoint_url, outputs["ApiId"], overrides.get("AllowedOrigins", "")
        )
        return outputs

    def _name_sockets(self, outputs: Mapping[str, str]) -> None:
        """Pass the emulator's socket address to functions, like the address of a custom domain."""
        functions = boto3.client(
            "lambda",
            endpoint_url=self.endpoint_url,
            region_name=REGION,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )
        api = f"/_aws/execute-api/{outputs['SocketApiId']}/{SOCKET_STAGE}"
        addresses = {
            "SOCKET_URL": self.endpoint_url.replace("http", "ws", 1) + api,
            "SOCKET_MANAGEMENT_URL": self.endpoint_url + api,
            # The console's origin: this API serves the console itself.
            "ALLOWED_ORIGINS": self.endpoint_url,
        }
        for name in ("TicketsFunctionName", "PushFunctionName", "ConsoleFunctionName"):
            known = functions.get_function_configuration(FunctionName=outputs[name])["Environment"]["Variables"]
            changed = {variable: addresses.get(variable, value) for variable, value in known.items()}
            functions.update_function_configuration(FunctionName=outputs[name], Environment={"Variables": changed})

    def outputs(self) -> dict[str, str]:
        """Return the outputs of the deployed stack."""
        cloudformation = boto3.client(
            "cloudformation",
            endpoint_url=self.endpoint_url,
            region_name=REGION,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )
        stack = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}

    def _put_database_secret(self, password: str) -> str:
        secrets = secrets_client(self.endpoint_url)
        text = json.dumps({"username": ADMINISTRATOR, "password": password})
        try:
            return secrets.create_secret(Name=DATABASE_SECRET, SecretString=text)["ARN"]
        except secrets.exceptions.ResourceExistsException:
            return secrets.put_secret_value(SecretId=DATABASE_SECRET, SecretString=text)["ARN"]

    def _runtime(self) -> dict[str, str]:
        machine = "arm64" if platform.machine() in {"arm64", "aarch64"} else "x86_64"
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        return {"PythonRuntime": f"python{version}", "Architecture": machine}

    def _sam(self, *arguments: str) -> None:
        runtime = self._runtime()
        environment = {
            **os.environ,
            **CREDENTIALS,
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "SAM_CLI_TELEMETRY": "0",
            "SAM_CLI_ENABLE_LANGUAGE_EXTENSIONS": "1",
            "PYTHONWARNINGS": "ignore",
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
            "ROLLCALL_RUNTIME": runtime["PythonRuntime"].removeprefix("python"),
            "ROLLCALL_ARCHITECTURE": runtime["Architecture"],
            "ROLLCALL_NATIVE": "1",
        }
        done = subprocess.run(
            # Ignore samconfig.toml: `sam deploy --guided` writes settings for AWS there.
            ["sam", *arguments, "--config-env", "local"],
            cwd=self.root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        with self.log.open("a") as log:
            log.write(f"$ sam {arguments[0]}\n{done.stdout}\n")
        if done.returncode:
            tail = "\n".join(done.stdout.splitlines()[-OUTPUT_LINES:])
            raise WorkbenchError(f"sam {arguments[0]} failed (full log: {self.log}):\n{tail}")


def function_logical_id(folder: str) -> str:
    """Return the template's logical id of a function: its folder in CamelCase, with `Job` for the function of a job."""
    words = "".join(word.capitalize() for word in folder.split("_"))
    return f"{words}JobFunction" if folder in JOBS else f"{words}Function"


def secrets_client(endpoint_url: str) -> SecretsManagerClient:
    """Return a client of the emulator's Secrets Manager."""
    return boto3.client(
        "secretsmanager",
        endpoint_url=endpoint_url,
        region_name=REGION,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )


def _overrides(parameters: Mapping[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in parameters.items()]
