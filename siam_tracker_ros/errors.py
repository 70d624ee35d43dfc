# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The exceptions that mean: the user can mend this; and words of their sentences."""


class UserError(ValueError):
    """A mistake in what was given: a file, a device, a parameter, a box.

    Its text is one sentence that says what was wrong, what was expected and what to do. The
    command line prints it and exits with 2, the node logs it and refuses the transition; neither
    shows a traceback for it.
    """


class BoxError(UserError):
    """The box to start with cannot be tracked: of many, the next may do."""


def install(extra: str) -> str:
    """The command that installs an extra of this package, for a sentence; no index has it."""
    return f"`pip install '.[{extra}]'` in this package's source folder"
