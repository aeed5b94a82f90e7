// A B C A B C …: every system once per round, so that what the machine does meanwhile hits all alike.
import { ratio, spread } from '../lib/stats.mjs';

const WARMUP_SECONDS = 0.5;

/** What a system is called in a case: a read is also its driver's work. */
export const label = (system, kind) => (kind === 'read' && system !== 'kontract' ? `${system}_pg` : system);

/** Measures one case with this many clients. Resolves to `{ rows, rounds }`, calls per second of each round. */
export async function measure({ generate, systems, kind, clients, rounds, seconds }) {
  const plan = { clients, warmupSeconds: WARMUP_SECONDS, seconds };
  const loads = new Map(systems.map((system) => [system, system.load(kind)]));
  const reports = new Map(systems.map((system) => [system, []]));
  for (const system of systems) await generate({ ...plan, seconds: Math.min(seconds, 2) }, loads.get(system));
  for (let round = 0; round < rounds; round++) {
    for (const system of systems) {
      const before = system.cpuSeconds();
      const report = await generate(plan, loads.get(system));
      const cpuMicros = ((system.cpuSeconds() - before) * 1e6) / report.calls;
      reports.get(system).push({ ...report, rssMb: system.rssMb(), cpuMicros });
      process.stderr.write(`  ${kind} ${clients} ${system.name}: ${Math.round(report.opsPerSec)} calls/s\n`);
    }
  }
  return {
    rows: systems.map((system) => row(kind, label(system.name, kind), clients, reports.get(system))),
    rounds: Object.fromEntries(systems.map(({ name }, i) => [name, reports.get(systems[i]).map((r) => r.opsPerSec)])),
  };
}

/** Medians over the rounds; memory is the most seen. `cpuMicros` is the server process's, per call. */
export function row(kind, system, clients, reports) {
  const over = (key) => spread(reports.map((report) => report[key]));
  const { median, min, max } = over('opsPerSec');
  const rss = reports.map((report) => report.rssMb).filter((value) => value !== undefined);
  return {
    case: kind,
    system,
    clients,
    opsPerSec: Math.round(median),
    minOpsPerSec: Math.round(min),
    maxOpsPerSec: Math.round(max),
    p50Ms: over('p50Ms').median,
    p99Ms: over('p99Ms').median,
    ...(rss.length > 0 ? { rssMb: Math.max(...rss), cpuMicros: Math.round(over('cpuMicros').median) } : {}),
  };
}

/** Kontract against each peer of one case: `{ echo_64_vs_fastify: { median, min, max }, … }`. */
export function ratiosOf({ kind, clients, rounds: { kontract, ...peers } }) {
  if (!kontract) return {};
  const entries = Object.entries(peers);
  return Object.fromEntries(
    entries.map(([peer, theirs]) => [`${kind}_${clients}_vs_${label(peer, kind)}`, ratio(kontract, theirs)]),
  );
}
