// `npm run bench -- rpc`: an encrypted call beside plain ones, with and without a database behind it.
import assert from 'node:assert/strict';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { setup } from '../../scripts/lib/setup.mjs';
import { StepError, root, step } from '../../scripts/lib/steps.mjs';
import { withCleanup } from '../lib/cleanup.mjs';
import { buildLoadgen } from '../lib/loadgen.mjs';
import { resolveNode } from '../lib/node.mjs';
import { render } from '../lib/report.mjs';
import { startDatabase } from './database.mjs';
import { kontractVersion, startKontract } from './kontract.mjs';
import { measure, ratiosOf, row } from './measure.mjs';
import { installPeers, peerNames, peerVersions, startPeer } from './peers.mjs';
import { users } from './users.mjs';

const SYSTEMS = ['kontract', ...peerNames];
const CASES = ['echo', 'read'];

export async function bench(options) {
  const names = options.systems ?? SYSTEMS;
  const unknown = names.find((name) => !SYSTEMS.includes(name));
  if (unknown) throw new StepError(`There is no system '${unknown}'. Systems: ${SYSTEMS.join(', ')}`);
  await setup({ release: true });
  const generate = await buildLoadgen();
  await installPeers();
  const node = await resolveNode(options.node);
  const result = await withCleanup(() => run({ ...options, names, generate, node }));
  process.stdout.write(`\n${render(result)}\n${context(result)}\n`);
  if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
}

async function run({ names, generate, node, clients, rounds, seconds, quick }) {
  const database = await step('Starting PostgreSQL', startDatabase);
  const systems = await step(`Starting ${names.join(', ')}`, () => startAll(names, node, database));
  for (const url of [database.kontract, database.peers]) await database.settle(url);
  await step('Checking what they answer', () => check(systems));
  if (!quick) await step('Waiting for the machine to calm down after the set-up', calm);
  const machine = { cpus: cpus().length, model: cpus()[0]?.model, loadBefore: rounded(loadavg()[0]) };
  const rows = [];
  const spreads = {};
  for (const kind of CASES) {
    for (const count of clients) {
      const measured = await measure({ generate, systems, kind, clients: count, rounds, seconds });
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
    ratios: Object.fromEntries(Object.entries(spreads).map(([name, { median }]) => [name, rounded(median)])),
    spreads,
  };
}

/** Waits, a minute and a half at most, until the load average is what a quotable run may start at. */
async function calm() {
  for (let waited = 0; waited < 90 && loadavg()[0] > cpus().length / 3; waited++) await sleep(1000);
}

const rounded = (value) => Number(value.toFixed(3));

async function startAll(names, node, database) {
  const { freePort } = await import(pathToFileURL(join(root, 'lib/dist/dev/postgres.js')).href);
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
    for (const kind of CASES) {
      for (const user of [users[0], users.at(-1)]) {
        const answer = await system.call(kind, user);
        assert.deepEqual({ ...answer }, user, `${system.name} answers ${kind} with something else`);
      }
    }
  }
}

/** What the generator could do if servers were free. */
async function ceilings({ generate, clients, rounds, seconds }) {
  const rows = [];
  for (const sealed of [false, true]) {
    for (const count of clients) {
      const reports = [];
      const plan = { clients: count, warmupSeconds: 0.5, seconds: Math.min(seconds, 2) };
      for (let round = 0; round < rounds; round++) {
        reports.push(await generate(plan, { mode: 'ceiling', body: JSON.stringify(users[0]), sealed }));
      }
      rows.push(row('ceiling', sealed ? 'raystream' : 'http-json', count, reports));
    }
  }
  return rows;
}

function context({ versions, machine, settings }) {
  const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const busy = machine.loadBefore > machine.cpus / 2;
  return [
    `${list.join(', ')}; ${machine.cpus} × ${machine.model}; ${settings.rounds} rounds of ${settings.seconds} s`,
    ...(busy ? [`The machine was busy before the first round (load ${machine.loadBefore}): do not quote this.`] : []),
    ...(settings.quick ? ['A quick run: do not quote this.'] : []),
  ].join('\n');
}
