/**
 * Frames over HTTP: a POST each, or one POST for all that are sent in one tick. Its answer is a
 * stream, so that a quick call does not wait for a slow one sent with it.
 */
import { concat, FRAME_TYPE, FrameSplitter, FRAMES_TYPE, joinFrames } from './frames.js';
import { MAX_FRAME, TransportError, type Exchange, type Link, type LinkEvents } from './link.js';
import type { Endpoint } from './options.js';

/** The most frames of one body (protocol §11). */
const MAX_BATCH = 256;

interface Outgoing {
  owner: object;
  frame: Uint8Array<ArrayBuffer>;
}

class Post implements Exchange {
  readonly owners = new Set<object>();
  readonly aborter = new AbortController();
}

export class HttpLink implements Link {
  readonly kind = 'http';
  retryAfterMs = 0;
  readonly #endpoint: Endpoint;
  readonly #posts = new Set<Post>();
  #events: LinkEvents | undefined;
  #url = '';
  #maxBody = 0;
  #queue: Outgoing[] = [];
  #closed = false;

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
  }

  async greet(init: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<Uint8Array> {
    const response = await this.#fetch(`${this.#endpoint.url}/raystream/v1/hs`, FRAME_TYPE, init, signal);
    this.retryAfterMs = retryAfter(response);
    if (!isOf(response, FRAME_TYPE)) throw await this.#noGateway(response);
    return await this.#reading(signal, () => wholeBody(response));
  }

  attach(sessionId: string, maxFrame: number, events: LinkEvents): void {
    this.#url = `${this.#endpoint.url}/raystream/v1/s/${sessionId}`;
    this.#maxBody = maxFrame;
    this.#events = events;
  }

  send(owner: object, frame: Uint8Array<ArrayBuffer>, stream = false): void {
    if (this.#closed) return;
    if (stream) return void this.#post([{ owner, frame }], true);
    // Calls of one tick reach this line one microtask after another; the flush comes behind them all.
    if (this.#queue.length === 0) queueMicrotask(() => !this.#events?.isSealing && this.flush());
    this.#queue.push({ owner, frame });
    if (this.#queue.length === MAX_BATCH) this.flush();
  }

  forget(owner: object): void {
    this.#queue = this.#queue.filter((outgoing) => outgoing.owner !== owner);
    for (const post of this.#posts) {
      // What others wait for goes on.
      if (post.owners.delete(owner) && post.owners.size === 0) post.aborter.abort();
    }
  }

  ping(): void {
    // A POST keeps nothing open that could be gone.
  }

  close(): void {
    this.#closed = true;
    this.#events = undefined;
    this.#queue = [];
    for (const post of this.#posts) post.aborter.abort();
  }

  flush(): void {
    let batch: Outgoing[] = [];
    let size = 0;
    for (const outgoing of this.#queue.splice(0)) {
      const cost = outgoing.frame.length + 4;
      const full = batch.length === MAX_BATCH || size + cost > this.#maxBody || !this.#endpoint.batches.allowed;
      if (full && batch.length > 0) {
        void this.#post(batch, false);
        [batch, size] = [[], 0];
      }
      batch.push(outgoing);
      size += cost;
    }
    if (batch.length > 0) void this.#post(batch, false);
  }

  async #post(batch: Outgoing[], stream: boolean): Promise<void> {
    const post = new Post();
    for (const { owner } of batch) post.owners.add(owner);
    this.#posts.add(post);
    const several = stream || batch.length > 1;
    const body = several ? joinFrames(batch.map(({ frame }) => frame)) : batch[0]!.frame;
    let problem: TransportError | undefined;
    try {
      const { signal } = post.aborter;
      const response = await this.#fetch(this.#url, several ? FRAMES_TYPE : FRAME_TYPE, body, signal);
      await this.#reading(signal, () => this.#receive(response, post, several));
    } catch (error) {
      problem =
        error instanceof TransportError ? error : new TransportError('nobody waits any more', false, { cause: error });
    }
    this.#posts.delete(post);
    this.#events?.ended(post, problem);
  }

  async #receive(response: Response, post: Post, several: boolean): Promise<void> {
    if (response.status === 204) return;
    if (several && isOf(response, FRAMES_TYPE)) {
      this.#endpoint.batches.worked = true;
      const splitter = new FrameSplitter();
      for await (const chunk of chunksOf(response)) {
        for (const frame of splitter.push(chunk)) this.#events?.frame(frame, post);
      }
      if (splitter.isPartial) throw new TransportError(`the connection to ${this.#endpoint.url} broke off`, true);
      return;
    }
    if (!isOf(response, FRAME_TYPE)) throw await this.#noGateway(response);
    // One frame for many. It may say that the session is gone; it may also come from a gateway that
    // takes one frame at a time. Until a batch has worked the latter is more likely.
    if (several && !this.#endpoint.batches.worked) this.#endpoint.batches.allowed = false;
    this.#events?.frame(await wholeBody(response), post);
  }

  async #fetch(url: string, type: string, body: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<Response> {
    try {
      const headers = { 'content-type': type };
      return await this.#endpoint.fetch(url, { method: 'POST', headers, body, signal });
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      const advice = this.#endpoint.isLocal ? "start one with 'npx kontract dev'" : 'check the network and the address';
      throw new TransportError(`no gateway answers at ${this.#endpoint.url}: ${advice}`, true, { cause });
    }
  }

  async #reading<T>(signal: AbortSignal, read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      if (cause instanceof TransportError) throw cause;
      throw new TransportError(`the connection to ${this.#endpoint.url} broke off`, true, { cause });
    }
  }

  async #noGateway(response: Response): Promise<TransportError> {
    await response.body?.cancel();
    const { status } = response;
    const retry = status === 429 || status >= 500;
    return new TransportError(`what answers at ${this.#endpoint.url} is no Kontract gateway (HTTP ${status})`, retry);
  }
}

const isOf = (response: Response, type: string): boolean =>
  response.headers.get('content-type')?.startsWith(type) ?? false;

/** Seconds, as RFC 9110 section 10.2.3 has them; a date there is of no use to a clock that may be wrong. */
function retryAfter(response: Response): number {
  const seconds = Number(response.headers.get('retry-after') ?? 0);
  return seconds > 0 ? seconds * 1000 : 0;
}

/** The body, if it is not larger than a frame can be. */
async function wholeBody(response: Response): Promise<Uint8Array> {
  const { headers } = response;
  const stated = Number(headers.get('content-length') ?? Infinity);
  // The quick way, where nothing can make more of the body than it says.
  if (stated <= MAX_FRAME && !headers.has('content-encoding')) return new Uint8Array(await response.arrayBuffer());
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunksOf(response)) {
    length += chunk.length;
    if (length > MAX_FRAME) throw new TransportError('the reply is larger than a frame can be', false);
    chunks.push(chunk);
  }
  return concat(chunks, length);
}

/** Not every runtime's streams are iterable. */
async function* chunksOf(response: Response): AsyncGenerator<Uint8Array> {
  if (!response.body) return;
  const reader = response.body.getReader();
  let done = false;
  try {
    for (;;) {
      const piece = await reader.read();
      done = piece.done;
      if (piece.done) return;
      yield piece.value;
    }
  } finally {
    // The consumer has had enough: the rest is not wanted.
    if (!done) await reader.cancel().catch(() => undefined);
  }
}
