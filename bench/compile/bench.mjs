// `npm run bench -- compile`: a project of 1,000 files from nothing, with nothing changed, and after
// a change, beside what swc and esbuild need to transform the same files.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { setup } from '../../scripts/lib/setup.mjs';
import { StepError, root, step } from '../../scripts/lib/steps.mjs';
import { onCleanup, withCleanup } from '../lib/cleanup.mjs';
import { install } from '../lib/node.mjs';
import { markdown, shownRatio } from '../lib/report.mjs';
import { median, ratio, spread } from '../lib/stats.mjs';
import { editBody, editType, generate, writeProject } from './project.mjs';

const PEERS = join(root, 'bench/peers');
const CHILD = join(import.meta.dirname, 'child.mjs');

export async function bench({ json, quick, rounds }) {
  await setup({ release: true });
  await install(PEERS, 'Installing the peers');
  const result = await withCleanup(() =>
    run({ files: quick ? 100 : 1000, rounds: quick ? 1 : Math.max(rounds, 5), quick }),
  );
  process.stdout.write(`\n${render(result)}\n${context(result)}\n`);
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
}

async function run({ files: count, rounds, quick }) {
  const files = generate(count);
  const lines = [...files.values()].reduce((all, text) => all + text.split('\n').length - 1, 0);
  const folder = mkdtempSync(join(tmpdir(), 'kontract-bench-'));
  onCleanup(() => rmSync(folder, { recursive: true, force: true }));
  const loadBefore = loadavg()[0];
  const samples = new Map();
  let serial = 0;
  for (let round = 0; round <= rounds; round++) {
    // The first round warms the disk's cache up and is not counted.
    await step(round === 0 ? 'Warming up' : `Round ${round} of ${rounds}`, async () => {
      for (const [name, measured] of await once(join(folder, String(serial++)), files, quick)) {
        if (round > 0 || quick) samples.set(name, [...(samples.get(name) ?? []), measured]);
      }
    });
  }
  return report({ samples, rounds, quick, count, lines, loadBefore });
}

/**
 * Every system and every case, one after the other. Each system starts from sources of its own in a
 * new folder: on ext4 files are slow to make where others have just been deleted.
 */
async function once(folder, files, quick) {
  const fresh = (system) => {
    const project = join(folder, system);
    mkdirSync(project, { recursive: true });
    writeProject(project, files);
    return project;
  };
  const project = fresh('kontract');
  const change = (path, edit) => {
    const text = readFileSync(join(project, path), 'utf8');
    writeFileSync(join(project, path), edit(text, 1 + Math.floor(Math.random() * 1e6)));
  };
  const measured = [];
  const take = async (kind, system, where, ...work) =>
    measured.push([`${kind} ${system}`, await child(where, ...work)]);
  await take('cold', 'kontract', project, 'kontract', 'changed');
  await take('cold', 'swc', fresh('swc'), 'swc');
  await take('cold', 'esbuild', fresh('esbuild'), 'esbuild');
  // The first look finds outputs too young to be known by their stamps, and hashes them.
  await take('nothing changed, first look', 'kontract', project, 'kontract', 'same');
  await take('nothing changed', 'kontract', project, 'kontract', 'same');
  change('src/api/api0.ts', editBody);
  await take('one file, new process', 'kontract', project, 'kontract', 'changed');
  change('src/types/type0.ts', editType);
  await take('one type, new process', 'kontract', project, 'kontract', 'changed');
  // Each of these edits several times by itself: in a quick run there is no time for both.
  await take('one file', 'kontract', project, 'edit', 'body');
  if (!quick) await take('one type', 'kontract', project, 'edit', 'type');
  return measured;
}

async function child(project, work, detail = '') {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [CHILD, work, project, detail], { cwd: root });
    return JSON.parse(stdout);
  } catch (error) {
    throw new StepError(`${work} ${detail} failed:\n${error.stderr ?? error}`);
  }
}

function report({ samples, rounds, quick, count, lines, loadBefore }) {
  const ofRounds = (name) => samples.get(name).map(({ ms }) => median(ms));
  const rows = [...samples].map(([name, all]) => {
    const at = name.lastIndexOf(' ');
    const { median: ms, min, max } = spread(ofRounds(name));
    const rssMb = Math.max(...all.map((one) => one.rssMb));
    return { case: name.slice(0, at), system: name.slice(at + 1), ms, minMs: min, maxMs: max, rssMb };
  });
  const inMemory = (name) => samples.get(name).map(({ inMemoryMs }) => inMemoryMs);
  const ours = ofRounds('cold kontract');
  const against = (theirs) => ratio(theirs, ours);
  const spreads = {
    cold_vs_swc: against(ofRounds('cold swc')),
    cold_vs_swc_in_memory: against(inMemory('cold swc')),
    cold_vs_esbuild: against(ofRounds('cold esbuild')),
    noop_ms: spread(ofRounds('nothing changed kontract')),
    one_file_ms: spread(ofRounds('one file kontract')),
    one_file_new_process_ms: spread(ofRounds('one file, new process kontract')),
  };
  const ratios = Object.entries(spreads).map(([name, { median: value }]) => [name, Number(value.toFixed(3))]);
  return {
    bench: 'compile',
    versions: {
      node: process.version,
      kontract: version(root),
      swc: version(join(PEERS, 'node_modules/@swc/core')),
      esbuild: version(join(root, 'node_modules/esbuild')),
    },
    machine: { cpus: cpus().length, model: cpus()[0]?.model, loadBefore },
    settings: { files: count, lines, rounds, quick },
    rows,
    ratios: Object.fromEntries(ratios),
    spreads,
    timings: Object.fromEntries(
      [...samples].flatMap(([name, all]) => (all[0].timings ? [[name, all.at(-1).timings]] : [])),
    ),
  };
}

const version = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version;

function render({ rows, spreads }) {
  const ms = (value) => value.toFixed(value < 100 ? 1 : 0);
  const table = [
    ['case', 'system', 'ms', 'min–max', 'peak MB'],
    ...rows.map((row) => [row.case, row.system, ms(row.ms), `${ms(row.minMs)}–${ms(row.maxMs)}`, String(row.rssMb)]),
  ];
  const lines = Object.entries(spreads).map(([name, value]) => [name, ...shownRatio(value)]);
  return [
    markdown(table, 2),
    markdown([['ratio (> 1: Kontract is faster), or ms', 'median', 'min–max', ''], ...lines], 1),
  ].join('\n');
}

function context({ versions, machine, settings }) {
  const list = Object.entries(versions).map(([name, of]) => `${name} ${of}`);
  const busy = machine.loadBefore > machine.cpus / 2;
  return [
    `${list.join(', ')}; ${machine.cpus} × ${machine.model}; ${settings.files} files, ${settings.lines} lines; ${settings.rounds} rounds`,
    ...(busy ? [`The machine was busy before the first round (load ${machine.loadBefore.toFixed(1)}).`] : []),
    ...(settings.quick ? ['A quick run: do not quote this.'] : []),
  ].join('\n');
}
