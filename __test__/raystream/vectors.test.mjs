// raystream against vectors that others wrote: in WebAssembly as the client has it, and the sessions
// of the second implementation as it makes them today.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildCrate, root } from '../../scripts/wasm/cargo.mjs';

const folder = join(root, 'crates/raystream/tests/vectors');

test('every vector passes in WebAssembly', async (t) => {
  const file = await buildCrate({ crate: 'kontract-raystream-wasm', example: 'vectors' });
  const { instance } = await WebAssembly.instantiate(readFileSync(file), {});
  const { memory, rs_vectors: run, rs_report: report } = instance.exports;
  const length = run();
  const suites = JSON.parse(new TextDecoder().decode(new Uint8Array(memory.buffer, report(), length)));
  assert.deepEqual(
    suites.map(({ name }) => name),
    [
      'Wycheproof ChaCha20-Poly1305',
      'Wycheproof AES-256-GCM',
      'Wycheproof X25519',
      'Wycheproof HKDF-SHA-256',
      "raystream's own sessions",
    ],
  );
  for (const { name, ran, floor, failures } of suites) {
    t.diagnostic(`${name}: ${ran} vectors`);
    assert.deepEqual(failures, [], name);
    assert.ok(ran >= floor && floor > 0, `${name}: only ${ran} vectors of ${floor}`);
  }
});

test('the second implementation still says what it said', () => {
  const printed = execFileSync(process.execPath, [join(folder, 'generate.mjs')], { encoding: 'utf8' });
  assert.equal(printed, readFileSync(join(folder, 'raystream-sessions.json'), 'utf8'));
});
