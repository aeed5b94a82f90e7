// Bytes from strangers: a value or a typed error, soon, and for no more memory than the frame is worth.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { compiled } from './support/compiled.mjs';
import { crafted, mutated } from './support/hostile.mjs';
import { randomProject, sourceOf } from './support/random-types.mjs';
import { valueOf } from './support/random-values.mjs';
import { randomness } from './support/random.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const ROUNDS = 30_000;

/** Decodes bytes: the value, or undefined for a typed error; anything else is the test's failure. */
function attempt(decode, bytes, about) {
  const started = performance.now();
  let value;
  try {
    value = decode(bytes);
  } catch (error) {
    if (error.name !== 'CodecError') {
      throw new Error(`${about}\n${Buffer.from(bytes).toString('hex')}`, { cause: error });
    }
  }
  const took = performance.now() - started;
  // Nothing takes a tenth of a second; a machine with other things to do may stop for one.
  assert.ok(took < 5_000, `${about}: took ${took} ms for ${bytes.length} bytes`);
  if (value !== undefined) {
    // What JavaScript makes of it: elements, characters, bytes. Five hundred defaults are free.
    const made = size(value);
    assert.ok(made <= bytes.length * 4 + 600, `${about}: ${made} values of ${bytes.length} bytes`);
  }
  return value;
}

/** Elements, fields, characters and bytes of a value. */
function size(value) {
  if (typeof value === 'string') return value.length;
  if (value instanceof Uint8Array) return value.length;
  if (typeof value !== 'object' || value === null || value instanceof Date) return 1;
  let sum = 1;
  for (const inner of Array.isArray(value) ? value : Object.values(value)) sum += size(inner);
  return sum;
}

test('mutated messages of random types', async (t) => {
  const random = randomness(7);
  const types = randomProject(random, 30);
  const { codecs } = await compiled(t, sourceOf(types));
  const good = types.roots.flatMap((type, i) => {
    const values = Array.from({ length: 6 }, () => valueOf(random, type)).filter((value) => value !== undefined);
    return values.map((value) => ({ decode: codecs[`decodeReply_r${i}`], bytes: codecs[`encodeReply_r${i}`](value) }));
  });
  let refused = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const { decode, bytes } = random.pick(good);
    refused += attempt(decode, mutated(random, bytes), `round ${round}`) === undefined ? 1 : 0;
  }
  t.diagnostic(`${refused} of ${ROUNDS} refused`);
  assert.ok(refused > ROUNDS / 3, `only ${refused} of ${ROUNDS} were refused`);
  for (const { decode, bytes } of good.slice(0, 40)) {
    for (let length = 0; length < bytes.length; length++) attempt(decode, bytes.slice(0, length), `cut at ${length}`);
  }
});

test('bytes that were made to hurt', async (t) => {
  const { codecs } = await compiled(t, readFileSync(join(here, 'support/hostile.ts'), 'utf8'));
  for (const [name, { route, bytes }] of Object.entries(crafted())) {
    const decode = codecs[`decodeReply_${route}`];
    assert.throws(() => decode(bytes), { name: 'CodecError' }, name);
    attempt(decode, bytes, name);
  }
});

test('what a search of 400,000 mutations ended with: the shortest bytes for each refusal', async (t) => {
  const { codecs } = await compiled(t, readFileSync(join(here, 'support/hostile.ts'), 'utf8'));
  const corpus = JSON.parse(readFileSync(join(here, 'corpus.json'), 'utf8'));
  assert.ok(corpus.length > 50);
  for (const { route, message, hex } of corpus) {
    const bytes = Uint8Array.from(Buffer.from(hex, 'hex'));
    assert.throws(() => codecs[`decodeReply_${route}`](bytes), { name: 'CodecError', message }, hex);
  }
});

test('large hostile frames in a small heap', async (t) => {
  const { out } = await compiled(t, readFileSync(join(here, 'support/hostile.ts'), 'utf8'));
  const child = spawnSync(
    process.execPath,
    ['--expose-gc', '--min-semi-space-size=256', '--max-semi-space-size=256', join(here, 'support/memory.mjs'), out],
    { encoding: 'utf8' },
  );
  assert.equal(child.status, 0, child.stderr);
  const measured = JSON.parse(child.stdout);
  for (const [name, { ratio, refused }] of Object.entries(measured)) {
    t.diagnostic(`${name}: ${ratio.toFixed(1)} × the frame${refused ? ', refused' : ''}`);
    // V8 takes 8 bytes for an element and some 40 for an object: honest messages of such values do too.
    assert.ok(ratio < (refused ? 4 : 16), `${name}: ${ratio}`);
  }
});
