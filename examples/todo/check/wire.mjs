// A TCP proxy that keeps what passes, and looks for texts in it in every likely encoding.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** Starts a proxy to `port` on 127.0.0.1. */
export async function tapWire(port) {
  /** One per connection and direction, in the order they appeared. */
  const streams = [];
  const sockets = new Set();
  const proxy = createServer((client) => {
    const gateway = connect(port, '127.0.0.1');
    for (const [from, to] of [
      [client, gateway],
      [gateway, client],
    ]) {
      const chunks = [];
      streams.push(chunks);
      sockets.add(from);
      from.on('data', (bytes) => chunks.push(bytes));
      from.on('error', () => to.destroy());
      from.on('close', () => sockets.delete(from));
      from.pipe(to);
    }
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    url: `http://127.0.0.1:${proxy.address().port}`,
    bytes: () => streams.flat().reduce((sum, chunk) => sum + chunk.length, 0),
    /** A place in the recording; `find` can start there. */
    mark: () => streams.map((chunks) => chunks.length),
    /** The texts that can be read in the recording, each with its encoding. */
    find(texts, since = []) {
      const recordings = streams.map((chunks, index) => Buffer.concat(chunks.slice(since[index] ?? 0)));
      return texts.flatMap((text) =>
        disguises(text)
          .filter(([, needle]) => recordings.some((bytes) => bytes.includes(needle)))
          .map(([encoding]) => `${text} as ${encoding}`),
      );
    },
    async close() {
      proxy.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** The byte sequences `text` may appear as. Base64 depends on where in three bytes it starts. */
function disguises(text) {
  const utf8 = Buffer.from(text);
  const utf16 = Buffer.from(text, 'utf16le');
  const found = [
    ['utf8', utf8],
    ['utf16le', utf16],
    ['utf16be', Buffer.from(utf16).swap16()],
    ['hex', Buffer.from(utf8.toString('hex'))],
  ];
  for (const offset of [0, 1, 2]) {
    const padded = Buffer.concat([Buffer.alloc(offset), utf8]);
    // Only characters made of the text's own bytes: the first and last may hold a neighbour's bits.
    const start = Math.ceil((offset * 8) / 6);
    const end = Math.floor((padded.length * 8) / 6);
    for (const alphabet of ['base64', 'base64url']) {
      found.push([`${alphabet}+${offset}`, Buffer.from(padded.toString(alphabet).slice(start, end))]);
    }
  }
  return found;
}
