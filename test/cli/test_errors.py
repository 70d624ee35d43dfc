# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every mistake: one sentence on stderr, exit status 2, no file touched."""

import os
from pathlib import Path
import subprocess
import sys

import pytest
import torch

from siam_tracker_ros import weights
from siam_tracker_ros.cli import COMMANDS, main

ROOT = Path(__file__).resolve().parents[2]
OF_SIAMFC = ('--tracker', 'siamfc', '--weights')
WORDS = '60,50,40,32'


def refusal(capsys, *words):
    """Run and return the one sentence."""
    assert main(list(words)) == 2
    captured = capsys.readouterr()
    assert captured.out == ''
    assert captured.err.startswith('siam-tracker: ')
    assert captured.err.count('\n') == 1
    return captured.err


@pytest.fixture
def track(folder, checkpoint, tmp_path, capsys):
    """Run `track` with one thing wrong; there must be no CSV afterwards."""

    def run(source=folder, box=WORDS, weights_file=checkpoint, more=()):
        path = tmp_path / 'out.csv'
        words = ['track', str(source), '--box', box, *OF_SIAMFC, str(weights_file)]
        sentence = refusal(capsys, *words, '--csv', str(path), *more)
        assert not path.exists()
        return sentence

    return run


@pytest.mark.parametrize(
    ('box', 'words'),
    [
        ('1,2,3', 'expected four numbers x,y,w,h'),
        ('1,2,3,4,5', 'expected four numbers x,y,w,h'),
        ('a,b,c,d', 'expected four numbers x,y,w,h'),
        ('', 'expected four numbers x,y,w,h'),
        ('nan,1,20,20', 'not finite'),
        ('1,1,inf,20', 'not finite'),
        ('1,1,0,20', 'no area'),
        ('1,1,20,-20', 'no area'),
        ('10,10,3,30', 'too small'),
        ('500,500,20,20', 'outside the 200x160 image'),
        ('-30,10,40,40', 'outside the 200x160 image'),
    ],
)
def test_bad_box(track, box, words):
    assert words in track(box=box)


def test_missing_source(track):
    assert 'source nowhere.mp4 does not exist' in track(source='nowhere.mp4')


def test_folder_without_images(track, tmp_path):
    assert 'holds no images' in track(source=tmp_path)


def test_file_that_is_no_video(track):
    assert 'cannot be opened' in track(source=Path(__file__))


def test_missing_camera(track):
    assert 'camera 93 cannot be opened' in track(source='93')


def test_missing_weights(track):
    assert 'there is no such file' in track(weights_file='none.safetensors')


def test_damaged_weights(track, checkpoint, tmp_path):
    path = tmp_path / 'cut.safetensors'
    path.write_bytes(checkpoint.read_bytes()[:1000])
    assert 'not a readable .safetensors file' in track(weights_file=path)


def test_weights_of_another_tracker(track, checkpoint, tmp_path):
    path = tmp_path / 'other.safetensors'
    weights.save(path, weights.Checkpoint({'a': torch.zeros(1)}, weights.Meta('other')))
    assert "belong to tracker 'other'" in track(weights_file=path)


@pytest.mark.parametrize(
    ('more', 'words'),
    [
        (('--tracker', 'sift'), "unknown tracker 'sift'"),
        (('--device', 'tpu'), "unknown device 'tpu'"),
        (('--device', 'cuda:99'), "device 'cuda:99' is not here"),
        (('--precision', 'int4'), "unknown precision 'int4'"),
        (('--backend', 'tensorrt'), "unknown backend 'tensorrt'"),
        (('--seed', 'x'), "invalid int value: 'x'"),
        (('--fps', '0'), 'fps is 0'),
        (('--frames', '0'), '--frames is 0'),
        (('--set', 'scales'), 'expected name=value'),
        (('--set', 'nothing=1'), "unknown setting 'nothing'"),
        (('--set', 'scales=two'), "scales is 'two' (str): expected a whole number"),
        (('--set', 'scales=99'), 'scales is 99: expected a whole number from 1 to 7'),
        (('--set', 'scales=2'), 'expected an odd number'),
        (('--set', 'scale_step=nan'), 'scale_step is nan'),
        (('--video', 'none/out.mp4'), 'there is no folder'),
        (('--video', 'out.avi'), 'must end in .mp4'),
        (('--bag', 'none/bag'), 'there is no folder'),
        (('--bag-images', 'png'), "invalid choice: 'png'"),
        (('--colour',), 'unrecognized arguments: --colour'),
    ],
)
def test_bad_option(track, more, words):
    assert words in track(more=more)


