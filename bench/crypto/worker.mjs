// One system of JavaScript's in a process of its own: does what it is told for as long as it is told, and
// says how long one operation takes.
import { laps } from './laps.mjs';
import { systems } from './systems.mjs';

const [name, needs] = process.argv.slice(2);
const system = await systems[name](JSON.parse(needs));
/** Prepared cases: their sessions, payloads and the size of their runs. */
const cases = new Map();
/** Frames of a run: they stay in the processor's caches, as one does that has just been received. */
const RUN_BYTES = 256 * 1024;
const MAX_RUN = 1024;
const HANDSHAKES = 16;
/** Bytes of a frame around its payload. */
const OVERHEAD = 44;

process.on('message', async ({ kind, size, ms }) => {
  const key = `${kind} ${size}`;
  if (!cases.has(key)) cases.set(key, await system[kind](size));
  const most = Math.max(2, Math.min(MAX_RUN, Math.floor(RUN_BYTES / (size + OVERHEAD))));
  process.send(await laps(cases.get(key), { count: kind === 'handshakeClient' ? HANDSHAKES : most, ms }));
});
process.on('disconnect', () => process.exit(0));
process.send('ready');
