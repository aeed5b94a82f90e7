// Counts round trips: a proxy that lets the server answer only once the client has nothing more to say.
import { connect, createServer } from 'node:net';
import { once } from 'node:events';
import { cleanup } from '../../support/cleanup.mjs';

const QUIET_MS = 40;

/** Starts it in front of a server; `count()` is how many round trips there were since the last time it was asked. */
export async function startTrips(t, url) {
  let trips = 0;
  const sockets = new Set();
  const proxy = createServer((client) => {
    const server = connect({ host: '127.0.0.1', port: Number(new URL(url).port) });
    let [asked, answer, timer] = [false, []];
    const flush = () => {
      if (answer.length === 0) return;
      if (asked) trips += 1;
      asked = false;
      for (const chunk of answer.splice(0)) client.write(chunk);
    };
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(flush, QUIET_MS);
    };
    client.on('data', (chunk) => {
      asked = true;
      server.write(chunk);
      wait();
    });
    server.on('data', (chunk) => {
      answer.push(chunk);
      wait();
    });
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        clearTimeout(timer);
        other.destroy();
      });
    }
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  cleanup(t, () => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
  const count = () => {
    const counted = trips;
    trips = 0;
    return counted;
  };
  return { port: proxy.address().port, count };
}
