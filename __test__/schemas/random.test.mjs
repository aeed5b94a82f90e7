// Random types × random values: what we encode flatc's own code reads, and the reverse.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { compiled } from './support/compiled.mjs';
import { generated, skip, text } from './support/flatc.mjs';
import { randomProject, sourceOf } from './support/random-types.mjs';
import { plain, valueOf } from './support/random-values.mjs';
import { randomness } from './support/random.mjs';
import { flattener, parseSchema } from './support/schema.mjs';
import { verify } from './support/verify.mjs';

const SEEDS = [1, 2, 3];
const TYPES = 40;
const VALUES = 40;

for (const seed of SEEDS) {
  test(`random types and values, seed ${seed}`, { skip }, async (t) => {
    const random = randomness(seed);
    const types = randomProject(random, TYPES);
    const { out, codecs } = await compiled(t, sourceOf(types));
    const theirs = await generated(join(out, 'schemas/src'), 'api.fbs');
    const schema = parseSchema(text(join(out, 'schemas/src/api.fbs')));
    const objects = flattener(schema, (table) => new theirs[`${table}T`]());
    let compared = 0;
    for (const [i, type] of types.roots.entries()) {
      const [encode, decode] = [codecs[`encodeReply_r${i}`], codecs[`decodeReply_r${i}`]];
      const reader = theirs[`r${i}_reply`];
      for (let n = 0; n < VALUES; n++) {
        const value = valueOf(random, type);
        if (value === undefined) continue;
        const about = () => `seed ${seed}, type ${i}, value ${n}`;
        const ours = encode(value);
        same(decode(ours), value, about);
        verify(ours, schema, `r${i}_reply`);
        const flat = objects.root(`r${i}_reply`, type, value);
        const unpacked = reader[`getRootAsr${i}_reply`](new theirs.ByteBuffer(ours)).unpack();
        same(unpacked, flat, about);
        const builder = new theirs.Builder(64);
        builder.finish(flat.pack(builder));
        same(emptied(decode(builder.asUint8Array()), type), emptied(value, type), about);
        compared++;
      }
    }
    assert.ok(compared > TYPES * VALUES * 0.7, `only ${compared} values`);
    t.diagnostic(`${compared} values`);
  });
}

function same(actual, expected, about) {
  try {
    assert.deepStrictEqual(bare(actual), bare(expected));
  } catch (error) {
    error.message = `${about()}: ${error.message}`;
    throw error;
  }
}

/** flatc's objects have classes; what they hold is what counts. */
const bare = (value) => plain(value);

/** flatc writes a vector that is missing as an empty one, and negative zero as none at all. */
function emptied(value, type) {
  const bare = type.is === 'nullable' ? type.of : type;
  if (value === undefined || value === null) {
    if (bare.is === 'list') return [];
    if (bare.is === 'record') return {};
    if (bare.is === 'bytes') return new Uint8Array();
    return value;
  }
  switch (bare.is) {
    case 'list':
      return value.map((item) => emptied(item, bare.of));
    case 'record':
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, emptied(item, bare.of)]));
    case 'tuple':
      return value.map((item, i) => emptied(item, bare.items[i] ?? bare.rest));
    case 'object':
    case 'ref': {
      const all = (bare.to ?? bare).fields.map((f) => [f.name, emptied(value[f.name], f.type)]);
      return Object.fromEntries(all.filter(([, inner]) => inner !== undefined));
    }
    case 'union': {
      const member = bare.members.find((m) => m.is === 'object' && value?.kind === m.fields[0].type.values[0]);
      const list = bare.members.find((m) => m.is === 'list' || m.is === 'tuple');
      if (Array.isArray(value)) return emptied(value, list);
      return member && typeof value === 'object' && 'kind' in value ? emptied(value, member) : value;
    }
    default:
      return value;
  }
}
