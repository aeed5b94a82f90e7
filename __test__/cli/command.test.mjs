import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../bin/kontract.mjs', import.meta.url));

describe('the kontract command', () => {
  let folder;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'kontract-cli-'))));
  after(() => rmSync(folder, { recursive: true, force: true }));

  const kontract = (args, { cwd = folder, env = {} } = {}) =>
    spawnSync(process.execPath, [bin, ...args], { cwd, encoding: 'utf8', env: { PATH: process.env.PATH, ...env } });

  it('explains itself', () => {
    const { stdout, status } = kontract(['--help']);
    assert.equal(status, 0);
    for (const name of ['dev', 'build', 'check', 'explain', 'sync', 'start', 'doctor', 'keygen'])
      assert.match(stdout, new RegExp(`^  ${name} `, 'm'));
    assert.match(kontract(['dev', '--help']).stdout, /--no-open/);
  });

  it('exits with 1 for what the user can put right, and shows no stack', () => {
    for (const args of [['build'], ['dev'], ['start']]) {
      const { stderr, status } = kontract(args);
      assert.equal(status, 1, stderr);
      assert.match(stderr, /is not in a Kontract project/);
      assert.doesNotMatch(stderr, /\n\s+at /);
    }
    assert.match(kontract(['biuld']).stderr, /Did you mean build/);
    assert.equal(kontract(['dev', '--port', '99999']).status, 1);
  });

  it('wants a build and its secrets before it starts', () => {
    const root = join(folder, 'app');
    mkdirSync(join(root, 'src'), { recursive: true });
    writeFileSync(join(root, 'package.json'), '{}');
    assert.match(kontract(['start'], { cwd: root }).stderr, /dist\/ is missing\n.*kontract build/);
    mkdirSync(join(root, 'dist'));
    writeFileSync(join(root, 'dist/manifest.json'), '{"version":1,"routes":[],"tables":[]}');
    const unset = kontract(['start'], { cwd: root });
    assert.equal(unset.status, 1, unset.stderr);
    assert.match(unset.stderr, /KONTRACT_KEY is not set/);
    assert.match(
      kontract(['start'], { cwd: root, env: { KONTRACT_KEY: 'nonsense' } }).stderr,
      /KONTRACT_KEY is not a key/,
    );
  });

  it('explains errors', () => {
    const { stdout, status } = kontract(['explain', 'kt3002']);
    assert.equal(status, 0);
    assert.match(stdout, /^## KT3002 Server code in reach of the client\n[\s\S]*\nInstead:\n[\s\S]*```\n$/);
    assert.equal(stdout.match(/^## /gm).length, 1);
    const unknown = kontract(['explain', 'KT30002']);
    assert.equal(unknown.status, 1);
    assert.match(unknown.stderr, /There is no error KT30002\n {2}Did you mean KT3002\?/);
  });

  it('uses no colour without a terminal', () => {
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(kontract(['build']).stderr, /\u001b/);
  });
});
