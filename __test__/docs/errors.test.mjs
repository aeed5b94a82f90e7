// docs/errors.md: what each section shows really is that error, and what stands below "Instead" is not.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { project, repository } from '../support/project.mjs';

const { native } = await import(pathToFileURL(join(repository, 'lib/dist/native/index.js')).href);

/** KT51xx are the database's refusals: their sections show no code, and lane end-to-end meets them. */
const sections = readFileSync(join(repository, 'docs/errors.md'), 'utf8')
  .split(/^(?=## KT)/m)
  .slice(1)
  .map((text) => ({ code: text.slice(3, 9), text }))
  .filter(({ code }) => !code.startsWith('KT51') && !code.startsWith('KT0'));

/** The files a half of a section shows: `src/api.ts` unless the fence or a first line `// src/…` says another. */
function filesOf(half) {
  const files = { 'src/empty.ts': 'export {};\n' };
  for (const [, language, name, code] of half.matchAll(/```(\w+)(?: (\S+))?\n([\s\S]*?)```/g)) {
    const parts = code.split(/^\/\/ (?=src\/\S+$)/m);
    if (parts.length === 1 || name) {
      files[name ?? (language === 'json' ? 'kontract.lock.json' : language === 'tsx' ? 'src/page.tsx' : 'src/api.ts')] =
        code;
    }
    for (const part of parts.slice(1)) files[part.slice(0, part.indexOf('\n'))] = part.slice(part.indexOf('\n') + 1);
  }
  return files;
}

/** What an example can only hint at: "200 times". */
const WRITTEN_OUT = {
  KT1011: { 'src/api.ts': `export const v = ${'<any>('.repeat(17)}1${')'.repeat(17)};\n` },
  KT1009: { 'src/api.ts': `export const a = ${'`${'.repeat(250)}1${'}`'.repeat(250)}; @backend\n` },
};

function codesOf(t, files) {
  const folder = project(t, files);
  return native.compileProject(folder, { mode: 'development', outDir: 'out', cache: false }).diagnostics;
}

for (const { code, text } of sections) {
  test(`${code}: the example is that error, and the way out is none`, (t) => {
    const [before, after, ...rest] = text.split(/^Instead:$/m);
    assert.equal(rest.length, 0, 'one "Instead:"');
    assert.ok(after, 'a section says what to do instead');
    const shown = codesOf(t, WRITTEN_OUT[code] ?? filesOf(before));
    assert.deepEqual([...new Set(shown.map((one) => one.code))], [code], shown.map((one) => one.frame).join('\n'));
    const instead = codesOf(t, filesOf(after)).filter(({ severity }) => severity !== 'info');
    assert.deepEqual(
      instead.map((one) => one.frame),
      [],
    );
  });
}

test('there is a section for every code, once', () => {
  const codes = sections.map(({ code }) => code);
  assert.deepEqual(codes, [...new Set(codes)].toSorted());
  assert.ok(codes.length >= 40);
});
