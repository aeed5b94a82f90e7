// Runs the routes of a compiled server and prints what can be seen of each: `node observe.mjs <server/index.js> <flags>…`.
// A process of its own: a rejection nobody listens to is something to see, not the end of a test.
import { pathToFileURL } from 'node:url';
import { virtualClock } from './clock.mjs';

const [index, ...flags] = process.argv.slice(2);
const { routes } = await import(pathToFileURL(index).href);
const seen = {};
for (const [id, route] of routes) {
  seen[id] = {};
  for (const bits of flags) seen[id][bits] = await observe(route, Number(bits));
}
process.stdout.write(JSON.stringify(seen));

/**
 * Runs one handler and tells what it did and when, what became of it, and which rejections nobody
 * listened to. `bits` decides the conditions in generated code.
 */
async function observe(route, bits) {
  const clock = virtualClock();
  const events = [];
  const unheard = (reason) => events.push(`unhandled ${show(reason)}`);
  process.on('unhandledRejection', unheard);
  const ctx = {
    t: (...values) => void events.push(`${clock.now} ${values.map(show).join(' ')}`),
    sleep: (duration, value) => clock.sleep(duration, value),
    flag: (bit) => ((bits >> bit) & 1) === 1,
    path: '/path',
    // What the gateway gives a call: the mask of its route.
    perm: route.meta.perm,
  };
  route.handler(ctx, [7], { name: 'env' }).then(
    (reply) => events.push(`${clock.now} replied ${show(reply)}`),
    (error) => events.push(`${clock.now} failed ${show(error)}`),
  );
  await clock.settle();
  process.off('unhandledRejection', unheard);
  return events;
}

function show(value) {
  if (value instanceof Error) return `${value.name}(${value.message})`;
  if (typeof value === 'function') return `function ${value.name}/${value.length}`;
  return value === undefined ? 'undefined' : JSON.stringify(value);
}
