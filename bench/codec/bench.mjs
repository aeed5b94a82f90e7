// `npm run bench -- codec`: values to bytes and back, beside what else does that.
import { fork } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleOfSchema, ensureFlatc } from '../../scripts/lib/flatc.mjs';
import { setup } from '../../scripts/lib/setup.mjs';
import { StepError, root, step } from '../../scripts/lib/steps.mjs';
import { calm, isBusy } from '../lib/machine.mjs';
import { install, resolveNode } from '../lib/node.mjs';
import { markdown, shownRatio } from '../lib/report.mjs';
import { median, ratio, spread } from '../lib/stats.mjs';

const HERE = join(root, 'bench/codec');
const SYSTEMS = ['kontract', 'json', 'msgpackr', 'flatbuffers'];
const CASES = ['id_encode', 'id_decode', 'list100_encode', 'list100_decode'];
const WORKER = join(HERE, 'worker.mjs');

export async function bench(options) {
  const names = options.systems ?? SYSTEMS;
  const unknown = names.find((name) => !SYSTEMS.includes(name));
  if (unknown) throw new StepError(`There is no system '${unknown}'. Systems: ${SYSTEMS.join(', ')}`);
  await setup();
  await install(HERE, 'Installing the peers');
  const node = await resolveNode(options.node);
  const folder = mkdtempSync(join(root, 'node_modules/.kontract-bench-'));
  const workers = [];
  try {
    const modules = await step('Compiling the codecs', () => prepare(folder));
    for (const name of names) workers.push(await start(node, name, modules));
    if (!options.quick) await step('Waiting for the machine to calm down', calm);
    const result = await run({ ...options, node, workers });
    process.stdout.write(`\n${render(result)}\n${context(result)}\n`);
    if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  } finally {
    for (const { child } of workers) child.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Our codecs and flatc's, made from the same source. */
async function prepare(folder) {
  cpSync(join(HERE, 'src'), join(folder, 'src'), { recursive: true });
  const { compileProject } = await import(pathToFileURL(join(root, 'lib/dist/native/index.js')).href);
  const compiled = await compileProject(folder, { mode: 'production', outDir: 'out', cache: false });
  if (!compiled.ok) throw new StepError(compiled.diagnostics.map((d) => d.frame).join('\n'));
  const { KONTRACT_NO_FLATC: missing } = await ensureFlatc();
  if (missing) throw new StepError(missing);
  return {
    kontract: pathToFileURL(join(folder, 'out/codecs/src/api.js')).href,
    flatbuffers: await bundleOfSchema(join(folder, 'out/schemas/src'), 'api.fbs'),
  };
}

/** Each system has a process of its own: what one makes of its heap and of V8's guesses is its own affair. */
async function start(node, name, modules) {
  const child = fork(WORKER, [name, JSON.stringify(modules)], { execPath: node.path, cwd: HERE });
  let ended;
  const over = new Promise((_, fail) => (ended = () => fail(new StepError(`${name} ended`))));
  over.catch(() => {});
  child.once('exit', ended);
  const answer = () => Promise.race([new Promise((done) => child.once('message', done)), over]);
  const { bytes } = await answer();
  const measure = (kind, ms) => {
    child.send({ kind, ms });
    return answer();
  };
  return { name, child, bytes, measure };
}

async function run({ workers, node, rounds, seconds, quick }) {
  const machine = { cpus: cpus().length, model: cpus()[0]?.model, loadBefore: loadavg()[0] };
  const rows = [];
  const micros = {};
  for (const kind of CASES) {
    const ms = Math.min(seconds, quick ? 0.2 : 2) * 1000;
    for (const { measure } of workers) await measure(kind, ms / 2);
    const count = quick ? 3 : Math.max(rounds, 7);
    for (let round = 0; round < count; round++) {
      for (const { name, measure } of workers) ((micros[kind] ??= {})[name] ??= []).push(await measure(kind, ms));
    }
    for (const { name, bytes } of workers) rows.push(row(kind, name, micros[kind][name], bytes[kind.split('_')[0]]));
  }
  const spreads = ratiosOf(micros, workers);
  return {
    bench: 'codec',
    versions: { kontract: version('.'), node: node.version, ...peers() },
    machine,
    settings: { rounds, seconds, quick },
    rows,
    ratios: Object.fromEntries(Object.entries(spreads).map(([name, r]) => [name, Number(r.median.toFixed(3))])),
    spreads,
  };
}

function row(kind, system, reports, bytes) {
  const all = spread(reports.map((r) => r.micros));
  return {
    case: kind,
    system,
    clients: 1,
    opsPerSec: Math.round(1e6 / all.median),
    p50Ms: median(reports.map((r) => r.p50)) / 1000,
    p99Ms: median(reports.map((r) => r.p99)) / 1000,
    micros: all,
    bytes,
  };
}

/** Ours against each of the others: how many times as fast, how many times as small. */
function ratiosOf(micros, workers) {
  const out = {};
  const bytesOf = (name) => workers.find((w) => w.name === name).bytes;
  for (const { name } of workers) {
    if (name === 'kontract' || !micros.id_encode.kontract) continue;
    for (const kind of CASES) {
      const times = (system) => micros[kind][system].map((r) => r.micros);
      out[`${kind}_vs_${name}`] = ratio(times(name), times('kontract'));
    }
    for (const what of ['id', 'list100']) {
      out[`${what}_bytes_vs_${name}`] = spread([bytesOf(name)[what] / bytesOf('kontract')[what]]);
    }
  }
  return out;
}

const version = (folder) => JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')).version;
const peers = () => ({
  msgpackr: version('bench/codec/node_modules/msgpackr'),
  flatbuffers: version('node_modules/flatbuffers'),
});

function render({ rows, spreads }) {
  const table = rows.map((r) => [
    r.case,
    r.system,
    r.micros.median.toFixed(2),
    `${r.micros.min.toFixed(2)}–${r.micros.max.toFixed(2)}`,
    r.bytes.toLocaleString('en'),
  ]);
  const ratios = Object.entries(spreads).map(([name, value]) => [name, ...shownRatio(value)]);
  return [
    markdown([['case', 'system', 'µs', 'min–max', 'bytes'], ...table], 2),
    markdown([['ratio (> 1: Kontract is better)', 'median', 'min–max', ''], ...ratios], 1),
  ].join('\n');
}

function context({ versions, machine, settings }) {
  const list = Object.entries(versions).map(([name, text]) => `${name} ${text}`);
  const busy = isBusy(machine.loadBefore);
  return [
    `${list.join(', ')}; ${machine.cpus} × ${machine.model}`,
    ...(busy
      ? [`The machine was busy before the first round (load ${machine.loadBefore.toFixed(1)}): do not quote this.`]
      : []),
    ...(settings.quick ? ['A quick run: do not quote this.'] : []),
  ].join('\n');
}
