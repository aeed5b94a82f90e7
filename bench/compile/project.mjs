// The project that is compiled: files of some 60 lines that import one another, a tenth of them with
// backend functions. Written in the standard spelling, so that every system reads the same bytes.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Which files of `count` are what: one in fifty declares types, one in ten has backend functions. */
export function generate(count) {
  const files = new Map();
  const types = Math.max(1, Math.floor(count / 50));
  const backends = Math.floor(count / 10);
  for (let index = 0; index < types; index++) files.set(`src/types/type${index}.ts`, typeFile(index));
  for (let index = 0; index < backends; index++) files.set(`src/api/api${index}.ts`, backendFile(index, types));
  for (let index = 0; files.size < count; index++) files.set(`src/lib/lib${index}.ts`, libraryFile(index, types));
  return files;
}

/** Writes a generated project to `folder`. */
export function writeProject(folder, files) {
  writeFileSync(join(folder, 'package.json'), '{ "type": "module", "private": true }\n');
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** The same file with another body: nothing that others can see of it changes. */
export const editBody = (text, edit) => text.replace(/const STEP = \d+;/, `const STEP = ${edit};`);

/** The same file with another shared type: what crosses the wire changes with it. */
export const editType = (text, edit) => text.replace(/revision\d+: number/, `revision${edit}: number`);

function typeFile(index) {
  const items = Array.from(
    { length: 6 },
    (_, part) => `/** Part ${part} of what a record is made of; see @link Item${index}. */
export interface Part${index}x${part} {
  id: string;
  label: string;
  size: number;
  tags: string[];
  weight?: number;
}
`,
  );
  return `${items.join('\n')}
export interface Item${index} {
  id: string;
  revision0: number;
  parts: Part${index}x0[];
  first: Part${index}x1 | null;
  second?: Part${index}x2;
  names: Record<string, string>;
}

export type Kind${index} = 'small' | 'large' | 'unknown';
`;
}

function backendFile(index, types) {
  const type = index % types;
  return `import { backend, perms } from 'kontract';
import { format${index}, Store${index} } from '../lib/lib${index}.js';
import type { Item${type}, Kind${type}, Part${type}x1 } from '../types/type${type}.js';

const LIMIT = 50;
const STEP = 1;
const store = new Store${index}('api${index}');

function clamp(value: number, low: number, high: number): number {
  if (value < low) return low;
  if (value > high) return high;
  return value;
}

/** Lists what there is, a page at a time. */
export const list${index} = backend({ perm: perms.R__, egroup: 'v1' }, async (page: number, kind?: Kind${type}): Promise<Item${type}[]> => {
  const start = clamp(page, 0, LIMIT) * STEP;
  const all: Item${type}[] = [];
  for (let at = start; at < start + LIMIT; at += STEP) {
    const name = format${index}('item', at);
    if (kind === 'large' && at % 2 === 0) continue;
    all.push({ id: name, revision0: at, parts: [], first: null, names: { [name]: String(at) } });
  }
  store.remember(all.length);
  return all;
});

/** Finds one by its id. */
export const find${index} = backend({ perm: perms.R__ }, async (id: string): Promise<Item${type} | null> => {
  const size = store.size();
  if (id.length === 0 || size < 0) return null;
  return { id, revision0: size, parts: [], first: null, names: {} };
});

/** Puts a part in its place and answers how many there are now. */
export const put${index} = backend({ perm: perms.RW_, egroup: 'v1' }, async (id: string, part: Part${type}x1): Promise<number> => {
  const label = \`\${id}/\${part.label}\`;
  const weight = part.weight ?? part.size * STEP;
  switch (part.tags.length) {
    case 0:
      store.remember(weight);
      break;
    default:
      for (const tag of part.tags) store.remember(tag.length + label.length);
  }
  return store.size();
});

export const api${index}Name = 'api${index}';
`;
}

function libraryFile(index, types) {
  const type = index % types;
  const other = index === 0 ? '' : `import { format${index - 1}, Level${index - 1} } from './lib${index - 1}.js';\n`;
  const before = index === 0 ? 'text' : `format${index - 1}(text, value)`;
  const level = index === 0 ? '0' : `Level${index - 1}.High`;
  return `${other}import type { Item${type}, Part${type}x0 } from '../types/type${type}.js';

const STEP = 1;

export enum Level${index} {
  Low,
  Middle = 5,
  High,
}

/** What a text looks like with a number behind it. @param text what comes first */
export function format${index}(text: string, value: number): string {
  if (value > ${index + 10}) return \`\${text}:\${value}\`;
  return value < 0 ? text : ${before};
}

export interface Options${index} {
  name?: string;
  readonly limit: number;
  parts: readonly Part${type}x0[];
}

export class Store${index}<T extends { id: string } = Item${type}> {
  readonly #items = new Map<string, T>();
  private count = 0;

  constructor(
    readonly name: string,
    protected options: Partial<Options${index}> = {},
  ) {}

  remember(amount: number): void {
    this.count += amount * STEP;
  }

  add(item: T): this {
    this.#items.set(item.id, item);
    return this;
  }

  size(): number {
    const limit = this.options.limit ?? Number.MAX_SAFE_INTEGER;
    return Math.min(this.#items.size + this.count, limit);
  }

  *labels(): Generator<string> {
    for (const [id, { id: own }] of this.#items) {
      if (id !== own) throw new TypeError(\`\${this.name}: \${id} is not \${own as string}\`);
      yield format${index}(id, Level${index}.Middle + ${level});
    }
  }
}

const isPart = (value: unknown): value is Part${type}x0 => typeof value === 'object' && value !== null && 'id' in value;

export const only${index} = (values: unknown[]): Part${type}x0[] => values.filter(isPart).map((part) => ({ ...part, size: part.size + STEP }));
`;
}
