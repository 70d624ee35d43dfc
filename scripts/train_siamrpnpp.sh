#!/usr/bin/env bash
# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
#
# A light SiamRPN++: scripts/train_siamrpnpp.sh IMAGES VIDEOS OUT
#
# It learns from stills, and from what SiamFC can follow in the videos. It begins with the backbone
# of the shipped SiamFC, which an hour on two cores would not make, and with heads that compare its
# features as SiamFC does. Both stay as they are: what some twenty thousand pairs teach of matching
# is worse on real videos than what they begin with. So only the deltas are learned. Crops show 8
# px more on each side, because this backbone does not pad: the kernels are then as large as
# SiamFC's. The paper's 12 million pairs are out of reach, and AdamW and a cosine take the place of
# its optimiser and rates. The losses are those of the published code, but for the number of
# negative anchors, which is the paper's (--negatives total). It resumes.
set -euo pipefail
if [ $# -ne 3 ]; then
  echo "usage: $0 IMAGES VIDEOS OUT: two folders of data and one for the results" >&2
  exit 2
fi
images=$1 videos=$2 out=$3

siam-tracker train siamrpnpp --data "$images" "$videos" --out "$out/siamrpnpp" \
  --init none --backbone siamfc --segments 3 --objects 3 --travel 0 \
  --heads comparing --comparison-rate 0 --backbone-frozen 1 --crop-rim 8 \
  --steps 1200 --batch 16 --optimiser adamw --schedule cosine --rate 0.001 --decay 0.02 \
  --warmup 0.03 --box-loss l1 --box-weight 1.2 \
  --sequence-share 0.3 --rotation 12 --validate-every 100
