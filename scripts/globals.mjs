// Writes the list of names that browsers and ECMAScript have, from TypeScript's own declarations:
//   node scripts/globals.mjs
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { root } from './lib/steps.mjs';

const ts = createRequire(import.meta.url)('typescript-6');
const folder = dirname(createRequire(import.meta.url).resolve('typescript-6'));
const names = new Set(['arguments', 'undefined', 'globalThis']);
const read = new Set();

function collect(lib) {
  if (read.has(lib)) return;
  read.add(lib);
  const path = join(folder, `lib.${lib}.d.ts`);
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest);
  for (const { fileName } of source.libReferenceDirectives) collect(fileName.toLowerCase());
  for (const statement of source.statements) {
    if (ts.isVariableStatement(statement))
      for (const { name } of statement.declarationList.declarations) names.add(name.text);
    else if (
      ts.isFunctionDeclaration(statement) ||
      ts.isClassDeclaration(statement) ||
      ts.isModuleDeclaration(statement)
    )
      names.add(statement.name.text);
  }
}
for (const lib of ['esnext', 'dom', 'dom.iterable', 'webworker']) collect(lib);
writeFileSync(join(root, 'crates/compiler/src/split/globals.txt'), `${[...names].toSorted().join('\n')}\n`);
