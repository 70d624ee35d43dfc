#!/usr/bin/env bash
# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
#
# The recipe of the shipped weights of the cascaded Siamese tracker:
# scripts/train_csn.sh IMAGES SEQUENCES OUT [MATCHING]
#
# The matching subnetwork is that of the shipped SiamFC, or MATCHING, a checkpoint of siamfc or
# csn-matching. The classification subnetwork learns from stills and from labelled sequences, such
# as `siam-tracker train siamfc` mines from videos: the few sequences are given six times, so that
# about one visit in eight is to one of them. Then the two are joined, and their score and its
# thresholds are fitted on sequences that are rendered from the stills, lost_score also on the
# labelled ones, and checked on others. The result is OUT/csn.safetensors.
#
# All stages resume, and a finished one is not done again, but for the fit. On one core, the
# training takes one to two hours, the rest half an hour.
set -euo pipefail
if [ $# -lt 3 ] || [ $# -gt 4 ]; then
  echo "usage: $0 IMAGES SEQUENCES OUT [MATCHING]: two folders of data, one for the results" >&2
  exit 2
fi
images=$1 sequences=$2 out=$3 matching=${4:-auto}
scripts=$(dirname "$0")

"$scripts/train_csn_classification.py" \
  --data "$images" \
  "$sequences" "$sequences" "$sequences" "$sequences" "$sequences" "$sequences" \
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
render tracks --count 30 --training-only 0.03
render tracks-check --count 12 --held-out-only 0.03

"$scripts/join_csn.py" "$matching" \
  "$out/csn-classification/csn-classification.safetensors" "$out/csn.safetensors" \
  --tracks "$out/tracks" --easy "$sequences" --check "$out/tracks-check" --every 2 \
  --set size_from=matching peak_upsampling=4 remember_every=3 drawn_candidates=64 \
  similarity_weight=3 distance_weight=1 box_regression=true regression_samples=200 \
  look_around=true least_classification=0.5