def test_full_gpu(track, monkeypatch):
    def full(*arguments):
        raise torch.cuda.OutOfMemoryError('CUDA out of memory')

    monkeypatch.setattr('siam_tracker_ros.trackers.create', full)
    assert 'the memory of device auto is too small' in track()


def test_refusal_of_the_system(folder, checkpoint, monkeypatch, capsys):
    def full(*arguments):
        raise OSError(28, 'No space left on device', 'out.csv')

    monkeypatch.setattr('siam_tracker_ros.cli.track.CsvSink', full)
    sentence = refusal(
        capsys, 'track', str(folder), '--box', WORDS, *OF_SIAMFC, str(checkpoint)
    )
    assert sentence == 'siam-tracker: the system refused out.csv: No space left on device\n'


def test_existing_bag_is_not_replaced(track, tmp_path):
    (tmp_path / 'bag').mkdir()
    assert 'exists already' in track(more=('--bag', str(tmp_path / 'bag')))


def test_csv_in_a_missing_folder(folder, checkpoint, tmp_path, capsys):
    words = ('track', str(folder), '--box', WORDS, *OF_SIAMFC, str(checkpoint))
    sentence = refusal(capsys, *words, '--csv', str(tmp_path / 'none' / 'out.csv'))
    assert 'there is no folder' in sentence


def test_refused_box_leaves_the_old_results(folder, checkpoint, tmp_path, capsys):
    path = tmp_path / 'out.csv'
    path.write_text('precious')
    words = ('track', str(folder), *OF_SIAMFC, str(checkpoint), '--csv', str(path))
    refusal(capsys, *words, '--box', '900,900,20,20')
    assert path.read_text() == 'precious'


@pytest.mark.parametrize(
    ('words', 'sentence'),
    [
        ((), 'a command is missing: expected one of track'),
        (('dance',), "invalid choice: 'dance'"),
        (('track',), 'required: SOURCE, --box'),
        (('settings', 'sift'), "unknown tracker 'sift'"),
        (('weights', 'show', 'none.safetensors'), 'there is no such file'),
        (('weights', 'show'), 'required: FILE'),
    ],
)
def test_bad_command_line(capsys, words, sentence):
    assert sentence in refusal(capsys, *words)


@pytest.mark.parametrize('name', list(COMMANDS))
def test_help_of_every_command(name, capsys):
    with pytest.raises(SystemExit) as caught:
        main([name, '--help'])
    assert caught.value.code == 0
    assert f'usage: siam-tracker {name}' in capsys.readouterr().out


def run_with(fakes, *words):
    """Run the command in a process where some modules are broken."""
    environment = {**os.environ, 'PYTHONPATH': os.pathsep.join([str(fakes), str(ROOT)])}
    return subprocess.run(
        [sys.executable, '-m', 'siam_tracker_ros.cli', *words],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture
def fakes(tmp_path):
    """A folder for modules that hide the real ones."""
    path = tmp_path / 'fakes'
    path.mkdir()
    return path


def test_broken_opencv_is_one_sentence(fakes, folder, checkpoint):
    (fakes / 'cv2.py').write_text("raise ImportError('libGL.so.1: cannot open shared object')")
    done = run_with(
        fakes, 'track', str(folder), '--box', WORDS, *OF_SIAMFC, str(checkpoint)
    )
    assert done.returncode == 2
    assert done.stderr.startswith('siam-tracker: OpenCV cannot be imported (libGL.so.1')
    assert done.stderr.count('\n') == 1


def test_broken_torch_points_to_the_doctor(fakes, folder):
    (fakes / 'torch.py').write_text("raise OSError('libtorch.so: cannot open shared object')")
    done = run_with(fakes, 'track', str(folder), '--box', WORDS)
    assert done.returncode == 2
    assert 'libtorch.so' in done.stderr
    assert '`siam-tracker doctor`' in done.stderr
    assert done.stderr.count('\n') == 1


def test_help_needs_no_torch(fakes):
    (fakes / 'torch.py').write_text("raise OSError('broken')")
    done = run_with(fakes, '--help')
    assert done.returncode == 0
    assert all(name in done.stdout for name in COMMANDS)


def test_a_closed_pipe_is_no_fault_of_ours():
    command = f'"{sys.executable}" -m siam_tracker_ros.cli settings | head -1'
    done = subprocess.run(
        ['bash', '-c', command], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stderr == ''
    assert done.stdout.count('\n') == 1
