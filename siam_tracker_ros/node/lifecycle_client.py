# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A lifecycle node from outside: what became of a transition, also where its answer is lost.

DDS makes the two ends of a service known to each other one by one. A client sees that a service
is there a little before the service sees where to send its answers, and drops one that is due in
between: the transition has run, and nobody hears of it. The state of the node tells.
"""

from __future__ import annotations

from collections.abc import Callable
import time
from typing import Any

from lifecycle_msgs.msg import State
from lifecycle_msgs.srv import ChangeState, GetState
from rclpy.client import Client
from rclpy.node import Node

PATIENCE = 3.0
"""Seconds without an answer after which the state is asked for."""

RESTING = (
    State.PRIMARY_STATE_UNCONFIGURED,
    State.PRIMARY_STATE_INACTIVE,
    State.PRIMARY_STATE_ACTIVE,
    State.PRIMARY_STATE_FINALIZED,
)
"""States of a node in which no transition runs."""

Wait = Callable[[Callable[[], bool], float, str], None]


class LifecycleClient:
    """Asks a lifecycle node for transitions, each of them once.

    Parameters
    ----------
    node : Node
        What the clients belong to.
    name : str
        Name of the lifecycle node.
    wait : callable
        Spins `node` until a condition holds; it gets the condition, the seconds it has, and what
        is waited for.
    patience : float
        Seconds without an answer after which the state is asked for, and then between two such
        questions.
    """

    def __init__(self, node: Node, name: str, wait: Wait, patience: float = PATIENCE) -> None:
        self._change = node.create_client(ChangeState, f'{name}/change_state')
        self._state = node.create_client(GetState, f'{name}/get_state')
        self._wait = wait
        self._patience = patience

    def ask(self, transition: int, seconds: float) -> Any:
        """Ask for a transition, and return the future of its answer.

        Parameters
        ----------
        transition : int
            A constant of ``lifecycle_msgs/msg/Transition``.
        seconds : float
            How long the node may take to be there.

        Raises
        ------
        UserError
            Of `wait`: it takes longer.
        """
        for client in (self._change, self._state):
            self._wait(client.service_is_ready, seconds, f'the start of {client.srv_name}')
        request = ChangeState.Request()
        request.transition.id = transition
        return self._change.call_async(request)

    def change(self, transition: int, goal: int, seconds: float, what: str) -> bool:
        """Ask for a transition, and wait until it has run.

        Parameters
        ----------
        transition : int
            A constant of ``lifecycle_msgs/msg/Transition``.
        goal : int
            The state that it leads to: a constant of ``lifecycle_msgs/msg/State``.
        seconds : float
            How long this may take.
        what : str
            What it is, for the sentence of an error.

        Returns
        -------
        bool
            Whether it succeeded; else the node refused.

        Raises
        ------
        UserError
            Of `wait`: it takes longer.
        """
        answer = self.ask(transition, seconds)
        watch = _Watch(self._state, goal, self._patience)
        self._wait(lambda: answer.done() or watch.look() is not None, seconds, what)
        if answer.done():
            return bool(answer.result().success)
        self._change.remove_pending_request(answer)
        return bool(watch.outcome)


class _Watch:
    """Concludes from a node's state whether a transition, asked for just now, has succeeded.

    Parameters
    ----------
    client : Client
        Of ``get_state``.
    goal : int
        The state that the transition leads to.
    patience : float
        Seconds before the first question, and between two.

    Attributes
    ----------
    outcome : bool or None
        Whether it succeeded; None while that is not known.
    """

    def __init__(self, client: Client, goal: int, patience: float) -> None:
        self.outcome: bool | None = None
        self._client = client
        self._goal = goal
        self._patience = patience
        self._due = time.monotonic() + patience
        self._question: Any = None
        self._elsewhere = 0

    def look(self) -> bool | None:
        """Take an answer that has come, ask again where it is time, and return the outcome."""
        if self._question is not None and self._question.done():
            self._take(self._question.result().current_state.id)
            self._question = None
            self._due = time.monotonic() + self._patience
        if self.outcome is None and time.monotonic() >= self._due:
            if self._question is not None:
                # Its answer may be lost as well.
                self._client.remove_pending_request(self._question)
            self._question = self._client.call_async(GetState.Request())
            self._due = time.monotonic() + self._patience
        return self.outcome

    def _take(self, state: int) -> None:
        """Conclude from a state that was asked for after the transition."""
        self._elsewhere = self._elsewhere + 1 if state in RESTING else 0
        if state == self._goal:
            self.outcome = True
        elif self._elsewhere == 2:
            # Nothing orders two services: the first answer may have overtaken the transition.
            # The second one has not: in between the node had time for it.
            self.outcome = False
