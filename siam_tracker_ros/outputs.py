# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether a result can be written, found out before any work is done for it."""

from __future__ import annotations

import os
from pathlib import Path

from .errors import UserError


def check_output_file(path: Path | str, what: str) -> Path:
    """Return the path of a file to write, or refuse it.

    Parameters
    ----------
    path : Path or str
        Where the file shall be; an existing file will be replaced.
    what : str
        What the message calls it, such as ``video``.

    Raises
    ------
    UserError
        It is a folder, its folder does not exist, or one may not write there.
    """
    path = Path(path)
    if path.is_dir():
        raise UserError(f'{what} {path} is a folder: give the name of a file in it')
    _check_parent(path, what)
    if path.exists() and not os.access(path, os.W_OK):
        raise UserError(f'{what} {path} may not be replaced: choose another name')
    return path


def prepare_output_file(path: Path | str, what: str) -> Path:
    """Make the folder of a file to write, then see `check_output_file`.

    Raises
    ------
    UserError
        As there, or the folder cannot be made.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f'{what} {path} cannot be written: folder {path.parent} cannot be made '
            f'({error.strerror}); choose another place'
        ) from error
    return check_output_file(path, what)


def check_output_folder(path: Path | str, what: str) -> Path:
    """Return the path of a folder to make, or refuse it.

    Raises
    ------
    UserError
        It exists already, the folder it shall be in does not, or one may not write there.
    """
    path = Path(path)
    if path.exists():
        raise UserError(f'{what} {path} exists already: choose another name, or remove it first')
    _check_parent(path, what)
    return path


def _check_parent(path: Path, what: str) -> None:
    parent = path.absolute().parent
    if not parent.is_dir():
        raise UserError(
            f'{what} {path} cannot be written: there is no folder {parent}; make it first'
        )
    if not os.access(parent, os.W_OK | os.X_OK):
        raise UserError(
            f'{what} {path} cannot be written: folder {parent} is read-only; choose another one'
        )
