// Decorators, `accessor`, `using` and class fields run as TypeScript's own output of them runs.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'node:test';
import ts from 'typescript-5.9';
import { project } from '../support/project.mjs';

const { native } = await import(pathToFileURL(join(import.meta.dirname, '../../lib/dist/native/index.js')).href);
const OUT = 'node_modules/.kontract/build';

/** What the program logs, compiled by us and by TypeScript. */
async function bothWays(t, source, compilerOptions = {}) {
  const folder = project(t, { 'src/main.ts': source, 'tsconfig.json': JSON.stringify({ compilerOptions }) });
  const result = native.compileProject(folder, { mode: 'development', outDir: OUT });
  assert.equal(result.ok, true, result.diagnostics.map((one) => one.frame).join('\n'));
  const reference = join(folder, OUT, 'client/src/reference.js');
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      useDefineForClassFields: true,
      ...compilerOptions,
    },
  });
  writeFileSync(reference, outputText);
  const ours = join(folder, OUT, 'client/src/main.js');
  assert.doesNotMatch(readFileSync(ours, 'utf8'), /@swc|using |^\s*@/m);
  const run = async (file) => (await import(pathToFileURL(file).href)).log;
  const [actual, expected] = [await run(ours), await run(reference)];
  assert.ok(expected.length > 3);
  assert.deepEqual(actual, expected);
}

const LOG = `export const log: unknown[] = [];\n(Symbol as any).metadata ??= Symbol('metadata');\n`;

test('decorators of ECMAScript: order, contexts, replacements, initializers, metadata', async (t) => {
  await bothWays(
    t,
    `${LOG}
const note = (label: string) => (value: any, context: any) => {
  const { kind, name, static: isStatic, private: isPrivate } = context;
  log.push([label, kind, name, isStatic, isPrivate, typeof value, Object.keys(context).sort().join()]);
  context.metadata[label] = kind;
  context.addInitializer(function (this: any) {
    log.push(['initializer', label, typeof this, this === Whole, this?.constructor?.name]);
  });
};
const double = (value: any, { kind }: any): any => {
  if (kind === 'field') return (initial: number) => initial * 2;
  if (kind === 'accessor') return { get(this: any) { return value.get.call(this) + 1; }, init: (initial: number) => initial * 10 };
  if (kind === 'class') return class extends value { extra = 1; };
  return function (this: any, ...args: any[]) { return value.apply(this, args) * 2; };
};
let Whole: any;
class Single { @note('static accessor') static accessor both = 4; }
Single.both += 1;
log.push(Single.both);
const key = 'computed';
@note('class')
@double
class Part {
  @note('field') @double field = 1;
  @note('accessor') @double accessor counted = 2;
  @note('static') @double static shared = 3;
  @note('private') @double #hidden = 5;
  @note('private method') @double #secret(by: number) { return by + this.#hidden; }
  @note('private accessor') accessor #inner = 6;
  @note('static private') static #own() { return 7; }
  @note('getter') @double get value() { return this.field; }
  @note('setter') set value(given: number) { this.field = given; }
  @note('method') @double [key](by: number) { return by + this.#secret(1) + this.#inner; }
  accessor plain = 8;
  static own() { return this.#own(); }
  static { log.push('static block'); }
}
Whole = Part;
const part: any = new Part();
part.value = 11;
log.push(part.field, part.counted, part.value, part.computed(1), part.plain, part.extra, Part.shared, Part.own());
part.counted = 20;
part.plain = 30;
log.push(part.counted, part.plain, Part.name);
const metadata = (Part as any)[(Symbol as any).metadata];
log.push({ ...metadata });
`,
  );
});

test('decorators of ECMAScript: what goes wrong is an error', async (t) => {
  await bothWays(
    t,
    `${LOG}
const attempt = (work: () => unknown) => {
  try {
    work();
    log.push('fine');
  } catch (error) {
    log.push((error as Error).constructor.name);
  }
};
const number: any = () => 1;
const late: any = (_: unknown, context: any) => void (globalThis as any).setLate?.(context);
attempt(() => { class A { @number method() {} } return A; });
attempt(() => { class A { @(undefined as any) field = 1; } return A; });
attempt(() => { @number class A {} return A; });
attempt(() => { class A { @number accessor a = 1; } return A; });
attempt(() => { let kept: any; class A { @((_: unknown, context: any) => void (kept = context)) field = 1; } kept.addInitializer(() => {}); return A; });
attempt(() => { class A { @late field = 1; } return new A(); });
`,
  );
});

