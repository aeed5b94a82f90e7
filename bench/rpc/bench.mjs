// `npm run bench -- rpc`: an encrypted call beside plain ones, with and without a database behind it.
import assert from 'node:assert/strict';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setup } from '../../scripts/lib/setup.mjs';
import { StepError, root, step } from '../../scripts/lib/steps.mjs';
import { withCleanup } from '../lib/cleanup.mjs';
import { buildLoadgen } from '../lib/loadgen.mjs';
import { calm, isBusy } from '../lib/machine.mjs';
import { resolveNode } from '../lib/node.mjs';
import { render } from '../lib/report.mjs';
import { startDatabase } from './database.mjs';
import { IDLE, idleRatios, measureIdle } from './idle.mjs';
import { kontractVersion, startKontract } from './kontract.mjs';
import { measure, ratiosOf, row } from './measure.mjs';
import { installPeers, peerNames, peerVersions, startPeer } from './peers.mjs';
import { users } from './users.mjs';

const SYSTEMS = ['kontract', ...peerNames];
const CASES = ['echo', 'read', 'ws_echo'];

export async function bench(options) {
  const names = options.systems ?? SYSTEMS;
  const unknown = names.find((name) => !SYSTEMS.includes(name));
  if (unknown) throw new StepError(`There is no system '${unknown}'. Systems: ${SYSTEMS.join(', ')}`);
  await setup({ release: true });
  const loadgen = await buildLoadgen();
  await installPeers();
  const node = await resolveNode(options.node);
  const result = await withCleanup(() => run({ ...options, names, loadgen, node }));
  process.stdout.write(`\n${render(result)}\n${context(result)}\n`);
  if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
}

async function run({ names, loadgen, node, clients, rounds, seconds, quick }) {
  const database = await step('Starting PostgreSQL', startDatabase);
  const { generate, hold } = loadgen;
  const idleClients = quick ? IDLE / 10 : IDLE;
  // A process has memory of one kind of connection left for the next kind: Kontract's sockets get their own.
  const idle = names.includes('kontract') ? await idleSockets({ node, database, hold, clients: idleClients }) : [];
  const systems = await step(`Starting ${names.join(', ')}`, () => startAll(names, node, database));
  for (const url of [database.kontract, database.peers]) await database.settle(url);
  await step('Checking what they answer', () => check(systems));
  if (!quick) await step('Waiting for the machine to calm down after the set-up', calm);
  const machine = { cpus: cpus().length, model: cpus()[0]?.model, loadBefore: rounded(loadavg()[0]) };
  // First: what a load leaves behind would hide what connections take.
  const others = systems.map((it) => (it.name === 'kontract' ? { ...it, cases: ['echo'] } : it));
  idle.push(...(await measureIdle({ hold, systems: others, clients: idleClients })));
  const rows = [];
  const spreads = idleRatios(idle);
  for (const kind of CASES) {
    const taking = systems.filter(({ cases }) => cases.includes(kind));
    for (const count of taking.length > 0 ? clients : []) {
      const measured = await measure({ generate, systems: taking, kind, clients: count, rounds, seconds });
      rows.push(...measured.rows);
      Object.assign(spreads, ratiosOf({ kind, clients: count, rounds: measured.rounds }));
    }
  }
  rows.push(...(await ceilings({ generate, clients, rounds, seconds })));
  return {
    bench: 'rpc',
    versions: { kontract: kontractVersion(), node: node.version, ...peerVersions(), postgres: database.version },
    machine,
    settings: { rounds, seconds, quick },
    rows,
    idle,
    ratios: Object.fromEntries(Object.entries(spreads).map(([name, { median }]) => [name, rounded(median)])),
    spreads,
  };
}

const rounded = (value) => Number(value.toFixed(3));

async function idleSockets({ node, database, hold, clients }) {
  const port = await freePort();
  const fresh = await startKontract({ node, port, databaseUrl: database.kontract, empty: true });
  const rows = await measureIdle({ hold, systems: [{ ...fresh, cases: ['ws_echo'] }], clients });
  await fresh.stop();
  return rows;
}

async function freePort() {
  const postgres = await import(pathToFileURL(join(root, 'lib/dist/dev/postgres.js')).href);
  return await postgres.freePort();
}

async function startAll(names, node, database) {
  const systems = [];
  for (const name of names) {
    const port = await freePort();
    const start = name === 'kontract' ? startKontract : (settings) => startPeer(name, settings);
    const databaseUrl = name === 'kontract' ? database.kontract : database.peers;
    systems.push(await start({ node, port, databaseUrl }));
  }
  return systems;
}

/** The whole value, once; under load only a part of it is looked for. */
async function check(systems) {
  for (const system of systems) {
    for (const kind of system.cases) {
      for (const user of [users[0], users.at(-1)]) {
        const answer = await system.call(kind, user);
        assert.deepEqual({ ...answer }, user, `${system.name} answers ${kind} with something else`);
      }
    }
  }
}

const CEILINGS = {
  'http-json': { sealed: false },
  raystream: { sealed: true },
  raystream_ws: { sealed: true, websocket: true },
};

/** What the generator could do if servers were free. */
async function ceilings({ generate, clients, rounds, seconds }) {
  const rows = [];
  for (const [system, how] of Object.entries(CEILINGS)) {
    for (const count of clients) {
      const reports = [];
      const plan = { clients: count, warmupSeconds: 0.5, seconds: Math.min(seconds, 2) };
      for (let round = 0; round < rounds; round++) {
        reports.push(await generate(plan, { mode: 'ceiling', body: JSON.stringify(users[0]), ...how }));
      }
      rows.push(row('ceiling', system, count, reports));
    }
  }
  return rows;
}

function context({ versions, machine, settings }) {
  const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const busy = isBusy(machine.loadBefore);
  return [
    `${list.join(', ')}; ${machine.cpus} × ${machine.model}; ${settings.rounds} rounds of ${settings.seconds} s`,
    ...(busy ? [`The machine was busy before the first round (load ${machine.loadBefore}): do not quote this.`] : []),
    ...(settings.quick ? ['A quick run: do not quote this.'] : []),
  ].join('\n');
}
