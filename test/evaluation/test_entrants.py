# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace
import json
import pickle

import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.evaluation import sources
from siam_tracker_ros.evaluation.entrants import parse_entrants
from siam_tracker_ros.weights import resolve


@pytest.mark.parametrize(
    ('words', 'more', 'sentence'),
    [
        ([], {}, 'no tracker is asked for'),
        (['sift'], {}, "unknown tracker 'sift': expected one of siamfc, "),
        (['mil', 'mil'], {}, "tracker 'mil' is asked for twice"),
        (['mil=a.safetensors'], {}, 'only our own trackers take weights; write mil'),
        (['siamfc=none.safetensors'], {}, "weights 'none.safetensors' of siamfc: there is no"),
        (['siamfc='], {}, "weights '' of siamfc: there is no such file"),
        (['siamfc'], {'assignments': ['scales']}, 'expected name=value'),
        (['siamfc'], {'assignments': ['nothing=1']}, "unknown setting 'nothing'"),
        (['siamfc'], {'assignments': ['scales=99']}, 'scales is 99: expected'),
    ],
)
def test_mistakes_are_one_sentence(words, more, sentence):
    with pytest.raises(UserError) as caught:
        parse_entrants(words, **more)
    assert sentence in str(caught.value)
    assert '\n' not in str(caught.value)


def test_words_become_subjects(small_weights):
    ours, peer = parse_entrants([f'siamfc={small_weights}', 'mil'], assignments=['scales=1'])
    assert ours.subject().name == ours.label == f'siamfc={small_weights}'
    assert dict(ours.overrides) == {'scales': 1}
    assert peer.subject().name == 'mil'
    assert (ours.is_peer, peer.is_peer) == (False, True)
    assert (ours.is_random, peer.is_random) == (False, True)
    assert pickle.loads(pickle.dumps([ours, peer])) == [ours, peer]


def test_fingerprints_differ_with_all_that_results_depend_on(small_weights):
    [entrant] = parse_entrants([f'siamfc={small_weights}'])
    base = entrant.fingerprint()
    assert json.loads(json.dumps(base)) == base
    [same_file] = parse_entrants([f'siamfc={small_weights}'])
    assert same_file.fingerprint() == base
    for changed in (
        {'weights': str(resolve('siamfc', 'auto'))},
        {'overrides': (('scales', 1),)},
        {'precision': 'bfloat16'},
        {'device': 'cuda:1'},
        {'threads': 2},
    ):
        assert replace(entrant, **changed).fingerprint() != base, changed
    assert replace(entrant, precision='float32').fingerprint() == base


def test_a_peer_does_not_depend_on_what_is_ours(tmp_path):
    [peer] = parse_entrants(['kcf'], precision='bfloat16', peers=tmp_path)
    _, other = parse_entrants(['siamfc', 'kcf'], device='cuda', assignments=['scales=1'])
    assert peer.fingerprint() == other.fingerprint()


def test_networks_of_a_peer_belong_to_its_fingerprint(tmp_path):
    folder = tmp_path / 'nanotrack_v2'
    [peer] = parse_entrants(['nanotrack'], peers=tmp_path)
    with pytest.raises(UserError, match=r'nanotrack needs .*which does not exist'):
        peer.fingerprint()
    folder.mkdir()
    for part in ('backbone', 'head'):
        (folder / f'nanotrack_{part}_sim.onnx').write_bytes(b'1')
    before = peer.fingerprint()
    (folder / 'nanotrack_head_sim.onnx').write_bytes(b'2')
    assert peer.fingerprint() != before


def test_digest_follows_the_code(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, 'PACKAGE', tmp_path)
    (tmp_path / 'models').mkdir()
    file = tmp_path / 'models' / 'net.py'
    digests = []
    for text in ('a', 'b', 'a'):
        file.write_text(text)
        sources.digest_sources.cache_clear()
        digests.append(sources.digest_sources(('models',)))
    sources.digest_sources.cache_clear()
    assert digests[0] == digests[2] != digests[1]


def test_a_class_without_a_file_is_told_by_its_name():
    """As one that was typed in."""
    made = [type(name, (), {'__module__': 'typed'}) for name in ('A', 'B')]
    assert sources.digest_class(made[0]) != sources.digest_class(made[1])
    assert sources.digest_class(made[0]) == sources.digest_class(made[0])
