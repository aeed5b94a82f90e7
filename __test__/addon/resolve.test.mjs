// Where imports lead: path aliases, `#internal`, workspace packages that ship TypeScript, JSON.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'node:test';
import { project, temporaryFolder, write } from '../support/project.mjs';

const { native } = await import(pathToFileURL(join(import.meta.dirname, '../../lib/dist/native/index.js')).href);

const OUT = 'node_modules/.kontract/build';
const compile = (folder) => native.compileProject(folder, { mode: 'development', outDir: OUT });
const output = (folder, path) => readFileSync(join(folder, OUT, path), 'utf8');

function compiled(folder) {
  const result = compile(folder);
  assert.equal(result.ok, true, result.diagnostics.map((one) => one.frame).join('\n'));
  return result;
}

const BACKEND = `import { slug } from 'SPECIFIER';

@backend(perm=perms.R__)
export async function title(text: string): Promise<string> {
  return slug(text);
}
`;
const SLUG = `export const slug = (text: string): string => text.toLowerCase();\n`;

test('path aliases, baseUrl and extends of tsconfig.json, a list and a package among them', (t) => {
  const folder = project(t, {
    'tsconfig.json': `{ // comments are allowed
      "extends": ["./base.json", "@acme/tsconfig/strict.json"], "include": ["src"] }`,
    'base.json': JSON.stringify({ compilerOptions: { paths: { '@/*': ['./src/*'], slug: ['./src/lib/slug.ts'] } } }),
    'node_modules/@acme/tsconfig/package.json': JSON.stringify({ name: '@acme/tsconfig' }),
    'node_modules/@acme/tsconfig/strict.json': JSON.stringify({ compilerOptions: { strict: true } }),
    'src/lib/slug.ts': SLUG,
    'src/a.ts': BACKEND.replace('SPECIFIER', '@/lib/slug'),
    'src/b.ts': BACKEND.replace('SPECIFIER', 'slug').replace('title', 'other'),
  });
  compiled(folder);
  assert.match(output(folder, 'server/src/a.js'), /from "\.\/lib\/slug\.js"/);
  assert.match(output(folder, 'server/src/b.js'), /from "\.\/lib\/slug\.js"/);

  assert.equal(compile(folder).changed, false);
  write(folder, {
    'base.json': JSON.stringify({ compilerOptions: { paths: { '@/*': ['./src/*'], slug: ['./src/new.ts'] } } }),
    'src/new.ts': SLUG,
  });
  compiled(folder);
  assert.match(output(folder, 'server/src/b.js'), /from "\.\/new\.js"/);
});

test('a tsconfig.json that appears or cannot be read is noticed', (t) => {
  const folder = project(t, { 'src/lib/slug.ts': SLUG, 'src/a.ts': BACKEND.replace('SPECIFIER', './lib/slug.js') });
  compiled(folder);
  assert.equal(compile(folder).changed, false);
  write(folder, { 'tsconfig.json': '{}' });
  assert.equal(compile(folder).changed, true);
  write(folder, { 'tsconfig.json': '{ "extends": "./nowhere.json" }' });
  assert.throws(() => compile(folder), /tsconfig\.json: .*nowhere/);
});

test('#internal imports of package.json', (t) => {
  const folder = project(t, {
    'package.json': JSON.stringify({ name: 'app', type: 'module', imports: { '#lib/*': './src/lib/*.ts' } }),
    'src/lib/slug.ts': SLUG,
    'src/a.ts': BACKEND.replace('SPECIFIER', '#lib/slug'),
  });
  compiled(folder);
  assert.match(output(folder, 'server/src/a.js'), /from "\.\/lib\/slug\.js"/);
  write(folder, { 'src/a.ts': BACKEND.replace('SPECIFIER', '#lib/none') });
  const { ok, diagnostics } = compile(folder);
  assert.equal(ok, false);
  assert.deepEqual(
    diagnostics.map(({ code, line }) => [code, line]),
    [['KT3007', 1]],
  );
});

