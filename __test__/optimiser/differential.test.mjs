// An optimised server does what the unoptimised one does: handlers made at random, run both ways.
// KONTRACT_FUZZ_SEED tries other handlers; the default ones are the same everywhere.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileAndRun } from '../middleware/run.mjs';
import { project } from '../support/project.mjs';
import { handlers } from './generate.mjs';

const FIRST = Number(process.env.KONTRACT_FUZZ_SEED ?? 1);
const [PROJECTS, HANDLERS] = [4, 100];

for (let seed = FIRST; seed < FIRST + PROJECTS; seed++) {
  test(`${HANDLERS} handlers of seed ${seed}`, async (t) => {
    const files = handlers(seed, HANDLERS);
    const folder = project(t, files);
    const flags = [0, 1, 3];
    const written = await compileAndRun(folder, 'written', { optimise: false }, flags);
    const optimised = await compileAndRun(folder, 'optimised', { optimise: true }, flags);
    for (const [id, expected] of Object.entries(written.seen)) {
      const source = files['src/api.ts'].split(/\n(?=@backend)/).find((text) => text.includes(`function ${id}(`));
      const result = optimised
        .file('src/api.js')
        .split(/\n(?=export async)/)
        .find((text) => text.includes(`function ${id}(`));
      assert.deepEqual(optimised.seen[id], expected, `seed ${seed}, ${id}:\n${source}\nbecame\n${result}`);
    }
    const size = (way) => way.file('src/api.js').length;
    assert.ok(size(optimised) < size(written) * 0.95, `${size(optimised)} of ${size(written)} characters`);
  });
}
