// Copyright 2026 The siam_tracker_ros authors
// SPDX-License-Identifier: Apache-2.0
// The connection: what comes is shown, and then the next is asked for.

import { Picture } from './picture.js';
import { Plots } from './plots.js';
import { TargetTable, setText, showCondition, showHealth, showSayings } from './words.js';

const RETRY_MS = 1000;
const find = (id) => document.getElementById(id);

let socket = null;

function send(command) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(command));
  else showSayings([{ kind: 'refused', sentence: 'There is no connection: it was not sent.' }]);
}

const picture = new Picture(find('picture'), {
  onStart: (box, stamp) => send({ type: 'start', box, stamp, id: find('as').value }),
  onStop: (id) => send({ type: 'stop', id }),
  onHold: (held) => { find('frozen').hidden = !held; },
});
const table = new TargetTable((id) => send({ type: 'stop', id }));
const plots = new Plots();
find('stop-all').addEventListener('click', () => send({ type: 'stop_all' }));

// A page that nobody sees asks for nothing.
function seen() {
  if (!document.hidden) return Promise.resolve();
  return new Promise((resolve) => {
    document.addEventListener('visibilitychange', resolve, { once: true });
  });
}

async function show(buffer) {
  const length = new DataView(buffer).getUint32(0);
  const news = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const file = new Uint8Array(buffer, 4 + length);
  setText(find('node'), news.topic ? `${news.node} on ${news.topic}` : news.node);
  showCondition(news.condition);
  showSayings(news.sayings);
  showHealth(news.health);
  plots.show(news.samples, news.now);
  if (news.frame) {
    const { image } = news.frame;
    const blob = new Blob([file], { type: 'image/jpeg' });
    const none = image === 'same' ? undefined : null;
    picture.show(image === 'new' ? await createImageBitmap(blob) : none, news.frame);
  }
  table.show(news.targets);
}

// A socket does not say why it was refused. Null: it was not, such as where nothing answers.
async function refused() {
  try {
    const response = await fetch('./');
    return response.status === 403 ? (await response.text()).trim() : null;
  } catch {
    return null;
  }
}

function connect() {
  const address = new URL('socket', window.location.href);
  address.protocol = address.protocol.replace('http', 'ws');
  const mine = new WebSocket(address);
  socket = mine;
  mine.binaryType = 'arraybuffer';
  let opened = false;
  mine.addEventListener('open', () => {
    opened = true;
    plots.forget();
  });
  mine.addEventListener('message', async (event) => {
    try {
      await show(event.data);
    } catch (error) {
      showSayings([{ kind: 'complaint', sentence: `A message cannot be shown: ${error.message}.` }]);
    }
    await seen();
    if (mine.readyState === WebSocket.OPEN) mine.send('{"type":"ready"}');
  });
  mine.addEventListener('close', async (event) => {
    const refusal = opened ? null : await refused();
    if (refusal) {
      showCondition({ word: 'no connection', sentence: refusal });
      return;
    }
    const why = event.reason ? `${event.reason}. ` : '';
    showCondition({ word: 'no connection', sentence: `${why}Trying again every second…` });
    setTimeout(connect, RETRY_MS);
  });
}

connect();
