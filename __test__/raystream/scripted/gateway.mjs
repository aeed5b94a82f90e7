// A gateway that does what a test tells it, over a network that does too: `fetch` and `WebSocket` of
// its own, on the scripted clock. Forgets its sessions when it restarts, never what it has done.
import { decode, encode } from './engine.mjs';
import { FrameSplitter, joinFrames } from '../../../lib/dist/client/frames.js';

const FRAME = 'application/octet-stream';
const FRAMES = 'application/raystream-frames';

export class ScriptedGateway {
  ttlMs = 300_000;
  maxInflight = 256;
  latencyMs = 5;
  takesBatches = true;
  takesSockets = true;
  isUp = true;
  /** Whether text pings are answered. */
  pongs = true;
  /** What becomes of a request, a reply or a message: `undefined` or `'lose' | 'refuse' | 'garble' | 'proxy'`. */
  fault = () => undefined;
  /** Answers a call: text, or `{ code, status }`. */
  handler = (call) => call.args;
  thinkMs = () => 1;

  counts = { handshakes: 0, resumes: 0, frames: 0, posts: 0, sockets: 0, pings: 0, heartbeats: 0, closes: 0 };
  /** idempotency key → { reply, times, first }: the database. */
  effects = new Map();
  sockets = new Set();
  fetches = 0;
  /** Answers that stay open: subscriptions over HTTP. */
  streams = new Set();
  #clock;
  #sessions = new Map();
  #tickets = new Map();
  #ids = 0;

  constructor(clock) {
    this.#clock = clock;
    this.WebSocket = socketClass(this, clock);
  }

  /** Everything in memory is gone, and so are the sockets. */
  restart() {
    this.#sessions.clear();
    this.#tickets.clear();
    for (const socket of this.sockets) socket.cut();
    for (const stream of this.streams) stream.error(new TypeError('terminated'));
    this.streams.clear();
  }

  down() {
    this.isUp = false;
    this.restart();
  }

  /** Says CLOSE to everybody, as a gateway that is about to stop does. */
  drain() {
    for (const socket of this.sockets) socket.say({ t: 'close', callId: 0n });
  }

  /** Forgets sessions, keeps tickets and sockets. */
  forget() {
    this.#sessions.clear();
  }

  fetch = async (url, { body, headers, signal }) => {
    this.fetches++;
    try {
      return await this.#fetch(url, body, headers['content-type'], signal);
    } finally {
      this.fetches--;
    }
  };

  async #fetch(url, body, type, signal) {
    this.counts.posts++;
    await this.#travel(signal);
    const fault = this.fault('request', url);
    if (!this.isUp || fault === 'refuse') throw new TypeError('fetch failed');
    if (fault === 'proxy')
      return new Response('<h1>502</h1>', { status: 502, headers: { 'content-type': 'text/html' } });
    if (fault === 'lose') return await this.#never(signal);
    let answer;
    if (url.endsWith('/hs')) answer = this.#handshake(decode(body));
    else if (type === FRAMES && this.takesBatches) answer = await this.#batch(url, body, signal);
    else answer = await this.#post(url, body, signal);
    await this.#travel(signal);
    const lost = this.fault('reply', url);
    if (lost) await answer.body?.cancel();
    if (lost === 'lose') return await this.#never(signal);
    if (lost === 'refuse') throw new TypeError('fetch failed');
    if (lost === 'garble') return octets(new Uint8Array([1, 2, 3]), FRAME);
    return answer;
  }

  async #post(url, body, signal) {
    if (body[0] !== 0x7b) return octets(encode({ clear: 'clear-expired' }), FRAME);
    const session = this.#sessionOf(url);
    const reply = session ? await this.#exchange(session, decode(body), signal) : { clear: 'clear-expired' };
    return reply ? octets(encode(reply), FRAME) : new Response(null, { status: 204 });
  }

  async #batch(url, body, signal) {
    const session = this.#sessionOf(url);
    if (!session) return octets(encode({ clear: 'clear-expired' }), FRAME);
    const frames = new FrameSplitter().push(body).map(decode);
    if (frames.some(({ t }) => t === 'subscribe')) return await this.#stream(session, frames[0], signal);
    const replies = await Promise.all(frames.map((frame) => this.#exchange(session, frame, signal)));
    return octets(joinFrames(replies.filter(Boolean).map(encode)), FRAMES);
  }

  async #stream(session, frame, signal) {
    const first = await this.answer(session, frame, signal);
    let own;
    const body = new ReadableStream({
      cancel: () => void this.streams.delete(own),
      start: (controller) => {
        own = controller;
        controller.enqueue(joinFrames([encode(first)]));
        if (first.t !== 'event') return controller.close();
        this.streams.add(controller);
        signal.addEventListener('abort', () => this.streams.delete(controller) && controller.error(signal.reason));
      },
    });
    return new Response(body, { headers: { 'content-type': FRAMES } });
  }

  #sessionOf(url) {
    return this.#sessions.get(url.slice(url.lastIndexOf('/') + 1));
  }

  #handshake(init) {
    const { resumes, transport } = init;
    if (resumes !== undefined) {
      this.counts.resumes++;
      if (!this.#tickets.delete(resumes)) return octets(encode({ clear: 'clear-expired' }), FRAME);
    }
    this.counts.handshakes++;
    const session = {
      id: `s${++this.#ids}`,
      transport,
      sequence: 0,
      last: 0,
      seen: new Set(),
      aliveAt: this.#clock.now(),
    };
    this.#sessions.set(session.id, session);
    this.#tickets.set(session.id, session);
    const { ttlMs, maxInflight } = this;
    return octets(encode({ t: 'hello', id: session.id, ttlMs, maxInflight }), FRAME);
  }

  hello(init) {
    const { frame } = this.#handshake(init);
    const hello = decode(frame);
    return { frame, session: hello.id && this.#sessions.get(hello.id) };
  }

  /** What a sealed frame is answered with, if with anything. */
  async #exchange(session, frame, signal) {
    return await this.answer(session, frame, signal);
  }

  async answer(session, frame, signal) {
    this.counts.frames++;
    const now = this.#clock.now();
    const known = this.#sessions.get(session.id) === session && now - session.aliveAt <= this.ttlMs;
    const isNew =
      session.transport === 'websocket' ? frame.sequence === session.last + 1 : !session.seen.has(frame.sequence);
    if (!known || frame.session !== session.id || !isNew) return { clear: 'clear-expired' };
    session.aliveAt = now;
    session.last = frame.sequence;
    session.seen.add(frame.sequence);
    if (frame.t === 'close') {
      this.counts.closes++;
      this.#sessions.delete(session.id);
      return undefined;
    }
    if (frame.t === 'heartbeat') {
      this.counts.heartbeats++;
      return this.seal(session, { t: 'heartbeat', callId: 0n });
    }
    if (frame.t === 'subscribe')
      return this.seal(session, { t: 'event', callId: frame.callId, data: '{"type":"open"}' });
    if (frame.t !== 'call') return undefined;
    await this.#clock.sleep(this.thinkMs(frame));
    if (!this.isUp || signal?.aborted) return undefined;
    const reply = this.#run(frame);
    return this.seal(session, reply.code ? { t: 'error', callId: frame.callId, message: '', ...reply } : reply);
  }

  seal(session, frame) {
    return { ...frame, session: session.id, sequence: ++session.sequence };
  }

  #run(call) {
    const same = JSON.stringify([call.method, call.args, call.metadata]);
    const done = this.effects.get(call.idempotencyKey);
    if (done) {
      done.asked++;
      if (done.same !== same || done.callId !== call.callId) throw new Error('another call under the same key');
      return done.reply;
    }
    const answer = this.handler(call);
    if (answer?.code) return answer;
    const reply = { t: 'response', callId: call.callId, status: 200, data: answer, headers: {} };
    this.effects.set(call.idempotencyKey, { reply, same, callId: call.callId, asked: 1 });
    return reply;
  }

  async #travel(signal) {
    await this.#clock.sleep(this.latencyMs);
    signal?.throwIfAborted();
  }

  #never(signal) {
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
  }
}

