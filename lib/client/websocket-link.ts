/** Frames over a WebSocket: one each message, for one session. */
import { MAX_FRAME, TransportError, type Exchange, type Link, type LinkEvents } from './link.js';
import type { Endpoint } from './options.js';

/** As much of a WebSocket as is needed; browsers', Node's and those of packages all have it. */
export interface WebSocketLike {
  binaryType: string;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
  onopen: ((event: never) => unknown) | null;
  onmessage: ((event: never) => unknown) | null;
  onclose: ((event: never) => unknown) | null;
  onerror: ((event: never) => unknown) | null;
}

export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike;

const PROTOCOL = 'raystream.v1';
const PING = 'rs1:ping';
const PONG = 'rs1:pong';

export class WebSocketLink implements Link {
  readonly kind = 'websocket';
  readonly retryAfterMs = 0;
  readonly #socket: WebSocketLike;
  readonly #url: string;
  readonly #exchange: Exchange = { owners: new Set() };
  #events: LinkEvents | undefined;
  /** Who waits for the socket to open, or for the first message. */
  #waiter: { resolve(frame: Uint8Array): void; reject(error: unknown): void } | undefined;
  #closed = false;

  private constructor(socket: WebSocketLike, url: string) {
    this.#socket = socket;
    this.#url = url;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => this.#waiter?.resolve(new Uint8Array());
    socket.onmessage = ({ data }: { data: unknown }) => this.#message(data);
    socket.onerror = () => undefined;
    socket.onclose = ({ code }: { code?: number }) => this.#gone(code);
  }

  /** A socket that is open. */
  static async dial(endpoint: Endpoint, signal: AbortSignal): Promise<WebSocketLink> {
    signal.throwIfAborted();
    if (!endpoint.WebSocket) {
      throw new TransportError(
        "there is no WebSocket in this runtime: give one as the option WebSocket, or leave transport at 'auto'",
        false,
      );
    }
    const url = `${endpoint.url.replace(/^http/, 'ws')}/raystream/v1/ws`;
    const link = new WebSocketLink(new endpoint.WebSocket(url, [PROTOCOL]), endpoint.url);
    await link.#next(signal);
    return link;
  }

  async greet(init: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<Uint8Array> {
    const answer = this.#next(signal);
    this.#socket.send(init);
    return await answer;
  }

  attach(_sessionId: string, _maxFrame: number, events: LinkEvents): void {
    this.#events = events;
    // It may have ended while the RESPONSE was being opened.
    if (this.#closed) queueMicrotask(() => this.#events?.closed(this.#broken()));
  }

  send(_owner: object, frame: Uint8Array<ArrayBuffer>): void {
    if (!this.#closed) this.#socket.send(frame);
  }

  flush(): void {
    // Nothing waits here.
  }

  forget(): void {
    // The protocol has no way to take a call back.
  }

  ping(): void {
    if (!this.#closed) this.#socket.send(PING);
  }

  close(): void {
    this.#events = undefined;
    if (this.#closed) return;
    this.#closed = true;
    this.#waiter?.reject(this.#broken());
    this.#socket.close(1000);
  }

  /** What comes next while nobody is attached. */
  #next(signal: AbortSignal): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        this.#waiter = undefined;
        signal.removeEventListener('abort', abort);
        act();
      };
      const abort = () => {
        settle(() => reject(signal.reason));
        this.close();
      };
      signal.addEventListener('abort', abort, { once: true });
      this.#waiter = {
        resolve: (frame) => settle(() => resolve(frame)),
        reject: (error) => settle(() => reject(error)),
      };
      if (this.#closed) this.#waiter.reject(this.#broken());
    });
  }

  #message(data: unknown): void {
    if (typeof data === 'string') {
      if (data === PONG) this.#events?.pong();
      return;
    }
    if (!(data instanceof ArrayBuffer) || data.byteLength > MAX_FRAME) {
      const events = this.#events;
      this.close();
      events?.closed(new TransportError(`what answers at ${this.#url} is no Kontract gateway`, false));
      return;
    }
    const frame = new Uint8Array(data);
    if (this.#events) this.#events.frame(frame, this.#exchange);
    else this.#waiter?.resolve(frame);
  }

  #gone(code: number | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    const error = this.#broken(code);
    this.#waiter?.reject(error);
    this.#events?.closed(error);
  }

  /** Browsers do not say why a socket could not be had. */
  #broken(code?: number): TransportError {
    const why = code === undefined ? '' : ` (WebSocket close code ${code})`;
    return new TransportError(`no WebSocket to ${this.#url}, or no longer${why}`, true);
  }
}
