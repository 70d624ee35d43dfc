#!/usr/bin/env bash
# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
#
# The recipe of the shipped weights of the cascaded Siamese tracker:
# scripts/train_csn.sh IMAGES VIDEOS OUT
#
# The matching subnetwork learns from stills, then from stills and what it could follow in the
# videos. The classification subnetwork learns from both, too: the few real sequences are given
# six times, so that about one visit in eight is to one of them. Then the two are joined, and their
# score and its thresholds are fitted on sequences that are rendered from the stills, and checked
# on others, of stills that the first stage did not see. The result is OUT/csn.safetensors.
#
# All stages resume, and a finished one is not done again, but for the fit. On one core, each of
# the three trainings takes one to two hours, the rest half an hour.
set -euo pipefail
if [ $# -ne 3 ]; then
  echo "usage: $0 IMAGES VIDEOS OUT: two folders of data and one for the results" >&2
  exit 2
fi
images=$1 videos=$2 out=$3
scripts=$(dirname "$0")

siam-tracker train csn-matching --data "$images" --out "$out/csn-matching" --init none \
  --steps 2600 --batch 16 --rate 0.002 --validate-every 200
siam-tracker train csn-matching --data "$images" "$videos" --out "$out/csn-matching-2" \
  --init "$out/csn-matching/csn-matching.safetensors" \
  --steps 2600 --batch 16 --rate 0.001 --log-scale 0.1 --sequence-share 0.4 \
  --segments 3 --objects 3 --travel 0 --validate-every 200

mined=$out/csn-matching-2/mined
"$scripts/train_csn_classification.py" \
  --data "$images" "$mined" "$mined" "$mined" "$mined" "$mined" "$mined" \
  --out "$out/csn-classification" \
  --steps 1600 --rate 0.001 --domains 5000 --heads ridge --dropout 0 \
  --visits 4 --views 4 --positives 8 --negatives 24

# A folder of tracks is whole or not there.
render() {
  if [ ! -d "$out/$1" ]; then
    rm -rf "$out/$1.part"
    "$scripts/render_tracks.py" --data "$images" --out "$out/$1.part" "${@:2}"
    mv "$out/$1.part" "$out/$1"
  fi
}
render tracks --count 60 --training-only 0.03
render tracks-check --count 20 --held-out-only 0.03

"$scripts/join_csn.py" "$out/csn-matching-2/csn-matching.safetensors" \
  "$out/csn-classification/csn-classification.safetensors" "$out/csn.safetensors" \
  --tracks "$out/tracks" --check "$out/tracks-check" \
  --set size_from=matching peak_upsampling=4 remember_every=3 drawn_candidates=64 \
  similarity_weight=1 distance_weight=1
