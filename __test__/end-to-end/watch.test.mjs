// Saving a source: live within a second, and an error leaves the previous good build serving.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { run } from '../support/process.mjs';
import { cli, copyOfExample, write } from '../support/project.mjs';
import { startTodo } from '../support/todo.mjs';

test('saving todos.ts is live, and a mistake does not stop the server', async (t) => {
  const app = await startTodo(t);
  const { api, dev, folder } = app;
  const path = join(folder, 'src/api/todos.ts');
  const original = readFileSync(path, 'utf8');

  const live = dev.waitFor(/live/);
  const saved = performance.now();
  writeFileSync(path, original.replace('text.trim().slice(0, MAX_TEXT)', 'text.trim().toUpperCase()'));
  await live;
  t.diagnostic(`live after ${Math.round(performance.now() - saved)} ms`);
  assert.equal((await api.addTodo('loud')).text, 'LOUD');

  const frame = dev.waitFor(/KT1\d{3}[\s\S]*todos\.ts/);
  writeFileSync(path, `${original}\nexport const = 1;\n`);
  await frame;
  assert.equal((await api.addTodo('still loud')).text, 'STILL LOUD', 'the previous good build goes on serving');

  const fixed = dev.waitFor(/live/);
  writeFileSync(path, original);
  await fixed;
  assert.equal((await api.addTodo('quiet')).text, 'quiet');
});

const MISTAKES = {
  'a decorator on the wrong thing': {
    code: /KT1\d{3}/,
    text: `@backend(perm=perms.R__)\nexport const answer = 42;\n`,
    frame: '@backend(perm=perms.R__)',
  },
  'a missing type': {
    code: /KT2\d{3}/,
    text: `@backend(perm=perms.R__)\nexport async function echo(value): Promise<string> {\n  return value;\n}\n`,
    frame: 'echo(value)',
  },
  'a syntax error': { code: /KT1\d{3}/, text: `export function (\n`, frame: 'export function (' },
};

for (const [name, { code, text, frame }] of Object.entries(MISTAKES)) {
  test(`kontract build refuses ${name}: a code frame with code and fix, exit 1`, async (t) => {
    const folder = copyOfExample(t, 'todo');
    write(folder, { 'src/api/wrong.ts': text });
    const human = await run(process.execPath, [cli, 'build'], { cwd: folder });
    assert.equal(human.code, 1);
    const shown = human.stdout + human.stderr;
    assert.match(shown, code);
    assert.ok(shown.includes(frame), shown);
    assert.match(shown, /src\/api\/wrong\.ts:\d+:\d+/);

    const machine = await run(process.execPath, [cli, 'build', '--json'], { cwd: folder });
    assert.equal(machine.code, 1);
    const report = JSON.parse(machine.stdout);
    assert.equal(report.ok, false);
    assert.match(report.diagnostics[0].code, code);
    assert.ok(report.diagnostics[0].help, 'says how to fix it');
  });
}
