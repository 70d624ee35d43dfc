# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A lifecycle node whose transitions never hide an exception and never leave it half way.

rclpy answers an exception in a callback by going to ``unconfigured`` without a word, leaves
publishers enabled after shutdown and after an error, and stays in the middle of a transition for
good when a callback returns None. Here the callbacks of rclpy are written once; a node fills in
four bodies that return nothing and may raise.
"""

from __future__ import annotations

from collections.abc import Callable
import traceback
from typing import Any

from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn

from ..errors import UserError


class GuardedLifecycleNode(LifecycleNode):
    """A lifecycle node made of `configure`, `activate`, `deactivate` and `release`.

    =============  =====================================  ==================================
    transition     where its body raises                  state afterwards
    =============  =====================================  ==================================
    configure      `release` undoes it, FAILURE           unconfigured
    activate       `deactivate` undoes it, FAILURE        inactive
    deactivate     it cannot be undone: the rest is       unconfigured
                   stopped and released, ERROR
    cleanup        the same                               unconfigured
    shutdown       logged, the rest is done, SUCCESS      finalized
    error          logged, the rest is done, SUCCESS      unconfigured
    =============  =====================================  ==================================

    `deactivate` and `release` must bear to be called at any time, also twice.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._change_state = self._service_change_state.callback
        self._service_change_state.callback = self._answer_change_state

    def _answer_change_state(self, request: Any, response: Any) -> Any:
        """Answer an illegal transition: up to Jazzy it raises out of the executor instead."""
        try:
            return self._change_state(request, response)
        except rclpy_implementation.RCLError as error:
            self.get_logger().error(f'transition refused: {error}')
            response.success = False
            return response

    def destroy_node(self) -> None:
        """Destroy the node and all that belongs to it, also twice.

        rclpy leaves the state machine, which keeps the node alive: it stays in the graph after its
        process has ended, and the shared memory of that process is never given back.
        """
        try:
            super().destroy_node()
        finally:
            # Gone from here, too: who used it now would end the process by a segmentation fault.
            machine = self.__dict__.pop('_state_machine', None)
            if machine is not None:
                machine.destroy_when_not_in_use()

    def configure(self) -> None:
        """Check parameters, load, create entities; raise `UserError` where the user must act."""

    def activate(self) -> None:
        """Start to work; publishers are enabled afterwards."""

    def deactivate(self) -> None:
        """Stop to work; publishers are disabled afterwards."""

    def release(self) -> None:
        """Destroy what `configure` made."""

    def on_configure(self, state: Any) -> Any:
        """See the class."""
        # A release that failed has left subscriptions, whose messages would be taken twice.
        self._done('release', self.release)
        if self._done('configure', self.configure):
            return super().on_configure(state)
        self._done('undo configure', self.release)
        return TransitionCallbackReturn.FAILURE

    def on_activate(self, state: Any) -> Any:
        """See the class."""
        if self._done('activate', self.activate):
            return super().on_activate(state)
        self._done('undo activate', self.deactivate)
        return TransitionCallbackReturn.FAILURE

    def on_deactivate(self, state: Any) -> Any:
        """See the class."""
        done = self._done('deactivate', self.deactivate)
        result = super().on_deactivate(state)
        return result if done else TransitionCallbackReturn.ERROR

    def on_cleanup(self, state: Any) -> Any:
        """See the class."""
        done = self._done('cleanup', self.release)
        return super().on_cleanup(state) if done else TransitionCallbackReturn.ERROR

    def on_shutdown(self, state: Any) -> Any:
        """See the class."""
        self._abandon(state)
        return TransitionCallbackReturn.SUCCESS

    def on_error(self, state: Any) -> Any:
        """See the class."""
        self._abandon(state)
        return TransitionCallbackReturn.SUCCESS

    def _abandon(self, state: Any) -> None:
        """Stop and release whatever is left; nothing may raise."""
        self._done('stop', self.deactivate)
        # rclpy disables publishers in its deactivation only.
        super().on_deactivate(state)
        self._done('release', self.release)

    def _done(self, what: str, body: Callable[[], None]) -> bool:
        """Run a body; log its exception."""
        try:
            body()
        except UserError as error:
            self.get_logger().error(f'{what} failed: {error}')
            return False
        except Exception:
            self.get_logger().error(f'{what} failed:\n{traceback.format_exc()}')
            return False
        return True

    def guarded(self, callback: Callable[..., Any]) -> Callable[..., None]:
        """Wrap a subscription's or timer's callback: an exception would end the process."""

        def call(*arguments: Any) -> None:
            try:
                callback(*arguments)
            except Exception:
                self.get_logger().error(
                    f'{callback.__name__} failed:\n{traceback.format_exc()}',
                    throttle_duration_sec=5.0,
                )

        return call

    def answering(self, callback: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        """Wrap the callback of a service whose answer has `success` and `message`, likewise."""

        def call(request: Any, response: Any) -> Any:
            try:
                return callback(request, response)
            except Exception as error:
                self.get_logger().error(f'{callback.__name__} failed:\n{traceback.format_exc()}')
                response.success = False
                response.message = f'it failed ({error!r}); the log of the node has the details'
                return response

        return call
