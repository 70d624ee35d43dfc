# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
from pathlib import Path
import runpy
import sys

import numpy as np
import pytest
import torch

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.images import read_image, write_image
from siam_tracker_ros.sequences import read_sequences
from siam_tracker_ros.training.sources import Shot, discover, split
from siam_tracker_ros.training.staging import FIRST_VISIBLE
from siam_tracker_ros.training.tracks import Tracks, TrackSettings, write_tracks

SCRIPT = Path(__file__).resolve().parents[2] / 'scripts' / 'render_tracks.py'
SHARES = (
    'kicks', 'camera', 'scaling', 'turning', 'drifting', 'light', 'blur', 'noise', 'distractors',
    'occluders', 'leaving',
)  # fmt: skip
NOTHING = dict.fromkeys(SHARES, 0.0)
# Those that neither move nor reshape the target.
APART = ('light', 'blur', 'noise', 'drifting', 'distractors', 'occluders')
QUICK = {'size': 64, 'frames': 40, 'min_absence': 5, 'max_absence': 10, 'leaving': 0.0}


@pytest.fixture
def shots(stills):
    return discover([stills]).shots


@pytest.fixture
def plain(tmp_path):
    """A white image and a black one, with a box in each."""
    shots = []
    for name, level in (('white', 255), ('black', 0)):
        path = tmp_path / f'{name}.png'
        write_image(path, np.full((200, 260, 3), level, np.uint8))
        shots.append(Shot((path,), (Box(120.0, 90.0, 90.0, 60.0),), name))
    return shots


def white(tracks, count):
    """Tracks whose target is the white image, on black."""
    found = [t for t in (tracks[i] for i in range(2 * count)) if target_level(t[0]) > 250]
    assert len(found) == count
    return found


def target_level(frame):
    return float(frame.pixels[int(frame.box.cy), int(frame.box.cx)].float().mean())


def brightness(frame):
    return float(frame.pixels.float().sum())


def enclosing(pixels):
    """Left, top, right, bottom of all that is brighter than half."""
    bright = pixels[:, :, 0].numpy() > 127
    rows, columns = np.flatnonzero(bright.any(axis=1)), np.flatnonzero(bright.any(axis=0))
    return columns[0], rows[0], columns[-1] + 1, rows[-1] + 1


def pixels(track, every=7):
    return torch.stack([track[t].pixels for t in range(0, len(track), every)])


def test_a_track_has_its_frames(shots):
    track = Tracks(shots, TrackSettings(**QUICK), 0)[0]
    assert len(track) == len(track.boxes) == len(track.visible) == 40
    frames = list(track)
    assert len(frames) == 40
    for frame, box, share in zip(frames, track.boxes, track.visible):
        assert frame.pixels.shape == frame.image.shape == (64, 64, 3)
        assert frame.pixels.dtype == torch.uint8
        assert frame.box == box
        assert frame.visible == share
        np.testing.assert_array_equal(frame.image[:, :, ::-1], frame.pixels.numpy())


def test_the_same_index_gives_the_same_track(shots):
    settings = TrackSettings(**{**QUICK, **dict.fromkeys(SHARES, 1.0), 'frames': 70})
    one, same = (Tracks(shots, settings, 3)[5] for _ in range(2))
    # In another order, too.
    late = same[56].pixels
    assert torch.equal(pixels(one), pixels(same))
    assert torch.equal(late, one[56].pixels)
    assert one.boxes == same.boxes
    for other in (Tracks(shots, settings, 3)[6], Tracks(shots, settings, 4)[5]):
        assert other.boxes != one.boxes
        assert not torch.equal(other[0].pixels, one[0].pixels)


def test_all_shots_lend_a_target_before_any_does_again(plain):
    tracks = Tracks(plain, TrackSettings(**{**QUICK, **NOTHING}), 0)
    levels = [target_level(tracks[i][0]) for i in range(12)]
    assert all(sum(levels[i : i + 2]) == 255.0 for i in range(0, 12, 2))
    assert len(set(levels[::2])) == 2


def test_boxes_agree_with_what_is_seen(plain):
    values = {**NOTHING, 'frames': 80, 'scaling': 1.0, 'turning': 1.0, 'drifting': 1.0}
    settings = TrackSettings(**values)
    turned = 0
    for track in white(Tracks(plain, settings, 1), 3):
        ratios = []
        for frame in track:
            ratios.append(frame.box.w / frame.box.h)
            # Where the frame cuts it, only the sides of the box at the frame are the object's.
            if frame.visible == 1.0:
                assert frame.box.ltrb == pytest.approx(enclosing(frame.pixels), abs=1.0)
        turned += max(ratios) / min(ratios) > 1.2
    assert turned


def test_boxes_agree_while_the_camera_shakes(plain):
    settings = TrackSettings(**{**NOTHING, 'frames': 60, 'camera': 1.0, 'kicks': 1.0})
    for track in white(Tracks(plain, settings, 0), 3):
        for frame in track:
            if frame.visible == 1.0:
                assert frame.box.ltrb == pytest.approx(enclosing(frame.pixels), abs=1.0)


