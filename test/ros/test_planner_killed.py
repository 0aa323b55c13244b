"""Real processes: the planner is killed in the middle of a command; the caller is told, and the robot works on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

rclpy = pytest.importorskip("rclpy", reason="needs ROS 2 (make setup)")

from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from vla_ros.msg import CommandStatus as CommandStatusMsg
from vla_ros.srv import ExecuteLanguageCommand

from vla_ros.ros import qos

pytestmark = pytest.mark.ros

ROOT = Path(__file__).resolve().parents[2]
READY_S = 60.0
"""A node that starts on a busy machine; the test waits for what happens, not for this long."""


def start(node: str, *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", f"vla_ros.ros.nodes.{node}", "--ros-args", *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Caller:
    """Language and planner as processes, and somebody who asks."""

    def __init__(self) -> None:
        self.language = start("language_node", "-p", "silence_timeout_s:=2.0")
        self.planner = start("planner_node")
        rclpy.init()
        self.node = Node("caller")
        self.statuses: list[CommandStatusMsg] = []
        self.node.create_subscription(CommandStatusMsg, "command_status", self.statuses.append, qos.STATUS_LOG)
        self.client = self.node.create_client(ExecuteLanguageCommand, "execute_language_command")
        self.executor = SingleThreadedExecutor()
        self.executor.add_node(self.node)

    def until(self, condition: Callable[[], Any], limit_s: float = READY_S) -> None:
        end = time.monotonic() + limit_s
        while not condition():
            assert time.monotonic() < end, "nothing happened in time"
            self.executor.spin_once(timeout_sec=0.05)

    def ask(self, text: str) -> Any:
        return self.client.call_async(ExecuteLanguageCommand.Request(instruction=text, wait=True))

    def answer(self, text: str) -> ExecuteLanguageCommand.Response:
        future = self.ask(text)
        self.until(future.done)
        return future.result()

    def accepted(self) -> bool:
        """Whether a command has been carried out: language and planner have found each other."""
        return bool(self.answer("say dinner is ready").success)

    def close(self) -> None:
        for process in (self.language, self.planner):
            process.kill()
            process.wait()
        self.executor.shutdown()
        self.node.destroy_node()
        rclpy.try_shutdown()


@pytest.fixture
def caller() -> Iterator[Caller]:
    made = Caller()
    yield made
    made.close()


def test_who_waits_for_a_killed_planner_is_told_and_the_next_planner_takes_new_commands(caller: Caller) -> None:
    caller.until(caller.client.service_is_ready)
    caller.until(caller.accepted)
    waiting = caller.ask("wait 300 seconds")
    caller.until(lambda: [s for s in caller.statuses if s.state == "running" and "wait" in s.text])
    alive = len(caller.statuses)
    caller.until(lambda: len(caller.statuses) >= alive + 3)
    assert not waiting.done(), "signs of life keep a long command waiting for more than the silence that fails it"
    os.kill(caller.planner.pid, signal.SIGKILL)
    caller.planner.wait()
    caller.until(waiting.done)
    response = waiting.result()
    assert (response.success, response.state) == (False, "failed")
    assert "planner_node" in response.message and "vla doctor" in response.message
    caller.planner = start("planner_node")
    caller.until(caller.accepted)
