// `import { api } from 'kontract'` in plain Node programs, in every form the loader comes in.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { run } from '../support/process.mjs';
import { project, write } from '../support/project.mjs';

const GREET = `
@backend(perm=perms.R__)
export async function greet(name: string): Promise<string> {
  return 'SECRET-SALT ' + name;
}
`;

const PROGRAM = `
import { HttpError, api } from 'kontract';
import { greet } from './src/greet.ts';
const problem = await api.greet('Ada').catch((error) => error);
console.log(JSON.stringify({ api: typeof api.greet.raw, stub: String(greet).includes('SECRET'), problem: problem.name, family: problem instanceof HttpError }));
`;

/** Nothing listens here: a call gets as far as the network, and no further. */
const env = { KONTRACT_URL: 'http://127.0.0.1:9' };

const files = { 'src/greet.ts': GREET, 'app.mjs': PROGRAM };

async function program(folder, args) {
  const { code, stdout, stderr } = await run(process.execPath, args, { cwd: folder, env });
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

describe('the loader', () => {
  for (const flag of ['--import', '--loader']) {
    it(`compiles on import with ${flag}`, async (t) => {
      const folder = project(t, files);
      const { api, stub } = await program(folder, [flag, 'kontract/loader.mjs', 'app.mjs']);
      assert.deepEqual({ api, stub }, { api: 'function', stub: false });
      const client = readFileSync(join(folder, 'node_modules/.kontract/build/client/config.js'), 'utf8');
      const { publicKey, privateKey } = JSON.parse(readFileSync(join(folder, '.kontract/dev-key.json'), 'utf8'));
      assert.ok(client.includes(publicKey), 'the dev key is pinned');
      assert.ok(!client.includes(privateKey));
    });
  }

  it('works for a program that imports it before everything else', async (t) => {
    const folder = project(t, files);
    write(folder, {
      'app.mjs': `import 'kontract/loader.mjs';\nimport { api } from 'kontract';
        const { greet } = await import('./src/greet.ts');
        const problem = await api.greet('Ada').catch((error) => error);
        console.log(JSON.stringify({ api: typeof api.greet.raw, greet: typeof greet, late: /loader/.test(problem.message) }));`,
    });
    assert.deepEqual(await program(folder, ['app.mjs']), { api: 'function', greet: 'function', late: false });
  });

  it('tells a program without it what to do', async (t) => {
    const folder = project(t, { ...files, 'app.mjs': `import { api } from 'kontract'; await api.greet('Ada');` });
    const { code, stderr } = await run(process.execPath, ['app.mjs'], { cwd: folder, env });
    assert.notEqual(code, 0);
    assert.match(stderr, /node --import kontract\/loader\.mjs app\.mjs/);
  });

  it('recompiles what has changed by the next run', async (t) => {
    const folder = project(t, {
      ...files,
      'app.mjs': `import { api } from 'kontract'; import { routes } from './node_modules/.kontract/build/client/routes.js'; console.log(JSON.stringify(Object.keys(routes)));`,
    });
    assert.deepEqual(await program(folder, ['--import', 'kontract/loader.mjs', 'app.mjs']), ['greet']);
    write(folder, { 'src/greet.ts': GREET.replace('greet', 'salute') });
    assert.deepEqual(await program(folder, ['--import', 'kontract/loader.mjs', 'app.mjs']), ['salute']);
  });

  it('shows compile errors as code frames, once, and does not run the program', async (t) => {
    const folder = project(t, { ...files, 'src/greet.ts': GREET.replace('name: string', 'name') });
    for (const flag of ['--import', '--loader']) {
      const { code, stdout, stderr } = await run(process.execPath, [flag, 'kontract/loader.mjs', 'app.mjs'], {
        cwd: folder,
        env,
      });
      assert.notEqual(code, 0);
      assert.equal(stdout, '');
      assert.match(stderr, /error\[KT\d{4}\]/);
      assert.match(stderr, /src\/greet\.ts:3:/);
    }
    assert.equal(existsSync(join(folder, 'node_modules/.kontract/build/client/index.js')), false);
  });

  it('leaves packages and the command itself alone', async (t) => {
    const folder = project(t, files);
    write(folder, {
      'node_modules/other/package.json': '{ "name": "other", "type": "module", "exports": "./index.js" }',
      'node_modules/other/index.js': `import * as kontract from 'kontract'; export const url = import.meta.resolve('kontract');`,
      'app.mjs': `import { url } from 'other'; console.log(JSON.stringify(url.endsWith('/lib/dist/index.js')));`,
    });
    assert.equal(await program(folder, ['--import', 'kontract/loader.mjs', 'app.mjs']), true);
  });
});