const LEGACY = `${LOG}
const note = (label: string): any => (target: any, name?: any, descriptor?: any) => {
  log.push([label, typeof target, name, typeof descriptor === 'number' ? descriptor : descriptor && Object.keys(descriptor).join()]);
};
const loud: any = (_: any, __: any, descriptor: PropertyDescriptor) => ({
  ...descriptor,
  value(...args: any[]) { return descriptor.value.apply(this, args) + '!'; },
});
const replaced: any = (target: any) => class extends target { more = 1; };
const watched: any = (target: any, name: string) => {
  const values = new WeakMap();
  Object.defineProperty(target, name, { get() { return values.get(this); }, set(value) { log.push([name, value]); values.set(this, value); } });
};
@note('class') @replaced
class Base {
  @watched count: number = 1;
  unset: any;
  next = this.start + 1;
  static total = 5;
  constructor(private readonly start: number, @note('parameter') other?: string) { log.push(['made', start, other]); }
  @note('method') @loud greet(@note('argument') name: string) { return name; }
  @note('accessor') get half() { return this.start / 2; }
}
class Static { @note('static') static kind = 'a'; }
log.push(Static.kind);
class Derived extends Base { own = this.next; constructor() { super(3); log.push(['derived', this.own]); } }
const derived: any = new Derived();
log.push(derived.greet('a'), derived.count, derived.half, derived.more, 'unset' in derived, Object.keys(derived), Base.total);
`;

test("TypeScript's own decorators, with fields assigned", async (t) => {
  await bothWays(t, LEGACY, { experimentalDecorators: true, useDefineForClassFields: false });
});

test("TypeScript's own decorators, with metadata of parameters and results", async (t) => {
  await bothWays(
    t,
    `(globalThis as any).lowered = [];
(Reflect as any).metadata = (key: string, value: any) => (target: any, name: any) => {
  const plain = [value].flat().map((one) => one?.name ?? String(one));
  if (key !== 'design:type') (globalThis as any).lowered.push([key, name, plain.join()]);
};
const note = (label: string): any => () => {};
class Engine {}
class Car {
  constructor(@note('x') engine: Engine, @note('y') names: string[], @note('z') mode: 'a' | 'b') {}
  @note('z') drive(at: Date, fast?: boolean, how?: { x: number } | null): Promise<void> { return Promise.resolve(); }
}
new Car(new Engine(), [], 'a');
export const log: unknown[] = [...(globalThis as any).lowered, Car.name];
delete (Reflect as any).metadata;
`,
    { experimentalDecorators: true, emitDecoratorMetadata: true },
  );
});

test('using: order, errors, async, loops, nothing', async (t) => {
  await bothWays(
    t,
    `${LOG}
const resource = (name: string, fails = false) => ({
  name,
  [Symbol.dispose]() { log.push(['dispose', name]); if (fails) throw new Error(name); },
});
const later = (name: string) => ({ name, async [Symbol.asyncDispose]() { await null; log.push(['later', name]); } });
const attempt = async (work: () => unknown) => {
  try {
    log.push(['result', await work()]);
  } catch (error: any) {
    log.push([error.name, error.name === 'TypeError' || error.message, error.error?.message, error.suppressed?.message]);
  }
};
await attempt(() => { using a = resource('a'), b = resource('b'); log.push('body'); return a.name + b.name; });
await attempt(() => { using a = resource('a', true); throw new Error('body'); });
await attempt(() => { using a = resource('a', true), b = resource('b', true); return 1; });
await attempt(() => { using none = null; using nothing = undefined; return [none, nothing]; });
await attempt(() => { using wrong = {} as any; return wrong; });
await attempt(() => { using wrong = 1 as any; return wrong; });
await attempt(async () => { await using a = later('a'); await using b = resource('b'); await using c = null; log.push('waits'); return 2; });
await attempt(async () => { for (using each of [resource('1'), resource('2')]) { if (each.name === '1') continue; log.push(each.name); } });
await attempt(async () => { for (await using each of [later('1'), later('2')]) log.push(each.name); });
{ using block = resource('block'); log.push(block.name); }
switch (log.length > 0) { case true: { using inCase = resource('case'); } }
`,
  );
});
