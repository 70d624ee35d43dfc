#!/usr/bin/env bash
# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
#
# A light C-RPN: scripts/train_crpn.sh IMAGES VIDEOS OUT
#
# It learns from stills, and from what SiamFC can follow in the videos, and begins with the
# backbone of the shipped SiamFC and with heads that compare its features, which stay nearly as
# they are: see scripts/train_siamrpnpp.sh. The paper has VID and YT-BB, 50 epochs of them:
# gradient descent whose rate falls from 0.01 to 0.000001 by equal factors, for the whole network
# at once but for its first two layers, which stay as ImageNet left them, smooth L1 distances, and
# a cross-entropy that weighs all anchors alike. But for data and epochs these are the defaults of
# `siam-tracker train crpn`. What is given here is that of scripts/train_siamrpnpp.sh instead, but
# for its larger crops, for few steps and a backbone that knows other things. It resumes.
set -euo pipefail
if [ $# -ne 3 ]; then
  echo "usage: $0 IMAGES VIDEOS OUT: two folders of data and one for the results" >&2
  exit 2
fi
images=$1 videos=$2 out=$3

siam-tracker train crpn --data "$images" "$videos" --out "$out/crpn" \
  --init none --backbone siamfc --segments 3 --objects 3 --travel 0 \
  --heads comparing --comparison-rate 0.01 --backbone-frozen 1 \
  --steps 800 --batch 16 --optimiser adamw --schedule cosine --rate 0.001 --decay 0.02 \
  --warmup 0.03 --box-loss l1 --box-weight 1.2 \
  --class-loss balanced --sequence-share 0.3 --rotation 12 --validate-every 100
