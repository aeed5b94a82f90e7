// The loader and the command on every Node Kontract supports: this one, and 22, 24 and 26 from npm.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { run } from '../support/process.mjs';
import { cli, project } from '../support/project.mjs';

const FOLDER = import.meta.dirname;

const FILES = {
  'src/greet.ts': `import type { Greeting } from './types';
@backend(perm=perms.R__)
export async function greet(name: string): Promise<Greeting> {
  return { text: 'SECRET-SALT ' + name };
}
`,
  'src/plain.ts': 'export const plain = (n: number): number => n + 1;\n',
  'src/types.ts': 'export interface Greeting { text: string }\n',
  'app.mjs': `import { HttpError, api } from 'kontract';
import { greet } from './src/greet.ts';
import { plain } from './src/plain';
const problem = await api.greet('Ada').catch((error) => error);
console.log(JSON.stringify([typeof api.greet.raw, plain(1), String(greet).includes('SECRET'), problem instanceof HttpError]));
`,
  'late.mjs': `import 'kontract/loader.mjs';
import { api } from 'kontract';
const { plain } = await import('./src/plain.ts');
console.log(JSON.stringify([typeof api.greet.raw, plain(1), await api.greet('Ada').then(() => '', (error) => /loader/.test(error.message))]));
`,
  'app.cjs': `const { HttpError, api } = require('kontract');
const { greet } = require('./src/greet');
const { plain } = require('./src/plain.ts');
api.greet('Ada').catch((problem) => {
  console.log(JSON.stringify([typeof api.greet.raw, plain(1), String(greet).includes('SECRET'), problem instanceof HttpError, require('./src/plain').plain === plain]));
});
`,
};

/** Nothing listens here: a call gets as far as the network, and no further. */
const env = { KONTRACT_URL: 'http://127.0.0.1:9', NODE_OPTIONS: undefined };

async function program(node, folder, args) {
  const { code, stdout, stderr } = await run(node.path, args, { cwd: folder, env });
  assert.equal(code, 0, stderr);
  return { answer: JSON.parse(stdout), stderr };
}

const THIS = process.versions.node.split('.')[0];
const nodes = [...new Set([THIS, '22', '24', '26'])];
for (const major of nodes) {
  const isThis = major === THIS;
  describe(`Node ${major}`, () => {
    const node = { path: isThis ? process.execPath : join(FOLDER, `node_modules/node-${major}/bin/node`) };
    const here = isThis || (process.platform === 'linux' && process.arch === 'x64');
    const skip = here ? false : `npm has this Node for linux-x64 only, this is ${process.platform}-${process.arch}`;
    before(() => {
      if (here && !isThis) install();
    });

    it('runs programs with --import, and warns of nothing', { skip }, async (t) => {
      const { answer, stderr } = await program(node, project(t, FILES), ['--import', 'kontract/loader.mjs', 'app.mjs']);
      assert.deepEqual(answer, ['function', 2, false, true]);
      assert.equal(stderr, '');
    });

    it('runs programs with --loader', { skip }, async (t) => {
      const { answer } = await program(node, project(t, FILES), ['--loader', 'kontract/loader.mjs', 'app.mjs']);
      assert.deepEqual(answer, ['function', 2, false, true]);
    });

    it('runs programs that import the loader, and warns of nothing', { skip }, async (t) => {
      const { answer, stderr } = await program(node, project(t, FILES), ['late.mjs']);
      assert.deepEqual(answer, ['function', 2, false]);
      assert.equal(stderr, '');
    });

    const old = Number(major) < 22 && 'Node 20 cannot require an ECMAScript module';
    it('runs CommonJS programs', { skip: skip || old }, async (t) => {
      const { answer, stderr } = await program(node, project(t, FILES), ['--import', 'kontract/loader.mjs', 'app.cjs']);
      assert.deepEqual(answer, ['function', 2, false, true, true]);
      assert.equal(stderr, '');
    });

    it('builds', { skip }, async (t) => {
      const folder = project(t, FILES);
      const built = await run(node.path, [cli, 'build', '--json'], { cwd: folder, env });
      assert.equal(JSON.parse(built.stdout).ok, true, built.stdout);
      assert.equal(built.stderr, '');
    });
  });
}

/** As the lock file says, once. */
function install() {
  if (existsSync(join(FOLDER, 'node_modules/.package-lock.json'))) return;
  const { status, stderr } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: FOLDER, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
}
