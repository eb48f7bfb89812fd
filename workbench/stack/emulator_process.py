"""The emulator's process: MiniStack, with patches for behaviour that differs from AWS.

- Functions run in an interpreter like Lambda's. The workbench's own interpreter has all packages: it would hide a layer
  that lacks something.
- A body with a Content-Encoding reaches functions in base64, byte for byte. MiniStack goes by the content type
  alone and would decode gzip as text.
- The concurrency of a queue's consumer is a number, also where the template takes it from a parameter. MiniStack leaves
  that as text, fails to compare it, and polls no more.
"""

import hashlib
import os
import threading
import zipfile
from contextvars import ContextVar
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ministack import app
from ministack.core import lambda_runtime
from ministack.services import apigateway, lambda_svc

_encoded: ContextVar[bool] = ContextVar("encoded", default=False)
_is_text = apigateway._v2_request_body_is_text  # noqa: SLF001
_invoke = apigateway._invoke_lambda_proxy  # noqa: SLF001
_runtime_binary = lambda_runtime._detect_runtime_binary  # noqa: SLF001
_concurrency = lambda_svc._sqs_esm_concurrency  # noqa: SLF001


def _text_unless_encoded(content_type: str | None) -> bool:
    return not _encoded.get() and bool(_is_text(content_type))


async def _invoke_noting_encoding(*arguments: Any, **named: Any) -> Any:
    headers: dict[str, str] = arguments[5]
    _encoded.set("content-encoding" in headers)
    return await _invoke(*arguments, **named)


def _lambda_binary(runtime: str) -> tuple[str, str]:
    binary, script = _runtime_binary(runtime)
    return (os.environ["ROLLCALL_LAMBDA_PYTHON"] if runtime.startswith("python") else binary), script


def _concurrency_in_numbers(mapping: dict[str, Any], *arguments: Any) -> int:
    scaling = {name: int(value) for name, value in (mapping.get("ScalingConfig") or {}).items()}
    return int(_concurrency({**mapping, "ScalingConfig": scaling}, *arguments))


class _LayersOnce(zipfile.ZipFile):
    """The archive of a function or a layer. A layer is unpacked beside the functions' folders, by its content."""

    unpacking = threading.Lock()

    def extractall(self, path: Any = None, members: Any = None, pwd: bytes | None = None) -> None:
        """Unpack the archive, or link to the folder where it was unpacked before."""
        folder = Path(path)
        if not folder.name.startswith("layer_"):
            return super().extractall(path, members, pwd)
        content = hashlib.sha256(Path(str(self.filename)).read_bytes()).hexdigest()
        unpacked = folder.parent.parent / f"layer_{content}"
        with self.unpacking:
            if not unpacked.exists():
                half = unpacked.with_suffix(".half")
                super().extractall(half, members, pwd)
                half.rename(unpacked)
        folder.rmdir()
        return folder.symlink_to(unpacked)


def main() -> None:
    """Serve until a signal stops the process."""
    apigateway._v2_request_body_is_text = _text_unless_encoded  # noqa: SLF001
    apigateway._invoke_lambda_proxy = _invoke_noting_encoding  # noqa: SLF001
    lambda_runtime._detect_runtime_binary = _lambda_binary  # noqa: SLF001
    lambda_svc._sqs_esm_concurrency = _concurrency_in_numbers  # noqa: SLF001
    lambda_runtime.zipfile = SimpleNamespace(**{**vars(zipfile), "ZipFile": _LayersOnce})
    app.main()


if __name__ == "__main__":
    main()
