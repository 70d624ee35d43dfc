// Copyright 2026 The siam_tracker_ros authors
// SPDX-License-Identifier: Apache-2.0
'use strict';

(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  // The row below an open row that holds its strips and its video.
  const details = new Map();
  const rowsOf = (table) => [...table.tBodies[0].rows].filter((row) => !isDetail(row));
  const isDetail = (row) => row.classList.contains('detail');
  const keyOf = (row, column) => row.cells[column].dataset.key ?? '';

  // Numbers by value, names by letter; what has no figure comes last in both directions.
  const sortRows = (table, column, direction) => {
    const sign = direction === 'ascending' ? 1 : -1;
    const body = table.tBodies[0];
    const rows = rowsOf(table).map((row) => ({row, key: keyOf(row, column)}));
    const numeric = rows.every(({key}) => key === '' || !Number.isNaN(Number(key)));
    rows.sort((a, b) => {
      if (a.key === '' || b.key === '') return (a.key === '') - (b.key === '');
      return sign * (numeric ? a.key - b.key : a.key.localeCompare(b.key));
    });
    body.append(...rows.flatMap(({row}) => (details.has(row) ? [row, details.get(row)] : [row])));
    if (table.dataset.most) {
      rows.forEach(({row}, index) => {
        const over = index >= Number(table.dataset.most);
        for (const part of [row, details.get(row)]) part?.classList.toggle('over', over);
      });
    }
    for (const head of all('th[aria-sort]', table)) head.removeAttribute('aria-sort');
    headRow(table).cells[column].setAttribute('aria-sort', direction);
  };
  const headRow = (table) => table.tHead.rows[table.tHead.rows.length - 1];

  const chooseTracker = (table, tracker) => {
    for (const part of all('[data-tracker]', table)) {
      part.classList.toggle('chosen', part.dataset.tracker === tracker);
    }
    const column = [...headRow(table).cells].findIndex((h) => h.dataset.tracker === tracker);
    if (column >= 0) sortRows(table, column, table.dataset.worst);
  };

  for (const table of all('table[data-sortable]')) {
    [...headRow(table).cells].forEach((head, column) => {
      head.querySelector('button')?.addEventListener('click', () => {
        const now = head.getAttribute('aria-sort');
        const first = head.dataset.first ?? 'ascending';
        const other = first === 'ascending' ? 'descending' : 'ascending';
        sortRows(table, column, now === first ? other : first);
      });
    });
  }

  for (const select of all('select[data-choose]')) {
    const table = document.getElementById(select.dataset.choose);
    select.addEventListener('change', () => chooseTracker(table, select.value));
    // A browser that goes back keeps what was chosen before.
    chooseTracker(table, select.value);
  }

  for (const input of all('input[data-filter]')) {
    const table = document.getElementById(input.dataset.filter);
    input.addEventListener('input', () => {
      const words = input.value.toLowerCase().trim();
      table.classList.toggle('filtered', words !== '');
      for (const row of rowsOf(table)) {
        row.hidden = !row.dataset.text.includes(words);
        if (details.has(row)) details.get(row).hidden = row.hidden;
      }
    });
  }

  for (const button of all('button.more')) {
    button.addEventListener('click', () => {
      const row = button.closest('tr');
      const open = row.classList.toggle('open');
      button.setAttribute('aria-expanded', String(open));
      if (open) {
        const below = document.createElement('tr');
        below.className = 'detail';
        const cell = below.insertCell();
        cell.colSpan = row.cells.length;
        cell.append(row.querySelector('.details'));
        row.after(below);
        details.set(row, below);
      } else {
        const below = details.get(row);
        row.lastElementChild.append(below.querySelector('.details'));
        below.remove();
        details.delete(row);
      }
    });
  }

  for (const button of all('button[data-all]')) {
    button.addEventListener('click', () => {
      document.getElementById(button.dataset.all).classList.remove('short');
      button.remove();
    });
  }

  for (const button of all('button[data-toggle]')) {
    button.addEventListener('click', () => {
      const shown = button.getAttribute('aria-pressed') !== 'true';
      const tracker = button.dataset.toggle;
      for (const twin of all(`button[data-toggle="${tracker}"]`)) {
        twin.setAttribute('aria-pressed', String(shown));
      }
      for (const line of all(`.plot .tracker-${tracker}`)) line.classList.toggle('off', !shown);
    });
  }
})();
