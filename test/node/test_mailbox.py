# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The mailbox: newest image, commands in order, every drop counted."""

import threading
import time

from siam_tracker_ros.node.mailbox import Mailbox
from siam_tracker_ros.node.statistics import Counters, Recent, rate


def test_only_the_newest_image_is_kept_and_drops_are_counted():
    counters = Counters()
    mailbox = Mailbox(counters)
    for image in range(5):
        mailbox.put(image)
    assert mailbox.take(0.0) == ([], 4)
    assert mailbox.take(0.0) == ([], None)
    counts = counters.snapshot()
    assert (counts.received, counts.dropped) == (5, 4)
    assert dict(counts.reasons) == {'replaced': 4}


def test_commands_keep_their_order_and_come_with_the_image():
    mailbox = Mailbox(Counters())
    for command in 'abc':
        assert mailbox.command(command)
    mailbox.put(1)
    assert mailbox.take(0.0) == (['a', 'b', 'c'], 1)


def test_a_closed_mailbox_refuses_and_accounts_for_what_waited():
    counters = Counters()
    mailbox = Mailbox(counters)
    mailbox.put(1)
    mailbox.command('a')
    mailbox.close()
    mailbox.put(2)
    assert not mailbox.command('b')
    assert mailbox.is_closed
    assert mailbox.take(0.0) == (['a'], None)
    counts = counters.snapshot()
    assert counts.received == counts.processed + counts.dropped == 1


def test_closing_wakes_the_worker():
    mailbox = Mailbox(Counters())
    thread = threading.Thread(target=mailbox.take, args=(30.0,))
    thread.start()
    mailbox.close()
    thread.join(5.0)
    assert not thread.is_alive()


def test_every_image_is_processed_or_dropped_under_load():
    counters = Counters()
    mailbox = Mailbox(counters)

    def work():
        while not mailbox.is_closed:
            if mailbox.take(0.01)[1] is not None:
                counters.processed()
                time.sleep(0.001)

    thread = threading.Thread(target=work)
    thread.start()
    for image in range(500):
        mailbox.put(image)
        if image % 7 == 0:
            time.sleep(0.0005)
    mailbox.close()
    thread.join(5.0)
    counts = counters.snapshot()
    assert counts.received == 500
    assert counts.received == counts.processed + counts.dropped
    assert counts.processed > 0


def test_percentiles_and_rate():
    recent = Recent(length=100)
    assert recent.percentile(0.5) == 0.0
    for value in range(200):
        recent.add(float(value))
    assert recent.percentile(0.5) == 150.0
    assert recent.percentile(1.0) == 199.0
    assert rate([1.0, 2.5, 3.0, 4.0], now=4.2, window=2.0) == 1.5
