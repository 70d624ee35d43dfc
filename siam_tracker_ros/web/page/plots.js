// Copyright 2026 The siam_tracker_ros authors
// SPDX-License-Identifier: Apache-2.0
// What happened in the last seconds: states as bars, scores and times as lines.

const SECONDS = 20;
const LEFT = 38;
const RIGHT = 8;
const DESCRIBE_MS = 2000;

let colours = {};

function colour(name) {
  const style = () => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`);
  colours[name] ??= style();
  return colours[name];
}

// Fits a canvas to its place on the screen; all lengths are then CSS pixels.
export function prepare(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const pen = canvas.getContext('2d');
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  return { pen, width, height };
}

class Plot {
  constructor(canvas) {
    this.canvas = canvas;
    this.described = -Infinity;
  }

  begin(now) {
    Object.assign(this, prepare(this.canvas), { now });
    this.pen.font = '11px system-ui, sans-serif';
    this.pen.textBaseline = 'middle';
    this.pen.lineWidth = 1.5;
  }

  x(time) {
    return LEFT + (this.width - LEFT - RIGHT) * (1 - (this.now - time) / SECONDS);
  }

  y(share) {
    return this.height - 8 - share * (this.height - 16);
  }

  grid(top, unit) {
    for (const share of [0, 0.5, 1]) {
      this.pen.strokeStyle = colour('grid');
      this.pen.beginPath();
      this.pen.moveTo(LEFT, this.y(share));
      this.pen.lineTo(this.width - RIGHT, this.y(share));
      this.pen.stroke();
      this.pen.fillStyle = colour('muted');
      this.pen.textAlign = 'right';
      this.pen.fillText(`${+(share * top).toFixed(2)}${unit}`, LEFT - 4, this.y(share));
    }
  }

  // Points are [time, share of the height or null, colour]; after null the line begins anew.
  line(points, dash = []) {
    this.pen.setLineDash(dash);
    for (let i = 1; i < points.length; i += 1) {
      const [before, after] = [points[i - 1], points[i]];
      if (before[1] === null || after[1] === null) continue;
      this.pen.strokeStyle = after[2];
      this.pen.beginPath();
      this.pen.moveTo(this.x(before[0]), this.y(before[1]));
      this.pen.lineTo(this.x(after[0]), this.y(after[1]));
      this.pen.stroke();
    }
    this.pen.setLineDash([]);
  }

  describe(text) {
    if (performance.now() - this.described < DESCRIBE_MS) return;
    this.described = performance.now();
    this.canvas.setAttribute('aria-label', text);
  }
}

export class Plots {
  constructor() {
    const make = (id) => new Plot(document.getElementById(id));
    [this.states, this.scores, this.latency] = ['states', 'scores', 'latency'].map(make);
    this.samples = [];
  }

  // A new connection brings all samples again.
  forget() {
    this.samples = [];
  }

  // A sample: time and latency and step in seconds, targets as [id, state, score].
  show(samples, now) {
    if (this.samples.length && this.samples[this.samples.length - 1].time > now) this.samples = [];
    this.samples.push(...samples);
    this.samples = this.samples.filter((sample) => now - sample.time <= SECONDS);
    // Light and dark may have changed.
    colours = {};
    const ids = [...new Set(this.samples.flatMap((s) => s.targets.map((target) => target[0])))];
    const of = (id) => this.samples.map(
      (sample) => [sample.time, sample.targets.find((target) => target[0] === id)],
    );
    this.showStates(ids, of, now);
    this.showScores(ids, of, now);
    this.showLatency(now);
  }

  showStates(ids, of, now) {
    const plot = this.states;
    plot.begin(now);
    const height = Math.min(18, plot.height / Math.max(1, ids.length));
    const words = [];
    ids.forEach((id, index) => {
      const top = index * height;
      const points = of(id);
      points.forEach(([time, target], i) => {
        if (!target) return;
        const end = i + 1 < points.length ? points[i + 1][0] : time + 0.1;
        const [from, to] = [Math.floor(plot.x(time)), Math.ceil(plot.x(end))];
        plot.pen.fillStyle = colour(target[1]);
        plot.pen.fillRect(from, top + 1, to - from, height - 2);
      });
      const [time, last] = points[points.length - 1];
      if (last) {
        plot.pen.fillStyle = colour('card');
        plot.pen.textAlign = 'right';
        plot.pen.fillText(last[1], plot.x(time) - 4, top + height / 2);
      }
      plot.pen.fillStyle = colour('muted');
      plot.pen.textAlign = 'right';
      plot.pen.fillText(id.slice(0, 6), LEFT - 4, top + height / 2);
      words.push(`target ${id} ${last ? last[1] : 'ended'}`);
    });
    plot.describe(`State of each target: ${words.join(', ') || 'none'}`);
  }

  showScores(ids, of, now) {
    const plot = this.scores;
    plot.begin(now);
    plot.grid(1, '');
    const words = [];
    for (const id of ids) {
      const points = of(id).map(
        ([time, target]) => [time, target ? target[2] : null, target ? colour(target[1]) : ''],
      );
      plot.line(points);
      const last = points[points.length - 1];
      if (last[1] === null) continue;
      plot.pen.fillStyle = last[2];
      plot.pen.textAlign = 'right';
      plot.pen.fillText(id.slice(0, 6), plot.width - RIGHT, plot.y(last[1]) + (last[1] > 0.5 ? 9 : -9));
      words.push(`target ${id} ${last[1].toFixed(2)}`);
    }
    plot.describe(`Score of each target from 0 to 1: ${words.join(', ') || 'none'}`);
  }

  showLatency(now) {
    const plot = this.latency;
    plot.begin(now);
    const times = this.samples.flatMap((s) => [s.latency ?? 0, s.step]);
    const most = Math.max(0.02, ...times) * 1000;
    const top = [20, 50, 100, 200, 500, 1000, 2000, 5000].find((t) => t >= most) ?? most;
    plot.grid(top, '');
    const lines = { latency: [], step: [6, 4] };
    for (const [name, dash] of Object.entries(lines)) {
      const share = (value) => (value === null ? null : Math.min(1, (value * 1000) / top));
      const ink = colour(name === 'latency' ? 'accent' : 'muted');
      plot.line(this.samples.map((s) => [s.time, share(s[name]), ink]), dash);
    }
    const last = this.samples[this.samples.length - 1];
    const ms = (value) => (value === null ? 'unknown' : `${(value * 1000).toFixed(0)} ms`);
    const text = last ? `latency ${ms(last.latency)}, step ${ms(last.step)}` : 'no result yet';
    plot.pen.fillStyle = colour('ink');
    plot.pen.textAlign = 'left';
    plot.pen.fillText(text, LEFT + 4, 18);
    plot.describe(`Of the last image: ${text}`);
  }
}
