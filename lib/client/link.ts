/** A way for one session's frames to the gateway and back: all a session knows of a transport. */
import type { TransportKind } from './engine.js';

export interface Link {
  readonly kind: TransportKind;
  /** How long the gateway asked to be left alone, when it refused a handshake. */
  readonly retryAfterMs: number;
  /** The handshake: the INIT there, the RESPONSE back. */
  greet(init: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<Uint8Array>;
  /** From here on frames are this session's. */
  attach(sessionId: string, maxFrame: number, events: LinkEvents): void;
  /** `stream`: answers come for as long as the gateway likes. */
  send(owner: object, frame: Uint8Array<ArrayBuffer>, stream?: boolean): void;
  /** Nothing more is about to be sealed: what waited for company goes now. */
  flush(): void;
  /** Nobody waits for what this owner sent. */
  forget(owner: object): void;
  /** Asks whether anybody is there, without a frame. HTTP cannot. */
  ping(): void;
  /** Lets go of everything; no event after that. */
  close(): void;
}

/** What was sent together and is answered together. A WebSocket has one for all its life. */
export interface Exchange {
  readonly owners: Set<object>;
}

export interface LinkEvents {
  /** Whether frames are on their way to `send`. */
  readonly isSealing: boolean;
  frame(frame: Uint8Array, exchange: Exchange): void;
  /** Nothing more comes for these owners. */
  ended(exchange: Exchange, error: TransportError | undefined): void;
  pong(): void;
  /** Nothing more comes at all. */
  closed(error: TransportError): void;
}

/** No frame came back: the network, a proxy, or something that is no gateway. */
export class TransportError extends Error {
  /** Whether trying again may help. */
  readonly retry: boolean;

  constructor(message: string, retry: boolean, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TransportError';
    this.retry = retry;
  }
}

/** The most a frame may be, whoever says otherwise (protocol §7). */
export const MAX_FRAME = 16 * 1024 * 1024;
