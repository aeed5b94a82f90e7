// Several frames in one request, and requests that are not what they say.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { frames, list, open, post, postFrames } from './support/http.mjs';
import { functions, gate, sleep, startGateway } from './support/gateway.mjs';
import { refused } from './support/wire.mjs';

test('replies come as soon as they are there', async (t) => {
  const held = gate();
  const server = await startGateway(t, { ...functions, held: held.handler });
  const wire = await open(server);
  const response = await postFrames(server, wire.id, [
    wire.call('held', 'all'),
    wire.call('echo', 'a'),
    wire.heartbeat(),
  ]);
  assert.equal(response.headers.get('content-type'), 'application/raystream-frames');
  const replies = [];
  for await (const frame of frames(response)) {
    const { data, kind } = wire.open(frame);
    // The first waits for the other two to be read.
    if (replies.push(data ?? kind) === 2) held.open();
  }
  assert.deepEqual(replies, ['heartbeat', 'a', 'after all']);
});

test('one bad frame among good ones', async (t) => {
  const server = await startGateway(t, functions);
  const wire = await open(server);
  const call = wire.call('echo', 'a');
  const response = await postFrames(server, wire.id, [call, call, wire.call('echo', 'b'), Buffer.from('x')]);
  const replies = [];
  for await (const frame of frames(response)) {
    replies.push(frame.readUInt16BE(2) & 0x20 ? wire.openClear(frame) : wire.open(frame).data);
  }
  assert.deepEqual(replies.toSorted(), [refused.expired, refused.expired, 'a', 'b'].toSorted());
});

test('a body that is no list of frames is refused whole', async (t) => {
  const ran = [];
  const server = await startGateway(t, { note: (text) => void ran.push(text) }, { maxFrame: 65_536 });
  const wire = await open(server);
  const whole = list([wire.call('note', 'a')]);
  const cut = whole.subarray(0, whole.length - 1);
  const trailing = Buffer.concat([whole, Buffer.from([0, 0])]);
  const long = Buffer.concat([whole, Buffer.from([255, 255, 255, 255])]);
  const many = list(Array.from({ length: 257 }, () => Buffer.alloc(44)));
  const large = list([wire.call('note', 'b'), Buffer.alloc(65_537)]);
  for (const body of [cut, trailing, long, many, large, Buffer.alloc(0)]) {
    const response = await post(server, `s/${wire.id}`, body, 'application/raystream-frames');
    assert.equal(response.status, 400);
  }
  const huge = await post(server, `s/${wire.id}`, Buffer.alloc(4 * 65_536 + 1), 'application/raystream-frames');
  assert.equal(huge.status, 413);
  assert.deepEqual(ran, []);
});

test('an unknown session is told so in a list', async (t) => {
  const server = await startGateway(t, functions);
  const wire = await open(server);
  const response = await postFrames(server, '0198f3c0-a1b2-7fff-bfff-ffffffffffff', [wire.call('echo', 'a')]);
  const answers = await all(frames(response));
  assert.deepEqual(
    answers.map((frame) => wire.openClear(frame)),
    [refused.expired],
  );
});

test('what has no reply is answered with 204', async (t) => {
  const server = await startGateway(t, functions);
  const wire = await open(server);
  const closed = await post(server, `s/${wire.id}`, wire.close());
  assert.equal(closed.status, 204);
  const after = await post(server, `s/${wire.id}`, wire.heartbeat());
  assert.equal(wire.openClear(Buffer.from(await after.arrayBuffer())), refused.expired);
});

test('who goes away before the reply takes the calls along', async (t) => {
  let running = 0;
  const server = await startGateway(t, {
    wait: async () => {
      running++;
      await sleep(100);
    },
    echo: (text) => text,
  });
  const wire = await open(server);
  const body = list([wire.call('wait')]);
  const headers = { 'content-type': 'application/raystream-frames', 'content-length': body.length };
  const leaving = request(`${server.url}/raystream/v1/s/${wire.id}`, { method: 'POST', headers });
  leaving.on('error', () => undefined);
  leaving.end(body);
  while (running === 0) await sleep(5);
  leaving.destroy();
  const response = await postFrames(server, wire.id, [wire.call('echo', 'still here')]);
  for await (const frame of frames(response)) assert.equal(wire.open(frame).data, 'still here');
});

async function all(stream) {
  const items = [];
  for await (const item of stream) items.push(item);
  return items;
}
