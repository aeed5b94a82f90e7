// The memory of connections that do nothing: a server's before and while it has them.
import { setTimeout as sleep } from 'node:timers/promises';
import { StepError, step } from '../../scripts/lib/steps.mjs';
import { spread } from '../lib/stats.mjs';

/** Connections of each kind. */
export const IDLE = 1000;
/** What a handshake leaves to collect is collected. */
const SETTLE_MS = 2000;

/** Kind of connection, by the case whose calls go over it. */
const KINDS = { echo: 'http', ws_echo: 'ws' };

/**
 * One row for each system and kind of connection it has: `{ system, connection, connections, beforeKb, afterKb,
 * kibPerConnection }`. Each connection has been used once, and Kontract's has its session.
 */
export async function measureIdle({ hold, systems, clients, settleMs = SETTLE_MS }) {
  const rows = [];
  for (const system of systems) {
    for (const [kind, connection] of Object.entries(KINDS)) {
      if (!system.cases.includes(kind)) continue;
      const load = system.load(kind);
      // Code that has run once, and pools that are filled, are not the connections'.
      await hold(20, load, () => {});
      const beforeKb = system.rssKb();
      if (Number.isNaN(beforeKb)) return [];
      const afterKb = await step(`Holding ${clients} connections: ${system.name}, ${connection}`, () =>
        hold(clients, load, async () => {
          await sleep(settleMs);
          return system.rssKb();
        }),
      );
      const kibPerConnection = Number(((afterKb - beforeKb) / clients).toFixed(1));
      rows.push({ system: system.name, connection, connections: clients, beforeKb, afterKb, kibPerConnection });
    }
  }
  return rows;
}

/** Theirs against ours, kind by kind: `{ idle_ws_vs_trpc_ws, idle_http_vs_fastify, … }`, above 1 when ours is smaller. */
export function idleRatios(rows) {
  const out = {};
  for (const ours of rows.filter(({ system }) => system === 'kontract')) {
    for (const peer of rows) {
      if (peer.system === 'kontract' || peer.connection !== ours.connection) continue;
      if (ours.kibPerConnection <= 0) throw new StepError('connections that take no memory: measured too early');
      out[`idle_${ours.connection}_vs_${peer.system}`] = spread([peer.kibPerConnection / ours.kibPerConnection]);
    }
  }
  return out;
}
