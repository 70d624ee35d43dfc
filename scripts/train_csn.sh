#!/usr/bin/env bash
# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
#
# The recipe of the cascaded Siamese tracker's matching subnetwork: scripts/train_csn.sh IMAGES OUT
#
# It resumes. One core takes about 80 minutes.
set -euo pipefail
if [ $# -ne 2 ]; then
  echo "usage: $0 IMAGES OUT: a folder of images and one for the results" >&2
  exit 2
fi
images=$1 out=$2

siam-tracker train csn-matching --data "$images" --out "$out/csn-matching" --init none \
  --steps 2600 --batch 16 --rate 0.002 --validate-every 200
