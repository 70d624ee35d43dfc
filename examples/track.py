# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Track an object through a clip with the library alone.

Renders the clip whose boxes are known; replace it by your own images.
"""

from siam_tracker_ros import trackers
from siam_tracker_ros.frames import Frame
from siam_tracker_ros.rendering import Clip


def main(frames: int = 150) -> float:
    """Return the mean IoU with the known boxes."""
    tracker = trackers.create('siamfc')
    target = None
    overlaps = []
    for rendered in Clip(frames):
        # BGR, as OpenCV reads images; uploaded once, however many targets look at it.
        frame = Frame.from_numpy(rendered.image, tracker.device)
        if target is None:
            target = tracker.start(frame, rendered.box)
            continue
        # All targets in one step: a list of one here.
        (estimate,) = tracker.step(frame, [target])
        overlaps.append(estimate.box.iou(rendered.box))
    mean = sum(overlaps) / len(overlaps)
    print(f'mean IoU {mean:.3f} over {len(overlaps)} frames, last seen {estimate.state.value}')
    return mean


if __name__ == '__main__':
    main()
