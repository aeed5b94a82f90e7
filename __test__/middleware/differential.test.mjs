// Splicing cannot be observed: stacks made at random do the same spliced and called.
// KONTRACT_FUZZ_SEED tries other stacks; the default ones are the same everywhere.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stacks } from './generate.mjs';
import { bothWays } from './run.mjs';

const FIRST = Number(process.env.KONTRACT_FUZZ_SEED ?? 1);
const [PROJECTS, STACKS] = [10, 240];

let kept = 0;
let total = 0;

for (let seed = FIRST; seed < FIRST + PROJECTS; seed++) {
  test(`${STACKS} stacks of seed ${seed}`, async (t) => {
    const files = stacks(seed, STACKS);
    const { spliced, called } = await bothWays(t, files, [0, 1, 6, 7]);
    total += calls(called);
    kept += calls(spliced);
    assert.equal(Object.keys(called.seen).length, STACKS);
    for (const [id, expected] of Object.entries(called.seen)) {
      assert.deepEqual(spliced.seen[id], expected, `seed ${seed}, ${id}:\n${sources(files, id)}`);
    }
  });
}

test('much of what was generated was spliced, and much was not', () => {
  assert.ok(kept > total * 0.2 && kept < total * 0.7, `${kept} of ${total} stayed functions`);
});

const calls = ({ file }) => file('src/middleware.js').split('await __kontract_around(').length - 1;

/** The middleware and the handler of one stack, to read. */
function sources(files, id) {
  const group = id.replace('r', 'g');
  const middleware = files['src/middleware.ts'].split(
    /\n(?=@mwfilter|mwfilter|const named_|async function named_|function named_)/,
  );
  const name = group.slice(1);
  const own = middleware.filter(
    (text) => text.includes(`"${group}"`) || text.includes(`'${group}'`) || text.includes(`named_${name}_`),
  );
  const handler = files['src/api.ts'].split(/\n(?=@backend)/).filter((text) => text.includes(`"${group}"`));
  return [...own, ...handler].join('\n');
}
