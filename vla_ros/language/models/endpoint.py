"""Any OpenAI-compatible chat endpoint (vLLM, llama.cpp, Ollama, a cloud) as a language model.

Standard library only. One POST an asking; the answer's size and the whole time are bounded, so that an endpoint
which drips, floods or hangs costs no more than the time-out.
"""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

from vla_ros.core.errors import ConfigError, VlaError, shorten
from vla_ros.language.models.schema import task_schema

_MAX_BYTES = 200_000


class NoAnswerError(VlaError):
    """The endpoint gave nothing that could be used in time."""


class Endpoint:
    """Speaks ``POST <url>/chat/completions`` with a JSON schema as response format and temperature 0.

    Args:
        url: base, for example http://127.0.0.1:8000/v1.
        model: the model's name there.
        key: bearer token; "" sends none. It is never put into an error or a log.

    Raises ConfigError for a URL that is not http(s), or a key that would travel unencrypted to another machine.
    """

    def __init__(self, url: str, model: str, key: str = "") -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigError("language_node.model_url", url, "Give for example http://127.0.0.1:8000/v1.")
        if key and parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
            raise ConfigError("language_node.model_url", url, "A key goes to other machines by https only.")
        if not model:
            raise ConfigError("language_node.model", model, "Name the model that the endpoint shall use.")
        self._parts, self._model, self._key = parts, model, key

    def complete(self, system: str, user: str, timeout_s: float) -> str:
        """The first choice's text. Raises NoAnswerError, also when ``timeout_s`` is over."""
        end = time.monotonic() + timeout_s
        body = json.dumps(
            {
                "model": self._model,
                "messages": [{"role": "system", "content": system}, {"role": "user", "content": user}],
                "temperature": 0,
                "max_tokens": 1024,
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "task", "strict": True, "schema": task_schema()},
                },
            }
        ).encode()
        try:
            raw = self._post(body, end)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NoAnswerError(f"The language model at {self._where} does not answer: {shorten(error)}.") from None
        return _content(raw, self._where)

    @property
    def _where(self) -> str:
        return f"{self._parts.hostname}:{self._parts.port or ''}".rstrip(":")

    def _post(self, body: bytes, end: float) -> bytes:
        kind = http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(str(self._parts.hostname), self._parts.port, timeout=_left(end))
        headers = {"Content-Type": "application/json", "Accept": "application/json", "Connection": "close"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        try:
            connection.connect()
            with _cut_at(connection.sock, end):
                connection.request("POST", self._parts.path.rstrip("/") + "/chat/completions", body, headers)
                response = connection.getresponse()
                if response.status != 200:
                    raise http.client.HTTPException(f"HTTP status {response.status}")
                got = response.read(_MAX_BYTES + 1)
        finally:
            connection.close()
        _left(end)  # an answer that was cut short by the time-out is none
        if len(got) > _MAX_BYTES:
            raise http.client.HTTPException(f"an answer of more than {_MAX_BYTES} bytes")
        return got


@contextmanager
def _cut_at(sock: socket.socket, end: float) -> Iterator[None]:
    """Shuts the socket down at ``end``: its own time-out counts from each byte, and a slow sender never hits it."""

    def cut() -> None:
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(_left(end), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _left(end: float) -> float:
    left_s = end - time.monotonic()
    if left_s <= 0.0:
        raise TimeoutError("time is over")
    return left_s


def _content(raw: bytes, where: str) -> str:
    try:
        data: Any = json.loads(raw)
        content = data["choices"][0]["message"]["content"]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        raise NoAnswerError(f"The language model at {where} answered something else than a chat completion.") from None
    if not isinstance(content, str):
        raise NoAnswerError(f"The language model at {where} answered without text.")
    return content
