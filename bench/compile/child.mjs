// One process of the bench: does one thing to one project and prints how long it took, in
// milliseconds, with the most memory it ever had. Loading the tool is not part of it.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { editBody, editType } from './project.mjs';

const [work, folder, detail] = process.argv.slice(2);
const root = join(import.meta.dirname, '../..');
const OUT = 'node_modules/.kontract/build';
/** Enough that the first few, which warm up, do not matter to the median. */
const EDITS = 9;

const WORKS = { kontract, edit, swc, esbuild };
const answer = await WORKS[work]();
process.stdout.write(JSON.stringify({ ...answer, rssMb: Math.round(process.resourceUsage().maxRSS / 1024) }));

async function addon() {
  const { native } = await import(join(root, 'lib/dist/native/index.js'));
  return (options) => {
    const started = performance.now();
    const result = native.compileProject(folder, { mode: 'development', outDir: OUT, ...options });
    if (!result.ok) throw new Error(result.diagnostics.map(({ frame }) => frame).join('\n'));
    return { ms: performance.now() - started, changed: result.changed, timings: result.timings };
  };
}

/** One compile: what it is depends on what the folder has. */
async function kontract() {
  const compile = await addon();
  const { ms, changed, timings } = compile({});
  if (changed !== (detail === 'changed')) throw new Error(`changed is ${changed}`);
  return { ms: [ms], timings };
}

/** `kontract dev`: the same process compiles after every change. */
async function edit() {
  const compile = await addon();
  const change = detail === 'type' ? editType : editBody;
  const file = join(folder, detail === 'type' ? 'src/types/type0.ts' : 'src/api/api0.ts');
  compile({ watch: true });
  const times = [];
  let timings;
  for (let round = 1; round <= EDITS; round++) {
    // Edits come one after the other, not in the same instant.
    await new Promise((done) => setTimeout(done, 1200));
    writeFileSync(file, change(readFileSync(file, 'utf8'), round));
    const result = compile({ watch: true });
    if (!result.changed) throw new Error('the change was not seen');
    times.push(result.ms);
    timings = result.timings;
  }
  return { ms: times.slice(2), timings };
}

/** From files to files, with maps: the same reading and writing as Kontract has to do. */
async function fromFilesToFiles(transform) {
  const files = readdirSync(join(folder, 'src'), { recursive: true }).filter((name) => name.endsWith('.ts'));
  const out = join(folder, 'out');
  const started = performance.now();
  for (const name of new Set(files.map((file) => dirname(file)))) mkdirSync(join(out, name), { recursive: true });
  let inMemory = 0;
  const sources = files.map((file) => [file, readFileSync(join(folder, 'src', file), 'utf8')]);
  const read = performance.now();
  const outputs = await Promise.all(sources.map(([file, text]) => transform(text, file)));
  inMemory = performance.now() - read;
  for (const [index, { code, map }] of outputs.entries()) {
    const to = join(out, files[index].replace(/ts$/, 'js'));
    writeFileSync(to, code);
    writeFileSync(`${to}.map`, map);
  }
  return { ms: [performance.now() - started], inMemoryMs: inMemory };
}

async function swc() {
  const require = createRequire(join(root, 'bench/peers/package.json'));
  const { transform } = require('@swc/core');
  return fromFilesToFiles((text, filename) =>
    transform(text, {
      filename,
      sourceMaps: true,
      swcrc: false,
      configFile: false,
      jsc: { parser: { syntax: 'typescript', decorators: true }, target: 'es2022' },
    }),
  );
}

async function esbuild() {
  const { transform } = await import('esbuild');
  // Its service is a process that has to start first.
  await transform('');
  return fromFilesToFiles((text, sourcefile) =>
    transform(text, { sourcefile, sourcemap: 'external', loader: 'ts', target: 'es2022' }),
  );
}
