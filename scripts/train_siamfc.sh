#!/usr/bin/env bash
# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
#
# The recipe of the shipped SiamFC weights: scripts/train_siamfc.sh IMAGES VIDEOS OUT
#
# Stills first, because videos can only be mined by a network that tracks; then stills and what it
# could follow in the videos, with less change of scale, so that the response tells scales apart.
# Both stages resume. Two cores take about 55 and 25 minutes.
set -euo pipefail
if [ $# -ne 3 ]; then
  echo "usage: $0 IMAGES VIDEOS OUT: two folders of data and one for the results" >&2
  exit 2
fi
images=$1 videos=$2 out=$3

siam-tracker train siamfc --data "$images" --out "$out/siamfc-stills" --init none \
  --steps 2600 --batch 16 --validate-every 200
siam-tracker train siamfc --data "$images" "$videos" --out "$out/siamfc" \
  --init "$out/siamfc-stills/siamfc.safetensors" \
  --steps 1300 --batch 16 --rate 0.0006 --log-scale 0.1 --sequence-share 0.4 \
  --segments 3 --objects 3 --travel 0 --validate-every 100