def test_boxes_are_cut_off_at_the_border(plain):
    settings = TrackSettings(**{**NOTHING, 'leaving': 1.0})
    cut = 0
    for track in white(Tracks(plain, settings, 0), 6):
        for box, share in zip(track.boxes, track.visible):
            if box is not None:
                left, top, right, bottom = box.ltrb
                assert min(left, top) >= 0.0
                assert max(right, bottom) <= 256.0
                cut += share < 0.8 and (min(left, top) == 0.0 or max(right, bottom) == 256.0)
    assert cut


@pytest.mark.parametrize('blur', [0.0, 1.0])
def test_an_absent_target_is_not_seen(plain, blur):
    settings = TrackSettings(**{**NOTHING, 'leaving': 1.0, 'blur': blur})
    covered = outside = 0
    for track in white(Tracks(plain, settings, 2), 6):
        gone = track.visible == 0.0
        absent = np.array([box is None for box in track.boxes])
        np.testing.assert_array_equal(absent, track.visible < 0.15)
        assert 5 <= gone.sum() <= 60
        assert absent.sum() >= 10
        whole = brightness(track[0])
        seen = {t: brightness(track[t]) / whole for t in np.flatnonzero(absent).tolist()}
        # Soft edges, and a shutter that is open while it goes.
        assert max(seen.values()) < 0.5
        if blur == 0.0:
            assert max(share for t, share in seen.items() if gone[t]) < 0.03
            assert np.median(list(seen.values())) < 1e-3
        # Covers are black as well: what is covered is where it was before.
        last = track.boxes[int(np.flatnonzero(absent)[0]) - 1].ltrb
        near = min(*last[:2], *(256.0 - side for side in last[2:])) < 20.0
        outside += near
        covered += not near
        # It comes back.
        assert not absent[-1]
    assert covered
    assert outside


def test_the_smallest_visible_share_is_a_setting(plain):
    values = {**NOTHING, 'leaving': 1.0, 'occluders': 1.0}
    for least in (0.0, 0.15, 0.6):
        track = Tracks(plain, TrackSettings(**values, visible=least), 0)[0]
        there = np.array([box is not None for box in track.boxes])
        np.testing.assert_array_equal(there, (track.visible >= least) & (track.visible > 0.0))


def test_tracking_starts_with_the_target_in_view(shots):
    settings = TrackSettings(**{**QUICK, 'occluders': 1.0, 'distractors': 1.0})
    for index in range(30):
        track = Tracks(shots, settings, 0)[index]
        # Each of several things may cover a little.
        assert track.visible[0] > 1.0 - 6 * (1.0 - FIRST_VISIBLE)
        assert track.boxes[0] is not None


def test_without_any_disturbance_nothing_moves(shots):
    settings = TrackSettings(**{**QUICK, **NOTHING, 'speed': 0.0, 'frames': 12})
    track = Tracks(shots, settings, 0)[0]
    seen = pixels(track, every=1)
    assert torch.equal(seen, seen[:1].expand_as(seen))
    assert len(set(track.boxes)) == 1
    assert track.visible.min() == 1.0


@pytest.mark.parametrize('name', SHARES)
def test_each_disturbance_changes_something(shots, name):
    values = {**QUICK, **NOTHING, 'frames': 70}
    bare, disturbed = (
        [Tracks(shots, TrackSettings(**{**values, **more}), 1)[i] for i in range(4)]
        for more in ({}, {name: 1.0})
    )
    changed = [not torch.equal(pixels(bare[t]), pixels(disturbed[t])) for t in range(4)]
    assert sum(changed) >= 3


@pytest.mark.parametrize('name', APART)
def test_what_does_not_touch_the_target_leaves_its_boxes_alone(shots, name):
    values = {**QUICK, **dict.fromkeys(SHARES, 1.0), 'leaving': 0.0, 'frames': 70}
    whole, without = (
        [Tracks(shots, TrackSettings(**{**values, **more}), 1)[i] for i in range(4)]
        for more in ({}, {name: 0.0})
    )
    for one, other in zip(whole, without):
        same = [a == b for a, b in zip(one.boxes, other.boxes) if a and b]
        assert all(same)
        assert len(same) > 20
    assert any(not torch.equal(pixels(a), pixels(b)) for a, b in zip(whole, without))


def test_the_target_is_as_large_and_as_fast_as_asked(shots):
    values = {**NOTHING, 'kicks': 1.0, 'min_side': 0.1, 'max_side': 0.2, 'speed': 0.25}
    fastest = 0.0
    for index in range(20):
        track = Tracks(shots, TrackSettings(**values), 0)[index]
        side = np.sqrt(track.boxes[0].area)
        assert 0.1 * 256 - 1e-6 <= side <= 0.2 * 256 + 1e-6
        places = np.array([(box.cx, box.cy) for box in track.boxes])
        whole = track.visible[1:] + track.visible[:-1] == 2.0
        steps = np.hypot(*np.diff(places, axis=0).T)[whole]
        assert steps.max() <= 0.25 * side + 1e-6
        fastest = max(fastest, steps.max() / side)
    assert fastest > 0.2


