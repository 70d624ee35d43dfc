# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest


class Tree:
    """Writes small datasets. Images are empty files: a reader that opened one would fail."""

    def __init__(self, root):
        self.root = root

    def text(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def images(self, folder, names):
        for name in names:
            self.text(f'{folder}/{name}', '')

    def numbered(self, folder, first, last, pattern='{:04d}.jpg'):
        self.images(folder, [pattern.format(number) for number in range(first, last + 1)])

    def rows(self, path, count, start=1, separator=','):
        """Boxes (start, 2 start, 10, 20), (start + 1, ...), one per line."""
        lines = [
            separator.join(map(str, (number, 2 * number, 10, 20)))
            for number in range(start, start + count)
        ]
        return self.text(path, '\n'.join(lines) + '\n')


@pytest.fixture
def tree(tmp_path):
    # Deep enough that what a wrong folder looks like does not depend on the folders of other
    # tests, which lie beside this one's.
    root = tmp_path / 'above' / 'root'
    root.mkdir(parents=True)
    return Tree(root)
