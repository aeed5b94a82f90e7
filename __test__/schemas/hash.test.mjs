// A route's hash changes exactly when its wire does: an old client meets VERSION_SKEW then, and only then.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compiled } from './support/compiled.mjs';
import { randomProject, sourceOf } from './support/random-types.mjs';
import { randomness } from './support/random.mjs';

const SEEDS = 12;
const CHANGES = 8;

const hashes = ({ manifest }) => Object.fromEntries(manifest.routes.map((route) => [route.id, route.hash]));

test('hashes follow the wire and nothing else', async (t) => {
  let changes = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = randomness(seed);
    const types = randomProject(random, 8);
    const source = sourceOf(types);
    const base = await compiled(t, source);
    const known = hashes(base);
    assert.ok(new Set(Object.values(known)).size > 1);
    for (const [how, other] of Object.entries(sameWire(source))) {
      assert.deepEqual(hashes(await compiled(t, other)), known, `seed ${seed}: ${how}\n${other}`);
    }
    // In another order the fields keep their numbers only through the lock file.
    const turned = structuredClone(types);
    for (const declared of turned.interfaces) declared.fields.reverse();
    assert.deepEqual(hashes(await compiled(t, sourceOf(turned), base.lock)), known, `seed ${seed}: reordered`);
    for (let change = 0; change < CHANGES; change++) {
      const changed = structuredClone(types);
      const index = random.below(changed.interfaces.length);
      const declared = changed.interfaces[index];
      const what = alter(random, random.pick(declared.fields), declared);
      const touched = new Set(changed.roots.flatMap((root, i) => (reaches(root, declared) ? [`r${i}`] : [])));
      const now = hashes(await compiled(t, sourceOf(changed), base.lock));
      for (const id of Object.keys(known)) {
        const about = `seed ${seed}: ${what} in Thing${index}, route ${id}\n${source}`;
        if (touched.has(id)) assert.notEqual(now[id], known[id], about);
        else assert.equal(now[id], known[id], about);
      }
      changes += touched.size > 0 ? 1 : 0;
    }
  }
  assert.ok(changes > (SEEDS * CHANGES) / 3, `only ${changes} changes reached a route`);
  t.diagnostic(`${changes} changes of the wire`);
});

/** Sources that say the same about the wire. */
function sameWire(source) {
  return {
    comments: source.replaceAll(';', '; /* a comment */').replaceAll('\n', '\n\n// another\n'),
    'names of types': source.replaceAll(/\bThing(\d+)/g, 'Renamed$1'),
    'names of parameters': source.replaceAll('(a: ', '(b: ').replaceAll('return a;', 'return b;'),
    classes: source.replaceAll('export interface', 'export type').replaceAll(/(type Thing\d+) \{/g, '$1 = {'),
    readonly: source.replaceAll(/\bf([abcd])(\??): /g, 'readonly f$1$2: '),
  };
}

/** Changes one field for the wire; says how. */
function alter(random, field, declared) {
  const { type } = field;
  const ways = {
    renamed: () => (field.name = 'renamed'),
    'made a list': () => (field.type = { is: 'list', of: type }),
    'made a record': () => (field.type = { is: 'record', of: type }),
    'optional or not': () => (field.optional = !field.optional),
    added: () => declared.fields.push({ name: 'added', type: { is: 'string' }, optional: random.chance(0.5) }),
    removed: () => declared.fields.splice(declared.fields.indexOf(field), 1),
  };
  if (type.is !== 'json' && type.is !== 'nullable') ways.nullable = () => (field.type = { is: 'nullable', of: type });
  if (type.is !== 'date') ways['a date'] = () => (field.type = { is: 'date' });
  if (type.is === 'integer' && type.width !== 'int8') ways.narrowed = () => (type.width = 'int8');
  if (type.is === 'literals') ways['a literal more'] = () => type.values.push('more');
  if (type.is === 'tuple') ways['a place more'] = () => type.items.push({ is: 'boolean' });
  if (type.is === 'union') {
    const tag = { name: 'kind', type: { is: 'literals', values: ['new'] }, optional: false };
    ways['a member more'] = () => type.members.push({ is: 'object', fields: [tag] });
  }
  const what = random.pick(Object.keys(ways));
  ways[what]();
  return what;
}

/** Whether a declared type is part of a type. */
function reaches(type, wanted, seen = new Set()) {
  if (type === wanted) return true;
  if (!type || seen.has(type)) return false;
  seen.add(type);
  const parts = [type.of, type.to, type.rest, ...(type.items ?? []), ...(type.members ?? [])];
  const fields = (type.fields ?? []).map((field) => field.type);
  return [...parts, ...fields].some((part) => reaches(part, wanted, seen));
}
