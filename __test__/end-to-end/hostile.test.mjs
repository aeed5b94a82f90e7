// What a stranger may send: each is answered with a typed error, changes nothing, and the next call works.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cleanup } from '../support/cleanup.mjs';
import { startTodo } from '../support/todo.mjs';

const CLEAR = 1 << 5;
const RPC_ERROR = 0x12;

test('hostile frames and arguments', async (t) => {
  const app = await startTodo(t);
  const { api, routes, url, pins, rows } = app;
  const {
    createClient,
    InvalidRequestError,
    NotFoundError,
    ServiceUnavailableError,
    DecryptionError,
    VersionSkewError,
  } = app.client;

  /** Frames as they went over the wire, newest last. */
  const sent = [];
  const recording = async (address, init) => {
    sent.push({ address: String(address), body: new Uint8Array(init.body) });
    return fetch(address, init);
  };
  const client = createClient({ url, pins, fetch: recording });
  cleanup(t, () => client.close());
  const post = async (address, body) => {
    const response = await fetch(address, { method: 'POST', body });
    return { status: response.status, bytes: new Uint8Array(await response.arrayBuffer()) };
  };
  const isClearError = ({ bytes }) => bytes[1] === RPC_ERROR && (((bytes[2] << 8) | bytes[3]) & CLEAR) !== 0;

  const kept = await api.addTodo('kept');
  const stillWorks = async () =>
    assert.deepEqual(
      (await api.listTodos()).map((todo) => todo.id),
      [kept.id],
    );

  await t.test('arguments of the wrong type are refused before they are sent', async () => {
    await assert.rejects(async () => api.addTodo(42), /text: expected string/);
    await assert.rejects(async () => api.addTodo('x', ['a', 1]), /tags\[1\]/);
    await assert.rejects(async () => api.addTodo('x', [], undefined, new Date(NaN)), /due/);
    await stillWorks();
  });

  await t.test('argument bytes that are no arguments', async () => {
    for (const bytes of [new Uint8Array(0), new Uint8Array([1]), new Uint8Array(64).fill(255), new Uint8Array(16)]) {
      const garbled = { ...routes.addTodo, encodeArgs: () => bytes };
      await assert.rejects(
        client.call(garbled, []),
        (error) => error instanceof InvalidRequestError && error.status === 400,
      );
    }
    await stillWorks();
  });

  await t.test('an unknown route, and one of another build', async () => {
    await assert.rejects(client.call({ ...routes.addTodo, id: 'dropTables' }, ['x']), NotFoundError);
    await assert.rejects(client.call({ ...routes.addTodo, id: '__proto__' }, ['x']), NotFoundError);
    await assert.rejects(client.call({ ...routes.addTodo, hash: '0123456789abcdef' }, ['x']), VersionSkewError);
    await stillWorks();
  });

  await t.test('a replayed frame', async () => {
    sent.length = 0;
    await client.call(routes.addTodo, ['once']);
    assert.equal((await rows('todos')).length, 2);
    const { address, body } = sent.at(-1);
    const replay = await post(address, body);
    assert.ok(isClearError(replay), 'answered in the clear, without a reason');
    assert.equal((await rows('todos')).length, 2);
    // The session lives on: whoever replays cannot end it.
    await client.call(routes.removeTodo, [(await rows('todos')).at(-1).id]);
    await stillWorks();
  });

  await t.test('every bit of a frame counts', async () => {
    sent.length = 0;
    await client.call(routes.listTodos, []);
    const { address, body } = sent.at(-1);
    for (let bit = 0; bit < 8 * 44; bit += 5) {
      const flipped = body.slice();
      flipped[bit >> 3] ^= 1 << (bit & 7);
      const answer = await post(address, flipped);
      assert.ok(isClearError(answer), `bit ${bit}: ${answer.status} ${answer.bytes.slice(0, 16)}`);
    }
    await client.call(routes.listTodos, []);
  });

  await t.test('frames that are too large, too small, or for no session', async () => {
    const session = sent.at(-1).address;
    const huge = await post(session, new Uint8Array(3 << 20));
    assert.equal(huge.status, 413);
    assert.equal((await post(`${url}/raystream/v1/hs`, new Uint8Array(8192))).status, 413);
    await assert.rejects(client.call(routes.addTodo, ['x'.repeat(2 << 20)]), InvalidRequestError);
    for (const path of ['hs', 's/00000000-0000-7000-8000-000000000000', 's/..%2f..', 's/x']) {
      for (const body of [new Uint8Array(0), new Uint8Array(43), new Uint8Array(100).fill(1)]) {
        const answer = await post(`${url}/raystream/v1/${path}`, body);
        assert.ok(isClearError(answer), `${path}, ${body.length} bytes: ${answer.status}`);
      }
    }
    await stillWorks();
  });

  await t.test('a gateway whose key is not the pinned one', async () => {
    const other = Buffer.alloc(32, 9).toString('base64url');
    const stranger = createClient({ url, pins: [other] });
    await assert.rejects(stranger.call(routes.listTodos, []), ServiceUnavailableError);
    // Somebody in between who answers with a session of his own making.
    const impostor = createClient({
      url,
      pins,
      fetch: async (address, init) => {
        const response = await fetch(address, init);
        const bytes = new Uint8Array(await response.arrayBuffer());
        bytes[60] ^= 1;
        return new Response(bytes, { headers: { 'content-type': 'application/octet-stream' } });
      },
    });
    await assert.rejects(impostor.call(routes.listTodos, []), DecryptionError);
    await stillWorks();
  });
});
