# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import csv
import os
from pathlib import Path
import signal
import subprocess
import sys

import numpy as np
import pytest
from rosbags.highlevel import AnyReader

from siam_tracker_ros import trackers
from siam_tracker_ros.cli import main
from siam_tracker_ros.frames import Frame
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.images import require_cv2, write_image
from siam_tracker_ros.video import open_source

BOX = (60.0, 50.0, 40.0, 32.0)
WORDS = '60,50,40,32'
OF_SIAMFC = ('--tracker', 'siamfc', '--weights')


def track(source, checkpoint, *more):
    words = ['track', str(source), '--box', WORDS, *OF_SIAMFC, str(checkpoint)]
    return main([*words, *more])


def rows_of(path):
    with Path(path).open(newline='') as file:
        return list(csv.DictReader(file))


def boxes_of(rows):
    return np.array([[float(row[key]) for key in 'xywh'] for row in rows])


def library_boxes(images, checkpoint, box=BOX, **overrides):
    """What the library says when it is driven by hand."""
    tracker = trackers.create('siamfc', str(checkpoint), 'cpu', overrides=overrides)
    target = tracker.start(Frame.from_numpy(images[0]), Box.from_ltwh(*box))
    boxes = [target.box.ltwh]
    for image in images[1:]:
        boxes.append(tracker.step(Frame.from_numpy(image), [target])[0].box.ltwh)
    return np.array(boxes)


def test_csv_has_the_fixed_columns_and_the_boxes_of_the_library(
    folder, pictures, checkpoint, tmp_path, capsys
):
    path = tmp_path / 'out.csv'
    assert track(folder, checkpoint, '--csv', str(path)) == 0
    rows = rows_of(path)
    assert list(rows[0]) == ['frame', 'x', 'y', 'w', 'h', 'score', 'state']
    assert [int(row['frame']) for row in rows] == list(range(len(pictures)))
    np.testing.assert_allclose(
        boxes_of(rows), library_boxes(pictures, checkpoint), atol=1e-3
    )
    assert float(rows[0]['score']) == 1.0
    assert {row['state'] for row in rows} == {'tracking'}
    captured = capsys.readouterr()
    assert captured.out == ''
    assert 'siamfc: 6 frames, 6 tracking' in captured.err


def test_first_row_is_the_box_that_was_given(folder, checkpoint, tmp_path):
    path = tmp_path / 'out.csv'
    assert track(folder, checkpoint, '--csv', str(path), '--frames', '1') == 0
    np.testing.assert_array_equal(boxes_of(rows_of(path)), [BOX])


def test_csv_goes_to_the_standard_output_by_default(folder, checkpoint, capsys):
    assert track(folder, checkpoint, '--frames', '3') == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == 'frame,x,y,w,h,score,state'
    assert [line.split(',')[0] for line in lines[1:]] == ['0', '1', '2']


def test_video_source_gives_an_annotated_video_of_the_same_length(video, checkpoint, tmp_path):
    annotated = tmp_path / 'out.mp4'
    csv_path = tmp_path / 'out.csv'
    assert track(video, checkpoint, '--csv', str(csv_path), '--video', str(annotated)) == 0
    with open_source(str(video)) as source, open_source(str(annotated)) as result:
        assert result.fps == pytest.approx(25.0)
        pairs = list(zip(source, result, strict=True))
    x, y, w, h = boxes_of(rows_of(csv_path))[0]
    for before, after in pairs[:1]:
        assert after.image.shape == before.image.shape
        edge = after.image[round(y + h) - 1, round(x) + 5 : round(x + w) - 5].astype(int)
        inside = after.image[round(y + h / 2), round(x + w / 2)].astype(int)
        # The border is green; what it surrounds is as before, but for the compression.
        assert (edge[:, 1] > edge[:, 2] + 50).mean() > 0.9
        assert np.abs(inside - before.image[round(y + h / 2), round(x + w / 2)]).max() < 60


