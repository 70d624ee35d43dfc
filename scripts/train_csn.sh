#!/usr/bin/env bash
# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
#
# The recipe of the shipped weights of the cascaded Siamese tracker:
# scripts/train_csn.sh IMAGES VIDEOS OUT
#
# The matching subnetwork learns from stills, from what SiamFC can follow in the videos, and from
# SiamFC's response maps. The classification subnetwork learns from the same images: the few real
# sequences are given six times, so that about one visit in eight is to one of them. Then the two
# are joined, and their score and its thresholds are fitted on sequences that are rendered from the
# stills, lost_score also on what was followed in the videos, and checked on others. The result is
# OUT/csn.safetensors.
#
# All stages resume, and a finished one is not done again, but for the fit. On one core, each of
# the two trainings takes one to two hours, the rest half an hour.
set -euo pipefail
if [ $# -ne 3 ]; then
  echo "usage: $0 IMAGES VIDEOS OUT: two folders of data and one for the results" >&2
  exit 2
fi
images=$1 videos=$2 out=$3
scripts=$(dirname "$0")

siam-tracker train csn-matching --data "$images" "$videos" --out "$out/csn-matching" \
  --init none --teacher siamfc \
  --steps 2000 --batch 16 --rate 0.002 --log-scale 0.12 --sequence-share 0.4 \
  --segments 3 --objects 3 --travel 0 --validate-every 100

mined=$out/csn-matching/mined
"$scripts/train_csn_classification.py" \
  --data "$images" "$mined" "$mined" "$mined" "$mined" "$mined" "$mined" \
  --out "$out/csn-classification" \
  --steps 3000 --rate 0.001 --domains 5000 --heads ridge --dropout 0 \
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

"$scripts/join_csn.py" "$out/csn-matching/csn-matching.safetensors" \
  "$out/csn-classification/csn-classification.safetensors" "$out/csn.safetensors" \
  --tracks "$out/tracks" --easy "$mined" --check "$out/tracks-check" \
  --set size_from=matching peak_upsampling=4 remember_every=3 drawn_candidates=64 \
  similarity_weight=3 distance_weight=1 box_regression=true regression_samples=200 \
  look_around=true least_classification=0.5
