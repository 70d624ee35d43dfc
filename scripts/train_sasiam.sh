#!/usr/bin/env bash
# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
#
# The recipe of the shipped weights of SA-Siam:
# scripts/train_sasiam.sh CLASSES IMAGES SEQUENCES OUT
#
# A classifier learns the classes of labelled stills, each in a folder of its own, and begins with
# SiamFC's features. The semantic branch learns to join its features, from stills and from labelled
# sequences, such as `siam-tracker train siamfc` mines from videos. It is joined with the shipped
# SiamFC, and the score and its thresholds are fitted on sequences that are rendered from the
# stills, lost_score also on the labelled ones, and checked on others. The result is
# OUT/sasiam.safetensors.
#
# All stages resume, and a finished one is not done again, but for the fit. On one core they take
# about an hour.
set -euo pipefail
if [ $# -ne 4 ]; then
  echo "usage: $0 CLASSES IMAGES SEQUENCES OUT: three folders of data, one for the results" >&2
  exit 2
fi
classes=$1 images=$2 sequences=$3 out=$4
scripts=$(dirname "$0")

siam-tracker train sasiam-classes --data "$classes" --out "$out/classes" \
  --init none --backbone siamfc --steps 2000

siam-tracker train sasiam-semantic --data "$images" "$sequences" --out "$out/semantic" \
  --init none --backbone "$out/classes/sasiam-classes.safetensors" \
  --steps 600 --batch 16 --sequence-share 0.4

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

"$scripts/join_sasiam.py" auto "$out/semantic/sasiam-semantic.safetensors" \
  "$out/sasiam.safetensors" \
  --tracks "$out/tracks" --easy "$sequences" --check "$out/tracks-check" \
  --every 2 --set appearance_share=0.5
