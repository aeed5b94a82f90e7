// A client in a scripted world.
import assert from 'node:assert/strict';
import { clientOn } from '../../../lib/dist/client/client.js';
import { ScriptedClock, seeded } from './clock.mjs';
import { ScriptedEngine } from './engine.mjs';
import { ScriptedGateway } from './gateway.mjs';

const utf8 = new TextEncoder();
const text = new TextDecoder();

/** `page`: whether this is a browser's page, where `auto` uses WebSockets. */
export function scriptedWorld({ seed = 1, page = true, slow = false, ...options } = {}) {
  const clock = new ScriptedClock();
  const gateway = new ScriptedGateway(clock);
  const engine = new ScriptedEngine({ slow });
  const warnings = [];
  const network = {
    watchers: new Set(),
    online: true,
    isOnline: () => network.online,
    watch(changed) {
      network.watchers.add(changed);
      return () => network.watchers.delete(changed);
    },
    set(online) {
      network.online = online;
      for (const watcher of network.watchers) watcher();
    },
  };
  const client = clientOn(
    async () => engine,
    {
      url: 'https://example.test',
      pins: [Buffer.alloc(32, 7).toString('base64url')],
      fetch: gateway.fetch,
      WebSocket: gateway.WebSocket,
      ...options,
    },
    { clock, random: seeded(seed), network, isPage: () => page, warn: (message) => warnings.push(message) },
  );
  const states = [];
  client.onState((state) => states.push(state));
  const call = (argument, callOptions) => client.call(route, [argument], callOptions);
  /** Ends the client, and looks whether anything is left of it. */
  const finish = async () => {
    await clock.until(client.close());
    await clock.pass(60_000);
    assert.deepEqual(
      {
        timers: clock.pending,
        handles: engine.live,
        sockets: gateway.sockets.size,
        fetches: gateway.fetches,
        streams: gateway.streams.size,
      },
      { timers: 0, handles: 0, sockets: 0, fetches: 0, streams: 0 },
      'something is left behind',
    );
    assert.equal(network.watchers.size, 0);
  };
  return { clock, gateway, engine, network, client, states, warnings, call, finish };
}

export const route = {
  id: 'echo',
  hash: '00c0ffee00c0ffee',
  perm: 7,
  egroup: null,
  encodeArgs: ([argument = '']) => utf8.encode(argument),
  decodeReply: (bytes) => text.decode(bytes),
};
