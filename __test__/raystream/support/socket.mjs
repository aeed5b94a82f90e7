// A WebSocket client that does what it is told, right or wrong.
import { once } from 'node:events';
import WebSocket from 'ws';
import { Wire } from './wire.mjs';

export class Socket {
  #socket;
  #messages = [];
  #wake = () => {};

  constructor(host, { protocol = 'raystream.v1', headers = {}, secure = false } = {}) {
    const options = { headers, rejectUnauthorized: false, perMessageDeflate: false };
    const url = `${secure ? 'wss' : 'ws'}://${host}/raystream/v1/ws`;
    this.#socket = protocol ? new WebSocket(url, protocol, options) : new WebSocket(url, options);
    this.opened = once(this.#socket, 'open');
    this.opened.catch(() => undefined);
    this.#socket.on('message', (data, binary) => {
      this.#messages.push(binary ? data : data.toString());
      this.#wake();
    });
    this.closed = new Promise((done) => {
      this.#socket.on('close', (code) => {
        done(code);
        this.#wake();
      });
    });
    this.#socket.on('unexpected-response', (request, response) => {
      this.status = response.statusCode;
      request.destroy();
      this.#socket.emit('error', new Error(`HTTP ${response.statusCode}`));
    });
    this.#socket.on('error', () => this.#wake());
  }

  send(message) {
    this.#socket.send(message);
  }

  /** The next message; undefined when the socket has closed. Throws when there is neither for so long. */
  async next(patienceMs = 20_000) {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#wake();
    }, patienceMs);
    try {
      while (this.#messages.length === 0) {
        if (this.#socket.readyState === WebSocket.CLOSED) return undefined;
        if (late) throw new Error(`nothing came for ${patienceMs} ms`);
        await new Promise((wake) => (this.#wake = wake));
      }
      return this.#messages.shift();
    } finally {
      clearTimeout(timer);
    }
  }

  pause() {
    this.#socket.pause();
  }

  resume() {
    this.#socket.resume();
  }

  end() {
    this.#socket.terminate();
  }
}

/** A socket with a session on it. */
export async function connect(t, { host, pin }, { resumes, ...options } = {}) {
  const socket = new Socket(host, options);
  t.after(() => socket.end());
  await socket.opened;
  const wire = new Wire({ pin, websocket: true, resumes });
  socket.send(wire.init);
  wire.finish(await socket.next());
  return { socket, wire, reply: async () => wire.open(await socket.next()) };
}
