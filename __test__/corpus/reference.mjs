// The same sources through @swc/core alone: what Kontract's output is compared with.
import { createRequire } from 'node:module';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { FOLDER } from './sources.mjs';

const swc = () => createRequire(join(FOLDER, 'package.json'))('@swc/core');

/** Writes each file of `sources` as JavaScript below `folder`, relative imports made to lead to files. */
export function transform(sources, folder) {
  const { parseSync, transformSync } = swc();
  for (const [path, text] of Object.entries(sources)) {
    const syntax = { syntax: 'typescript', tsx: path.endsWith('x'), decorators: true };
    const module = parseSync(text, { ...syntax, target: 'esnext' });
    for (const item of module.body) {
      if (item.source?.value?.startsWith('.')) {
        const to = resolve(sources, path, item.source.value);
        item.source = { ...item.source, value: to, raw: JSON.stringify(to) };
      }
    }
    const { code } = transformSync(module, {
      jsc: { parser: syntax, target: 'esnext', transform: { useDefineForClassFields: false } },
      configFile: false,
      swcrc: false,
    });
    const file = join(folder, javascript(path));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, code);
  }
}

/** `src/a.ts` → `src/a.js`. */
export const javascript = (path) => path.replace(/\.[cm]?tsx?$/, '.js');

function resolve(sources, from, specifier) {
  const path = posix.join(posix.dirname(from), specifier);
  const stem = path.replace(/\.[cm]?jsx?$|\.tsx?$/, '');
  const found = [path, `${stem}.ts`, `${stem}.tsx`, `${path}.ts`, `${path}/index.ts`].find((one) =>
    Object.hasOwn(sources, one),
  );
  if (found === undefined) return specifier;
  const relative = posix.relative(posix.dirname(from), javascript(found));
  return relative.startsWith('.') ? relative : `./${relative}`;
}
