// Copyright 2026 The siam_tracker_ros authors
// SPDX-License-Identifier: Apache-2.0
// The image with the targets of the same stamp over it, and boxes that are drawn on it.

import { prepare } from './plots.js';

const LEAST_DRAG = 6;
const LEAST_SIDE = 4;
const STEP = 10;
const COLOURS = {
  new: '#6aa7ff', tracked: '#3cdc50', uncertain: '#ffbe00', lost: '#ff5a48', removed: '#a0a8b4',
};
const DASHES = { new: [2, 3], tracked: [], uncertain: [10, 4], lost: [4, 6], removed: [1, 5] };

const fix = (value, low, high) => Math.min(Math.max(value, low), high);

export class Picture {
  // onStart(box, stamp): a box was drawn; onStop(id): a target was clicked; onHold(whether).
  constructor(canvas, { onStart, onStop, onHold }) {
    Object.assign(this, { canvas, onStart, onStop, onHold });
    this.shown = null;
    this.next = null;
    this.drag = null;
    this.keyed = null;
    const on = (name, handler) => canvas.addEventListener(name, handler.bind(this));
    on('pointerdown', this.press);
    on('pointermove', this.move);
    on('pointerup', this.lift);
    on('pointercancel', this.cancel);
    on('keydown', this.key);
    on('blur', () => this.setKeyed(null));
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  // A new bitmap; null: there is none; undefined: it is the last one, with other targets over it.
  show(bitmap, frame) {
    const last = (this.next ?? this.shown)?.bitmap ?? null;
    const item = { bitmap: bitmap === undefined ? last : bitmap, frame };
    if (this.drag) {
      // The last one wins. What is on the screen is still needed.
      if (item.bitmap !== last && last !== this.shown.bitmap) last?.close();
      this.next = item;
      return;
    }
    this.put(item);
  }

  put(item) {
    if (this.shown?.bitmap && this.shown.bitmap !== item.bitmap) this.shown.bitmap.close();
    this.shown = item;
    this.canvas.dataset.stamp = item.frame.stamp;
    this.canvas.dataset.state = this.targets[0]?.state ?? 'none';
    this.canvas.style.aspectRatio = `${item.frame.width} / ${item.frame.height}`;
    this.draw();
  }

  get targets() {
    return (this.shown?.frame.status?.targets ?? []).filter((target) => target.state !== 'removed');
  }

  // Where an event is, in pixels of the camera's image.
  place(event) {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    const { frame } = this.shown;
    return [
      fix((event.clientX - left) / width, 0, 1) * frame.width,
      fix((event.clientY - top) / height, 0, 1) * frame.height,
    ];
  }

  press(event) {
    if (!this.shown || !event.isPrimary || event.button !== 0) {
      this.cancel();
      return;
    }
    this.canvas.setPointerCapture(event.pointerId);
    const from = this.place(event);
    this.drag = { from, to: from, at: [event.clientX, event.clientY], isBox: false };
    this.setKeyed(null);
    this.onHold(true);
  }

  move(event) {
    if (!this.drag || !event.isPrimary) return;
    const [x, y] = this.drag.at;
    this.drag.to = this.place(event);
    this.drag.isBox ||= Math.hypot(event.clientX - x, event.clientY - y) >= LEAST_DRAG;
    this.draw();
  }

  lift(event) {
    if (!this.drag || !event.isPrimary) return;
    const { from, to, isBox } = this.drag;
    const { stamp } = this.shown.frame;
    const hit = isBox ? null : this.targetAt(from);
    this.cancel();
    if (isBox) this.onStart(Picture.box(from, to), stamp);
    else if (hit) this.onStop(hit.id);
  }

  // Also a second finger ends what one has begun.
  cancel() {
    if (!this.drag) return;
    this.drag = null;
    this.onHold(false);
    const { next } = this;
    this.next = null;
    if (next) this.put(next);
    else this.draw();
  }

  targetAt([x, y]) {
    const hits = this.targets.filter(
      ({ box: [l, t, w, h] }) => x >= l && x <= l + w && y >= t && y <= t + h,
    );
    // Of boxes one over the other, the smallest is the hardest to hit.
    return hits.sort((a, b) => a.box[2] * a.box[3] - b.box[2] * b.box[3])[0];
  }

  static box([x0, y0], [x1, y1]) {
    return [Math.min(x0, x1), Math.min(y0, y1), Math.abs(x1 - x0), Math.abs(y1 - y0)];
  }

  setKeyed(box) {
    if (this.keyed === box) return;
    this.keyed = box;
    this.draw();
  }

  key(event) {
    const direction = {
      ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
    }[event.key];
    if (!this.shown) return;
    const { width, height, stamp } = this.shown.frame;
    if (direction) {
      const [dx, dy] = direction.map((d) => d * STEP * (width / 640));
      let [l, t, w, h] = this.keyed ?? [width * 0.4, height * 0.4, width * 0.2, height * 0.2];
      if (event.shiftKey) {
        w = fix(w + dx, LEAST_SIDE, width - l);
        h = fix(h + dy, LEAST_SIDE, height - t);
      } else {
        l = fix(l + dx, 0, width - w);
        t = fix(t + dy, 0, height - h);
      }
      this.setKeyed([l, t, w, h]);
    } else if (event.key === 'Enter' && this.keyed) {
      this.onStart(this.keyed, stamp);
      this.setKeyed(null);
    } else if (event.key === 'Escape' && (this.keyed || this.drag)) {
      this.setKeyed(null);
      this.cancel();
    } else {
      return;
    }
    event.preventDefault();
  }

  draw() {
    const { pen, width, height } = prepare(this.canvas);
    if (!this.shown) return;
    const { bitmap, frame } = this.shown;
    if (bitmap) pen.drawImage(bitmap, 0, 0, width, height);
    const scale = [width / frame.width, height / frame.height, width / frame.width, height / frame.height];
    const scaled = (box) => box.map((value, i) => value * scale[i]);
    for (const target of this.targets) this.drawTarget(pen, target, scaled, width);
    if (this.drag?.isBox) this.drawFresh(pen, scaled(Picture.box(this.drag.from, this.drag.to)));
    if (this.keyed) this.drawFresh(pen, scaled(this.keyed));
  }

  drawTarget(pen, target, scaled, width) {
    if (target.window) {
      pen.lineWidth = 1;
      pen.setLineDash([]);
      pen.strokeStyle = '#ffffff80';
      pen.strokeRect(...scaled(target.window));
    }
    const [l, t, w, h] = scaled(target.box);
    pen.lineWidth = 3;
    pen.setLineDash(DASHES[target.state] ?? []);
    pen.strokeStyle = COLOURS[target.state] ?? '#fff';
    pen.strokeRect(l, t, w, h);
    pen.setLineDash([]);
    pen.font = '600 13px system-ui, sans-serif';
    pen.textAlign = 'left';
    pen.textBaseline = 'middle';
    const text = `${target.id} ${target.state} ${target.score.toFixed(2)}`;
    const long = pen.measureText(text).width + 8;
    const x = fix(l, 0, Math.max(0, width - long));
    const y = t >= 20 ? t - 18 : t + h + 2;
    pen.fillStyle = COLOURS[target.state] ?? '#fff';
    pen.fillRect(x, y, long, 17);
    pen.fillStyle = '#000';
    pen.fillText(text, x + 4, y + 9);
  }

  drawFresh(pen, box) {
    pen.setLineDash([]);
    for (const [width, ink] of [[4, '#000'], [2, '#fff']]) {
      pen.lineWidth = width;
      pen.strokeStyle = ink;
      pen.strokeRect(...box);
    }
  }
}