/** `app` beside `packages/shared`, which is linked into its node_modules as a workspace does it. */
function workspace(t) {
  const folder = temporaryFolder(t);
  write(folder, {
    'packages/shared/package.json': JSON.stringify({
      name: '@acme/shared',
      type: 'module',
      exports: { '.': './src/index.ts', './types': './src/types.ts' },
      imports: { '#words': './src/words.mts' },
    }),
    'packages/shared/src/index.ts': `export { slug } from '#words';\nexport * from './types.js';\n`,
    'packages/shared/src/words.mts': `import data from './words.json' with { type: 'json' };
export const slug = (text: string): string => text.toLowerCase() + data.separator;\n`,
    'packages/shared/src/words.json': '{ "separator": "-" }\n',
    'packages/shared/src/types.ts': `export interface Page { @primkey id: string; title: string }\n`,
    'app/package.json': JSON.stringify({ name: 'app', type: 'module' }),
    'app/src/pages.ts': `import { slug } from '@acme/shared';
import type { Page } from '@acme/shared/types';

@backend(perm=perms.RW_)
export async function rename(page: Page): Promise<Page> {
  return { ...page, title: slug(page.title) };
}
`,
    'app/src/page.ts': `import { slug } from '@acme/shared';\nconsole.log(slug('A'));\n`,
  });
  mkdirSync(join(folder, 'app/node_modules/@acme'), { recursive: true });
  symlinkSync('../../../packages/shared', join(folder, 'app/node_modules/@acme/shared'), 'dir');
  return folder;
}

test('a workspace package that ships TypeScript is part of the build, under its own name', async (t) => {
  const folder = workspace(t);
  const app = join(folder, 'app');
  const { files } = compiled(app);
  assert.ok(files.includes('client/packages/@acme/shared/src/words.js'), files.join('\n'));
  assert.ok(files.every((file) => !file.includes('..') && !file.includes(folder)));
  assert.match(output(app, 'server/src/pages.js'), /from "\.\.\/packages\/@acme\/shared\/src\/index\.js"/);
  const map = JSON.parse(output(app, 'server/packages/@acme/shared/src/words.js.map'));
  assert.deepEqual(map.sources, ['../packages/shared/src/words.mts']);
  assert.match(output(app, 'schemas/src/pages.fbs'), /title: ?string/);
  const { slug } = await import(pathToFileURL(join(app, OUT, 'client/packages/@acme/shared/src/index.js')).href);
  assert.equal(slug('Ä B'), 'ä b-');
});

test('changes in a workspace package are noticed, and its errors shown where they are', (t) => {
  const folder = workspace(t);
  const app = join(folder, 'app');
  compiled(app);
  assert.equal(compile(app).changed, false);
  write(folder, { 'packages/shared/src/words.json': '{ "separator": "+" }\n' });
  compiled(app);
  assert.match(output(app, 'client/packages/@acme/shared/src/words.json.js'), /"\+"/);
  write(folder, { 'packages/shared/src/types.ts': 'export interface Page { id: }\n' });
  const { ok, diagnostics } = compile(app);
  assert.equal(ok, false);
  assert.equal(diagnostics[0].file, '../packages/shared/src/types.ts');
  // Linked to another folder: the old files are still there, unchanged.
  write(folder, { 'packages/shared/src/types.ts': 'export interface Page { @primkey id: string; title: string }\n' });
  compiled(app);
  rmSync(join(app, 'node_modules/@acme/shared'));
  assert.equal(compile(app).changed, true);
});

test('an installed package stays an import, its sources beside its code or not', (t) => {
  const folder = project(t, {
    'node_modules/slugger/package.json': JSON.stringify({ name: 'slugger', type: 'module', exports: './index.js' }),
    'node_modules/slugger/index.js': 'export const slug = (text) => text;\n',
    'node_modules/slugger/index.ts': 'export const slug = (text: string): string => text;\n',
    'src/a.ts': BACKEND.replace('SPECIFIER', 'slugger'),
  });
  compiled(folder);
  assert.match(output(folder, 'server/src/a.js'), /from ['"]slugger['"]/);
});

test('customConditions of what tsconfig.json extends', (t) => {
  const folder = project(t, {
    'tsconfig.json': `{ "extends": "@acme/tsconfig/base.json", /* and no more */ }`,
    'node_modules/@acme/tsconfig/package.json': JSON.stringify({ name: '@acme/tsconfig' }),
    'node_modules/@acme/tsconfig/base.json': `{ "compilerOptions": { "customConditions": ["acme-source"], }, }`,
    'shared/package.json': JSON.stringify({
      name: '@acme/shared',
      exports: { '.': { 'acme-source': './src/index.ts', default: './dist/index.js' } },
    }),
    'shared/src/index.ts': SLUG,
    'shared/dist/index.js': 'export const slug = String;\n',
    'src/a.ts': BACKEND.replace('SPECIFIER', '@acme/shared'),
  });
  symlinkSync(join(folder, 'shared'), join(folder, 'node_modules/@acme/shared'));
  compiled(folder);
  assert.match(output(folder, 'server/src/a.js'), /from "\.\.\/shared\/src\/index\.js"/);

  // Without them the package is what it publishes.
  write(folder, { 'node_modules/@acme/tsconfig/base.json': '{}' });
  compiled(folder);
  assert.doesNotMatch(output(folder, 'server/src/a.js'), /shared\/src\/index/);
});
