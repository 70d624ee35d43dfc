// Copyright 2026 The siam_tracker_ros authors
// SPDX-License-Identifier: Apache-2.0
// What the page says in words: condition, targets, answers, the node's own numbers.

const MOST_SAYINGS = 6;
const find = (id) => document.getElementById(id);

// A text that has not changed is left alone: a screen reader reads what changes.
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function showCondition(condition) {
  const place = find('condition');
  place.dataset.word = condition.word;
  setText(place.querySelector('b'), condition.word);
  setText(place.querySelector('span'), condition.sentence);
}

export function showSayings(sayings) {
  const list = find('sayings');
  for (const saying of sayings) {
    const item = document.createElement('li');
    item.className = saying.kind;
    item.textContent = saying.sentence;
    list.append(item);
  }
  while (list.children.length > MOST_SAYINGS) list.firstChild.remove();
}

export function showHealth(health) {
  if (!health) return;
  setText(find('health'), `${health.level}, ${health.message}`);
  const list = find('values');
  const names = Object.keys(health.values);
  const shown = [...list.querySelectorAll('dt')].map((name) => name.textContent);
  if (names.join() !== shown.join()) {
    list.replaceChildren(...names.flatMap((name) => [
      Object.assign(document.createElement('dt'), { textContent: name }),
      document.createElement('dd'),
    ]));
  }
  [...list.querySelectorAll('dd')].forEach((value, i) => setText(value, health.values[names[i]]));
}

// Rows stay while their target does, so that a focused button does.
export class TargetTable {
  constructor(onStop) {
    this.body = find('targets');
    this.choice = find('as');
    this.rows = new Map();
    this.onStop = onStop;
  }

  show(targets) {
    const living = targets.filter((target) => target.state !== 'removed');
    for (const [id, row] of this.rows) {
      if (!living.some((target) => target.id === id)) {
        row.element.remove();
        row.option.remove();
        this.rows.delete(id);
      }
    }
    for (const target of living) {
      const row = this.rows.get(target.id) ?? this.add(target.id);
      row.state.className = `state ${target.state}`;
      setText(row.state, target.state);
      setText(row.score, target.score.toFixed(2));
      setText(row.age, `${target.age.toFixed(1)} s`);
    }
    setText(find('reason'), living.length ? `Learning: ${living[0].reason}` : '');
  }

  add(id) {
    const element = this.body.insertRow();
    const head = element.appendChild(document.createElement('th'));
    head.scope = 'row';
    head.textContent = id;
    const [state, score, age, last] = Array.from({ length: 4 }, () => element.insertCell());
    const button = last.appendChild(document.createElement('button'));
    button.type = 'button';
    button.textContent = 'Stop';
    button.setAttribute('aria-label', `Stop target ${id}`);
    button.addEventListener('click', () => this.onStop(id));
    const option = this.choice.appendChild(new Option(`target ${id} again`, id));
    const row = { element, option, state, score, age };
    this.rows.set(id, row);
    return row;
  }
}