def test_sequences_lend_their_objects_as_well(sequence, stills):
    shots = discover([sequence, stills]).shots
    number = next(i for i, shot in enumerate(shots) if len(shot.images) > 1)
    tracks = Tracks(shots, TrackSettings(**QUICK), 0)
    rng = np.random.default_rng(0)
    # All but the one where it is absent.
    boxes = {tracks.cast.view(number, rng).box for _ in range(100)}
    assert len(boxes) == 11
    assert all((box.w, box.h) == (24.0, 18.0) for box in boxes)
    assert [tracks[i][0].box is not None for i in range(9)] == [True] * 9


def test_written_tracks_are_read_back(shots, tmp_path):
    settings = TrackSettings(**{**QUICK, 'frames': 70, 'leaving': 1.0})
    folders = write_tracks(shots, tmp_path / 'out', 3, settings, 0)
    sequences = read_sequences(tmp_path / 'out')
    assert [s.name for s in sequences] == [f.name for f in folders]
    assert len(sequences) == 3
    tracks = Tracks(shots, settings, 0)
    for index, sequence in enumerate(sequences):
        track = tracks[index]
        assert len(sequence.images) == 70
        assert sequence.absent.tolist() == [box is None for box in track.boxes]
        assert sequence.absent.any()
        for box, row in zip(track.boxes, sequence.boxes):
            if box is not None:
                assert row.tolist() == pytest.approx(box.ltwh, abs=0.006)
        error = np.abs(read_image(sequence.images[7]).astype(int) - track[7].image)
        assert error.mean() < 10
    # What is written is data to train with.
    assert [len(shot.visible) for shot in discover([tmp_path / 'out']).shots] == [
        int(s.present.sum()) for s in sequences
    ]


def test_a_folder_that_holds_something_is_refused(shots, tmp_path):
    (tmp_path / 'out').mkdir()
    (tmp_path / 'out' / 'note').write_text('')
    with pytest.raises(UserError, match='out is not empty: give a new one'):
        write_tracks(shots, tmp_path / 'out', 1, TrackSettings(**QUICK), 0)


def test_one_shot_is_refused(shots):
    with pytest.raises(UserError, match='only 1 images or scenes: expected at least 2'):
        Tracks(shots[:1], TrackSettings(**QUICK), 0)


@pytest.mark.parametrize(
    ('values', 'sentence'),
    [
        ({'min_side': 0.4}, r'min_side is 0\.4: expected at most max_side \(0\.35\)'),
        ({'min_absence': 50}, r'min_absence is 50: expected at most max_absence \(40\)'),
        ({'frames': 99}, r'frames is 99: expected at least 100 .* or set leaving to 0'),
        ({'occluders': 1.5}, r'occluders is 1\.5: expected a number from 0 to 1'),
        ({'size': 10}, r'size is 10: expected a whole number from 64 to 2048 \(px\)'),
    ],
)
def test_impossible_settings_are_refused(values, sentence):
    with pytest.raises(UserError, match=sentence):
        TrackSettings(**values)


@pytest.mark.parametrize('words', [['--held-out-only', 2], ['--seed', -1], ['--count', -3]])
def test_the_script_refuses_what_cannot_be(monkeypatch, capsys, tmp_path, words):
    assert run(monkeypatch, '--data', tmp_path, '--out', tmp_path / 'out', *words) == 2
    assert 'error: ' in capsys.readouterr().err


def run(monkeypatch, *words):
    monkeypatch.setattr(sys, 'argv', ['render_tracks.py', *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(SCRIPT), run_name='__main__')
    return ended.value.code


@pytest.mark.parametrize(('option', 'part'), [('--held-out-only', 1), ('--training-only', 0)])
def test_the_script_takes_one_part_of_the_shots(
    monkeypatch, capsys, stills, shots, tmp_path, option, part
):
    small = ['--frames', 3, '--size', 64, '--leaving', 0, '--threads', 1]
    out = tmp_path / 'out'
    code = run(
        monkeypatch, '--data', stills, '--out', out, '--count', 2, '--seed', 5, option, 0.5, *small
    )
    assert code == 0
    assert capsys.readouterr().out == f'2 tracks in {out}\n'
    settings = TrackSettings(frames=3, size=64, leaving=0.0)
    write_tracks(split(shots, 0.5, 0)[part], tmp_path / 'same', 2, settings, 5)
    for one, same in zip(read_sequences(out), read_sequences(tmp_path / 'same')):
        assert one.images[2].read_bytes() == same.images[2].read_bytes()


def test_the_script_says_what_is_wrong(monkeypatch, capsys, stills, tmp_path):
    assert run(monkeypatch, '--data', stills, '--out', tmp_path / 'out', '--frames', 20) == 2
    assert capsys.readouterr().err.startswith('render_tracks: frames is 20: expected')
