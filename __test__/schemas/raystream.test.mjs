// raystream.fbs is what flatc takes, and payloads of ours and of code that flatc generated are the same.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import * as envelope from '../../lib/dist/client/webcrypto/envelope.js';
import { root } from '../../scripts/wasm/cargo.mjs';
import { temporaryFolder } from '../support/project.mjs';
import { generated, skip } from './support/flatc.mjs';

const schema = join(root, 'crates/raystream/raystream.fbs');
let flatc;

const read = (table, bytes) => flatc[table][`getRootAs${table}`](new flatc.ByteBuffer(bytes)).unpack();

function write(table, fields) {
  const builder = new flatc.Builder();
  builder.finish(Object.assign(new flatc[`${table}T`](), fields).pack(builder));
  return builder.asUint8Array().slice();
}

const bytes = (length, first) => Uint8Array.from({ length }, (_, i) => (first + i) & 255);
const pairs = [
  new Map([['traceparent', '00-ü']]),
  new Map(),
  new Map([
    ['a', ''],
    ['b', 'x'.repeat(300)],
  ]),
];

test('requests of ours are read by generated code', { skip }, async (t) => {
  flatc = await generated(temporaryFolder(t), schema);
  const hello = read('ClientHello', envelope.clientHello('websocket', 'build 7'));
  assert.deepEqual(
    [hello.version, hello.supportedCiphers, hello.transport, hello.buildId, hello.lastTxid],
    [1, ['aes-256-gcm'], 'websocket', 'build 7', null],
  );
  for (const [i, metadata] of pairs.entries()) {
    const call = {
      callId: 1n,
      method: 'users.getUser',
      args: bytes(i * 700, i),
      metadata: [...metadata],
      idempotencyKey: bytes(16, 9),
      deadlineMs: 30_000 + i,
      schemaHash: 0xfedc_ba98_7654_3210n,
      token: i === 1 ? 'a.b.c' : undefined,
    };
    const payload = envelope.callPayload(call);
    envelope.setRequestHash(payload, bytes(32, 100));
    const seen = read('RPCCall', payload);
    const common = (frame, table) => {
      assert.equal(table.method, frame.method);
      assert.deepEqual(Uint8Array.from(table.args), frame.args);
      assert.deepEqual(
        table.metadata.map(({ key, value }) => [key, value]),
        frame.metadata,
      );
      assert.equal(table.schemaHash, frame.schemaHash);
      assert.equal(table.token ?? undefined, frame.token);
    };
    common(call, seen);
    assert.deepEqual(Uint8Array.from(seen.idempotencyKey), call.idempotencyKey);
    assert.deepEqual(Uint8Array.from(seen.requestHash), bytes(32, 100));
    assert.equal(seen.deadlineMs, call.deadlineMs);

    const credit = { events: 7 + i, bytes: 1 << 20 };
    const resumeToken = i === 2 ? bytes(40, 3) : undefined;
    const subscribe = { ...call, credit, resumeToken };
    const followed = read('Subscribe', envelope.subscribePayload(subscribe));
    common(subscribe, followed);
    assert.deepEqual([followed.creditEvents, followed.creditBytes], [credit.events, credit.bytes]);
    assert.deepEqual(Uint8Array.from(followed.resumeToken), resumeToken ?? new Uint8Array());
    const more = read('Credit', envelope.creditPayload(credit));
    assert.deepEqual([more.events, more.bytes], [credit.events, credit.bytes]);
  }
  assert.equal(read('Heartbeat', envelope.heartbeatPayload(1_764_000_000_123)).timestamp, 1_764_000_000_123n);
});

test('answers of generated code are read by ours', { skip }, async (t) => {
  flatc = await generated(temporaryFolder(t), schema);
  const list = (metadata) => [...metadata].map(([key, value]) => new flatc.KeyValueT(key, value));
  for (const [i, headers] of pairs.entries()) {
    const data = [...bytes(i * 500, i)];
    const reply = envelope.response(
      write('RPCResponse', { data, status: i === 0 ? 200 : 201, headers: list(headers) }),
    );
    assert.deepEqual([...reply.data], data);
    assert.equal(reply.status, i === 0 ? 200 : 201);
    assert.deepEqual(reply.headers, Object.fromEntries(headers));
  }
  const fields = { errorCode: 'NOT_FOUND', errorMessage: 'no such thing: ü', status: 404, stackTrace: null };
  assert.deepEqual(envelope.error(write('RPCError', fields)), {
    code: 'NOT_FOUND',
    message: 'no such thing: ü',
    status: 404,
    stack: undefined,
  });
  assert.equal(envelope.error(write('RPCError', { ...fields, stackTrace: 'at line 1' })).stack, 'at line 1');
  const event = envelope.event(write('Event', { data: [1, 2], resumeToken: [3], txid: 9n }));
  assert.deepEqual([[...event.data], [...event.resumeToken]], [[1, 2], [3]]);
  const hello = write('ServerHello', {
    version: 1,
    sessionId: [...bytes(16, 1)],
    selectedCipher: 'aes-256-gcm',
    expiresAt: 1n,
    ttlMs: 60_000,
    maxFrame: 1 << 20,
    maxInflight: 64,
    resumed: true,
  });
  const { sessionId, ttlMs, maxFrame, maxInflight, resumed } = envelope.serverHello(hello);
  assert.deepEqual([...sessionId], [...bytes(16, 1)]);
  assert.deepEqual([ttlMs, maxFrame, maxInflight, resumed], [60_000, 1 << 20, 64, true]);
});