def test_bag_holds_images_detections_and_status(folder, pictures, checkpoint, tmp_path):
    bag, csv_path = tmp_path / 'bag', tmp_path / 'out.csv'
    arguments = ('--csv', str(csv_path), '--bag', str(bag), '--bag-images', 'raw', '--fps', '20')
    assert track(folder, checkpoint, *arguments) == 0
    assert sorted(p.name for p in bag.iterdir()) == ['bag.mcap', 'metadata.yaml']
    found, times = [], []
    with AnyReader([bag]) as reader:
        assert reader.message_count == 3 * len(pictures)
        for connection, time, raw in reader.messages():
            message = reader.deserialize(raw, connection.msgtype)
            if connection.topic == '/siam_tracker/status':
                target = message.targets[0]
                found.append([target.center_x, target.center_y, target.size_x, target.size_y])
                times.append(time)
    boxes = boxes_of(rows_of(csv_path))
    boxes[:, :2] += boxes[:, 2:] / 2
    np.testing.assert_allclose(found, boxes, atol=1e-3)
    np.testing.assert_allclose(np.diff(times), 50_000_000, atol=2)


def test_settings_are_taken(folder, pictures, checkpoint, tmp_path):
    path = tmp_path / 'out.csv'
    words = ('--csv', str(path), '--set', 'scales=1', '--set', 'window_influence=0.9')
    assert track(folder, checkpoint, *words) == 0
    boxes = boxes_of(rows_of(path))
    expected = library_boxes(pictures, checkpoint, scales=1, window_influence=0.9)
    np.testing.assert_allclose(boxes, expected, atol=1e-3)
    np.testing.assert_allclose(boxes[:, 2:], boxes[:1, 2:].repeat(len(boxes), axis=0), atol=1e-3)


def test_same_seed_gives_the_same_file(folder, checkpoint, tmp_path):
    files = [tmp_path / 'a.csv', tmp_path / 'b.csv']
    for file in files:
        assert track(folder, checkpoint, '--csv', str(file), '--seed', '3') == 0
    assert files[0].read_bytes() == files[1].read_bytes()


def test_box_partly_outside_is_clipped(folder, checkpoint, tmp_path):
    path = tmp_path / 'out.csv'
    words = ['track', str(folder), '--box', '-10,20,40,30', *OF_SIAMFC, str(checkpoint)]
    assert main([*words, '--csv', str(path), '--frames', '2']) == 0
    np.testing.assert_array_equal(boxes_of(rows_of(path))[0], [0, 20, 30, 30])


def test_damaged_image_keeps_the_rows_before_it(folder, pictures, checkpoint, tmp_path, capsys):
    for index in range(3):
        write_image(tmp_path / f'{index}.png', pictures[index])
    (tmp_path / '3.png').write_bytes(b'damaged')
    path = tmp_path / 'out.csv'
    assert track(tmp_path, checkpoint, '--csv', str(path)) == 2
    assert len(rows_of(path)) == 3
    error = capsys.readouterr().err
    assert error.startswith('siam-tracker: image ')
    assert '3.png is not a readable image' in error
    assert error.count('\n') == 1


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_complete_files(checkpoint, pictures, tmp_path, number):
    cv2 = require_cv2()
    clip = tmp_path / 'long.avi'
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter.fourcc(*'MJPG'), 25.0, (200, 160))
    for index in range(5000):
        writer.write(pictures[index % len(pictures)])
    writer.release()
    csv_path, annotated, bag = (tmp_path / name for name in ('a.csv', 'a.mp4', 'bag'))
    process = subprocess.Popen(
        [
            sys.executable, '-m', 'siam_tracker_ros.cli', 'track', str(clip), '--box', WORDS,
            *OF_SIAMFC, str(checkpoint), '--csv', str(csv_path), '--video', str(annotated),
            '--bag', str(bag),
        ],
        stderr=subprocess.PIPE, text=True, env={**os.environ, 'OMP_NUM_THREADS': '1'},
    )  # fmt: skip
    try:
        wait_for_lines(process, csv_path, 5)
        process.send_signal(number)
        _, error = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 130
    assert 'Traceback' not in error
    rows = rows_of(csv_path)
    assert 5 <= len(rows) < 5000
    assert all(row['state'] for row in rows)
    with open_source(str(annotated)) as result:
        assert len(list(result)) == len(rows)
    with AnyReader([bag]) as reader:
        assert reader.message_count == 3 * len(rows)


def wait_for_lines(process, path, count):
    """Wait until a file has grown, or the process that writes it has ended."""
    import time

    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if path.exists() and len(path.read_text().splitlines()) > count:
            return
        time.sleep(0.05)
