// A proxy that does to frames what networks do, as a seed decides: dropped, twice, late, out of
// order, cut short, flipped, connections cut, and silence. It sees ciphertext only, and it keeps book.
import { createServer } from 'node:http';
import { request as forward } from 'node:http';
import { once } from 'node:events';
import { WebSocket, WebSocketServer } from 'ws';

const HEADER = 44;
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** How often each thing happens, to frames of either direction. */
const FAULTS = [
  ['drop', 0.05],
  ['twice', 0.03],
  ['late', 0.06],
  ['truncate', 0.01],
  ['flip', 0.01],
  ['cut', 0.02],
  ['silence', 0.004],
];

/** Less often where nearly everything ends the connection for all who share it. */
const ON_SOCKETS = 0.2;

/** Starts a proxy in front of `target`. `calm()` ends all trouble, `stop()` the proxy. */
export async function startFaultProxy(target, seed) {
  let serial = 0;
  let calm = false;
  const counts = Object.fromEntries(FAULTS.map(([name]) => [name, { there: 0, back: 0 }]));
  const nonces = new Map();
  const seen = { frames: 0, repeated: 0 };
  /** Calls whose reply the gateway gave and nobody got, as the client's header calls them. */
  const lost = new Set();

  /** What happens to the next frame: decided by the seed and the frame's number. */
  const fate = (direction, scale = 1) => {
    if (calm) return undefined;
    let point = noise(seed, serial++);
    for (const [name, share] of FAULTS) {
      const limit = share * scale;
      if (point < limit) {
        counts[name][direction]++;
        return name;
      }
      point -= limit;
    }
    return undefined;
  };

  /** No two different frames of one session and direction may have one nonce. */
  const watch = (session, direction, frame) => {
    seen.frames++;
    if (frame.length < HEADER) return;
    const nonce = frame.subarray(16, 28).toString('hex');
    // Hellos and what is in the clear have none.
    if (/^0*$/.test(nonce)) return;
    const key = `${session} ${direction} ${nonce}`;
    const tag = frame.subarray(-16).toString('hex');
    if ((nonces.get(key) ?? tag) !== tag) seen.repeated++;
    nonces.set(key, tag);
  };

  const damaged = (fault, frame) => {
    if (fault === 'truncate') return frame.subarray(0, Math.floor(noise(seed, serial++) * frame.length));
    if (fault !== 'flip') return frame;
    const copy = Buffer.from(frame);
    const bit = Math.floor(noise(seed, serial++) * copy.length * 8);
    copy[bit >> 3] ^= 1 << (bit & 7);
    return copy;
  };
  const delay = () => sleep(5 + noise(seed, serial++) * 150);

  const server = createServer(async (request, response) => {
    response.on('error', () => undefined);
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const session = request.url;
    if (request.headers['content-type'] === 'application/octet-stream') watch(session, 'there', body);
    const there = fate('there');
    if (there === 'drop' || there === 'cut') return request.socket.destroy();
    if (there === 'silence') return undefined;
    if (there === 'late') await delay();
    const ask = () => post(target, request, damaged(there, body));
    const copy = there === 'twice' ? ask().catch(() => undefined) : undefined;
    let answer;
    try {
      answer = await ask();
    } catch {
      return request.socket.destroy();
    }
    const other = await copy;
    const isFrame = (of) => of.headers['content-type'] === 'application/octet-stream' && of.body.length >= HEADER;
    if (other && isFrame(other)) watch(session, 'back', other.body);
    const sealed = isFrame(answer);
    if (sealed) watch(session, 'back', answer.body);
    const back = fate('back');
    // RPC_RESPONSE: the gateway has committed.
    if (['drop', 'cut', 'silence', 'truncate', 'flip'].includes(back) && sealed && answer.body[1] === 0x11)
      lost.add(request.headers['x-call']);
    if (back === 'drop' || back === 'cut') return request.socket.destroy();
    if (back === 'silence') return undefined;
    if (back === 'late') await delay();
    response.writeHead(answer.status, answer.headers);
    return response.end(damaged(back, answer.body));
  });

  const upgrades = new WebSocketServer({ server, handleProtocols: () => 'raystream.v1' });
  let sockets = 0;
  upgrades.on('connection', async (client, request) => {
    const session = `socket ${sockets++}`;
    const gateway = new WebSocket(`${target.replace('http', 'ws')}${request.url}`, 'raystream.v1');
    const waiting = [];
    const end = () => {
      client.terminate();
      gateway.terminate();
    };
    const carry = (direction, to) => async (data, isBinary) => {
      if (to.readyState !== WebSocket.OPEN) return waiting.push([data, isBinary]);
      if (!isBinary) return to.send(data.toString());
      watch(session, direction, data);
      const fault = fate(direction, ON_SOCKETS);
      // TCP loses nothing by itself: a frame that never comes is a connection that breaks.
      if (fault === 'drop' || fault === 'cut') return end();
      if (fault === 'silence') return client.pause();
      if (fault === 'late') await delay();
      if (to.readyState !== WebSocket.OPEN) return undefined;
      to.send(damaged(fault, data));
      if (fault === 'twice') to.send(data);
      return undefined;
    };
    client.on('message', carry('there', gateway));
    gateway.on('message', carry('back', client));
    gateway.on('open', () => {
      for (const message of waiting.splice(0)) client.emit('message', ...message);
    });
    for (const side of [client, gateway]) side.on('close', end).on('error', end);
  });

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    counts,
    seen,
    lost,
    calm: () => (calm = true),
    async stop() {
      for (const client of upgrades.clients) client.terminate();
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

/** A number below 1 from a seed and a place (splitmix, 32 bits). */
function noise(seed, place) {
  let z = (seed * 0x9e3779b9 + place * 0x85ebca6b) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return ((z ^ (z >>> 15)) >>> 0) / 2 ** 32;
}

async function post(target, { url, headers }, body) {
  const { host: _, 'content-length': __, connection: ___, ...kept } = headers;
  const request = forward(`${target}${url}`, { method: 'POST', headers: { ...kept, 'content-length': body.length } });
  request.end(body);
  const [response] = await once(request, 'response');
  const chunks = [];
  for await (const chunk of response) chunks.push(chunk);
  const { 'content-type': type } = response.headers;
  return { status: response.statusCode, headers: type ? { 'content-type': type } : {}, body: Buffer.concat(chunks) };
}
