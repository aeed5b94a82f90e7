/**
 * What turns calls into frames and frames into replies: the protocol without its transport. Two
 * are built (`wasm-engine.ts`, `webcrypto/`), and a bundle holds one of them. What a cipher of the
 * host's takes long for is a promise; the sequence of a frame is taken before that.
 */

export type TransportKind = 'http' | 'websocket';

/** A value now, or later. */
export type Maybe<T> = T | Promise<T>;

export type Bytes = Uint8Array<ArrayBuffer>;

/** Why an engine refused; `crates/raystream-wasm/src/code.rs` has the same list, in this order. */
export const engineFailures = [
  'handle',
  'input',
  'malformed',
  'decryption',
  'replay',
  'exhausted',
  'too-large',
  'clear-unavailable',
  'clear-expired',
  'unexpected',
] as const;

export type EngineFailure = (typeof engineFailures)[number];

export class EngineError extends Error {
  readonly failure: EngineFailure;

  constructor(failure: EngineFailure) {
    super(`raystream: ${failure}`);
    this.name = 'EngineError';
    this.failure = failure;
  }
}

/** What a handshake is made of. */
export interface HelloInput {
  /** The gateway's public key, 32 bytes. */
  pin: Uint8Array;
  buildId: string;
  transport: TransportKind;
}

export interface SessionHello {
  id: string;
  ttlMs: number;
  maxFrame: number;
  maxInflight: number;
}

/** One attempt of a call. */
export interface CallFrame {
  callId: bigint;
  method: string;
  args: Uint8Array;
  metadata: readonly (readonly [string, string])[];
  idempotencyKey: Uint8Array;
  deadlineMs: number;
  schemaHash: bigint;
  token: string | undefined;
}

/** How many events, and how many bytes of their data, may come before more credit is given. */
export interface Credit {
  events: number;
  bytes: number;
}

export interface SubscribeFrame {
  callId: bigint;
  method: string;
  args: Uint8Array;
  metadata: readonly (readonly [string, string])[];
  schemaHash: bigint;
  token: string | undefined;
  /** Of the last event seen. */
  resumeToken: Uint8Array | undefined;
  credit: Credit;
}

export type ReplyFrame =
  | { kind: 'response'; callId: bigint; status: number; data: Uint8Array; headers: Record<string, string> }
  | { kind: 'error'; callId: bigint; status: number; code: string; message: string; stack: string | undefined }
  | { kind: 'event'; callId: bigint; data: Uint8Array; resumeToken: Uint8Array | undefined; last: boolean }
  | { kind: 'heartbeat' }
  | { kind: 'close' };

/** Sessions by their handles. Throws, or rejects with, {@link EngineError}s. */
export interface Engine {
  /** The INIT frame of a new handshake. */
  start(hello: HelloInput): Maybe<{ handle: number; frame: Bytes }>;
  /** The INIT frame of a handshake that resumes a session, which works once; failure `handle` after that. */
  resume(session: number, hello: HelloInput): Maybe<{ handle: number; frame: Bytes }>;
  /** Opens the session; the handle is gone if that fails. */
  finish(handle: number, response: Uint8Array): Maybe<SessionHello>;
  call(handle: number, frame: CallFrame): Maybe<Bytes>;
  subscribe(handle: number, frame: SubscribeFrame): Maybe<Bytes>;
  credit(handle: number, callId: bigint, credit: Credit): Maybe<Bytes>;
  unsubscribe(handle: number, callId: bigint): Maybe<Bytes>;
  heartbeat(handle: number, timestamp: number): Maybe<Bytes>;
  close(handle: number): Maybe<Bytes>;
  open(handle: number, frame: Uint8Array): Maybe<ReplyFrame>;
  /** Whether half of the key's frames are used, in either direction. */
  shouldRenew(handle: number): boolean;
  /** Wipes the session's keys. */
  free(handle: number): void;
}