function octets(frame, type) {
  const response = new Response(frame, { headers: { 'content-type': type } });
  response.frame = frame;
  return response;
}

const socketClass = (gateway, clock) =>
  class ScriptedSocket {
    onopen = null;
    onmessage = null;
    onclose = null;
    onerror = null;
    #session;
    #isOpen = false;
    #isDead = false;
    /** The network lets nothing through, and says nothing. */
    #mute = false;

    constructor(url, protocols) {
      if (!/^wss?:/.test(url) || protocols[0] !== 'raystream.v1') throw new TypeError('not this way');
      gateway.counts.sockets++;
      gateway.sockets.add(this);
      clock.after(gateway.latencyMs, () => {
        if (this.#isDead) return;
        if (!gateway.isUp || !gateway.takesSockets || gateway.fault('socket') === 'refuse') return this.cut();
        this.#isOpen = true;
        this.onopen?.({});
      });
    }

    send(data) {
      if (!this.#isOpen) throw new Error('not open');
      clock.after(gateway.latencyMs, () => void this.#arrived(data));
    }

    close() {
      this.#isDead = true;
      gateway.sockets.delete(this);
      clock.after(1, () => this.onclose?.({ code: 1000 }));
    }

    /** The connection breaks. */
    cut() {
      if (this.#isDead) return;
      this.#isDead = true;
      gateway.sockets.delete(this);
      this.onclose?.({ code: 1006 });
    }

    mute() {
      this.#mute = true;
    }

    say(frame) {
      if (this.#session) this.#deliver(encode(gateway.seal(this.#session, frame)));
    }

    async #arrived(data) {
      if (this.#isDead || this.#mute) return;
      if (typeof data === 'string') {
        gateway.counts.pings++;
        if (gateway.pongs)
          clock.after(gateway.latencyMs, () => !this.#isDead && !this.#mute && this.onmessage?.({ data: 'rs1:pong' }));
        return;
      }
      const fault = gateway.fault('message');
      if (fault === 'refuse') return this.cut();
      if (fault === 'lose') return this.mute();
      if (!this.#session) {
        const { frame, session } = gateway.hello(decode(data));
        this.#session = session;
        return this.#deliver(frame);
      }
      const reply = await gateway.answer(this.#session, decode(data));
      if (!reply) return;
      this.#deliver(gateway.fault('answer') === 'garble' ? new Uint8Array([1, 2, 3]) : encode(reply));
      if (reply.clear) clock.after(gateway.latencyMs, () => this.cut());
    }

    #deliver(bytes) {
      clock.after(gateway.latencyMs, () => {
        if (!this.#isDead && !this.#mute) this.onmessage?.({ data: bytes.slice().buffer });
      });
    }
  };
