// `npm run bench -- crypto`: sealing, opening and handshakes, natively and in JavaScript, beside OpenSSL
// and noble; and what a browser loads for it.
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setup } from '../../scripts/lib/setup.mjs';
import { StepError, ask, root, step } from '../../scripts/lib/steps.mjs';
import { onCleanup, withCleanup } from '../lib/cleanup.mjs';
import { buildCrypto } from '../lib/loadgen.mjs';
import { calm, isBusy } from '../lib/machine.mjs';
import { install, resolveNode } from '../lib/node.mjs';
import { bundleSizes } from './bundles.mjs';
import { CASES, SYSTEMS, inCase } from './cases.mjs';
import { startNative } from './native.mjs';
import { ratiosOf, row } from './ratios.mjs';
import { render } from './report.mjs';

const HERE = join(root, 'bench/crypto');
const MODULES = { wasm: 'wasm-engine.js', webcrypto: 'webcrypto/engine.js' };

export async function bench(options) {
  const names = options.systems ?? Object.keys(SYSTEMS);
  const unknown = names.find((name) => !Object.hasOwn(SYSTEMS, name));
  if (unknown) throw new StepError(`There is no system '${unknown}'. Systems: ${Object.keys(SYSTEMS).join(', ')}`);
  await setup({ addon: false });
  const program = await buildCrypto();
  await install(HERE, 'Installing the peer');
  const node = await resolveNode(options.node);
  const result = await withCleanup(() => run({ ...options, names, program, node }));
  process.stdout.write(`\n${render(result)}\n`);
  if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
}

async function run({ names, program, node, rounds, seconds, quick }) {
  const bundles = await step('Bundling the clients', bundleSizes);
  const systems = new Map();
  for (const name of names) systems.set(name, await start(name, { node, program }));
  if (!quick) await step('Waiting for the machine to calm down', calm);
  const machine = { cpus: cpus().length, model: cpus()[0]?.model, loadBefore: loadavg()[0] };
  const ms = Math.min(seconds, quick ? 0.05 : 0.3) * 1000;
  const times = {};
  for (const it of CASES) {
    const taking = inCase(names, it);
    for (const name of taking) await systems.get(name)({ ...it, ms: ms / 2 });
    const reports = Object.fromEntries(taking.map((name) => [name, []]));
    for (let round = 0; round < (quick ? 3 : Math.max(rounds, 7)); round++) {
      for (const name of taking) reports[name].push(await systems.get(name)({ ...it, ms }));
    }
    times[it.name] = reports;
    process.stderr.write(`  ${it.name}\n`);
  }
  const machineAfter = loadavg()[0];
  const spreads = ratiosOf({ names, times, bundles });
  return {
    bench: 'crypto',
    versions: { kontract: commit(), node: node.version, ...peers(node) },
    machine: { ...machine, loadAfter: machineAfter, busy: isBusy(machine.loadBefore) },
    settings: { rounds, seconds, quick },
    rows: CASES.flatMap(({ name }) => Object.entries(times[name]).map(([system, all]) => row(name, system, all))),
    bundles,
    ratios: Object.fromEntries(Object.entries(spreads).map(([name, r]) => [name, Number(r.median.toFixed(3))])),
    spreads,
  };
}

/** A process of its own for each system: what one makes of its heap and of V8's guesses is its own affair. */
async function start(name, { node, program }) {
  if (name.startsWith('native')) {
    const native = startNative(program);
    onCleanup(native.stop);
    return ({ kind, size, ms }) => native.ask({ kind, size, ms: Math.round(ms), suite: SYSTEMS[name].suite });
  }
  const modules = Object.fromEntries(
    Object.entries(MODULES).map(([key, file]) => [key, pathToFileURL(join(root, 'lib/dist/client', file)).href]),
  );
  const needs = JSON.stringify({ modules, program });
  const child = fork(join(HERE, 'worker.mjs'), [name, needs], { execPath: node.path, cwd: HERE });
  onCleanup(() => child.kill());
  const over = new Promise((_, fail) => child.once('exit', () => fail(new StepError(`${name} ended`))));
  over.catch(() => {});
  const answer = () => Promise.race([new Promise((done) => child.once('message', done)), over]);
  await answer();
  return ({ kind, size, ms }) => {
    child.send({ kind, size, ms });
    return answer();
  };
}

const commit = () => {
  const hash = ask('git', ['-C', root, 'rev-parse', '--short', 'HEAD']) ?? 'unknown';
  return ask('git', ['-C', root, 'status', '--porcelain']) ? `${hash}+changes` : hash;
};

const peers = (node) => ({
  openssl: ask(node.path, ['-p', 'process.versions.openssl']),
  noble: JSON.parse(readFileSync(join(HERE, 'node_modules/@noble/ciphers/package.json'), 'utf8')).version,
});
