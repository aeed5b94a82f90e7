/**
 * The other side of `crates/raystream-wasm`: several sessions in one WebAssembly instance. Every
 * method is synchronous and copies what it returns, so nothing here outlives the next call.
 */
import { fromBase64 } from './base64.js';
import { raystreamWasm } from './raystream-wasm.generated.js';

/** What the module exports; handles and lengths are `u32`. */
interface Exports extends Record<string, WebAssembly.ExportValue> {
  memory: WebAssembly.Memory;
  rs_input(length: number): number;
  rs_output(): number;
  rs_output_len(): number;
  rs_view(): number;
  rs_start(suite: number): number;
  rs_finish(handle: number): number;
  rs_call(
    handle: number,
    call: bigint,
    method: number,
    token: number,
    metadata: number,
    deadlineMs: number,
    schemaHash: bigint,
  ): number;
  rs_open(handle: number): number;
  rs_heartbeat(handle: number, timestamp: bigint): number;
  rs_close(handle: number): number;
  rs_should_renew(handle: number): number;
  rs_free(handle: number): void;
}

/** Why the engine refused; `crates/raystream-wasm/src/code.rs` has the same list. */
export type EngineFailure =
  | 'handle'
  | 'input'
  | 'malformed'
  | 'decryption'
  | 'replay'
  | 'exhausted'
  | 'too-large'
  | 'clear-unavailable'
  | 'clear-expired'
  | 'unexpected';

const failures: readonly EngineFailure[] = [
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
];

export class EngineError extends Error {
  readonly failure: EngineFailure;

  constructor(code: number) {
    const failure = failures[-code - 1] ?? 'unexpected';
    super(`raystream: ${failure}`);
    this.name = 'EngineError';
    this.failure = failure;
  }
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

export type ReplyFrame =
  | { kind: 'response'; callId: bigint; status: number; data: Uint8Array; headers: Record<string, string> }
  | { kind: 'error'; callId: bigint; status: number; code: string; message: string; stack: string | undefined }
  | { kind: 'heartbeat' }
  | { kind: 'close' };

const utf8 = new TextEncoder();
const text = new TextDecoder();
const SUITE_CHACHA = 0;

export class Engine {
  readonly #wasm: Exports;

  private constructor(wasm: Exports) {
    this.#wasm = wasm;
  }

  static #loading: Promise<Engine> | undefined;

  /** The one engine of this realm, compiled at the first use. */
  static load(): Promise<Engine> {
    Engine.#loading ??= WebAssembly.instantiate(fromBase64(raystreamWasm), {}).then(
      ({ instance }) => new Engine(instance.exports as Exports),
    );
    return Engine.#loading;
  }

  /** The INIT frame of a new handshake with the gateway that holds this key. */
  start(pin: Uint8Array, buildId: string): { handle: number; frame: Uint8Array<ArrayBuffer> } {
    const build = utf8.encode(buildId);
    const input = this.#input(64 + build.length);
    input.set(pin);
    crypto.getRandomValues(input.subarray(32, 64));
    input.set(build, 64);
    const handle = checked(this.#wasm.rs_start(SUITE_CHACHA));
    return { handle, frame: this.#output() };
  }

  /** Opens the session; the handle is gone if that fails. */
  finish(handle: number, response: Uint8Array): SessionHello {
    this.#input(response.length).set(response);
    checked(this.#wasm.rs_finish(handle));
    const view = this.#view();
    return { id: text.decode(this.#output()), ttlMs: view[0]!, maxFrame: view[1]!, maxInflight: view[2]! };
  }

  call(handle: number, frame: CallFrame): Uint8Array<ArrayBuffer> {
    const method = utf8.encode(frame.method);
    const token = utf8.encode(frame.token ?? '');
    const metadata = encodePairs(frame.metadata);
    const parts = [method, token, metadata, frame.idempotencyKey, frame.args];
    const input = this.#input(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      input.set(part, at);
      at += part.length;
    }
    const lengths = [method.length, token.length, metadata.length] as const;
    checked(this.#wasm.rs_call(handle, frame.callId, ...lengths, frame.deadlineMs, frame.schemaHash));
    return this.#output();
  }

  open(handle: number, frame: Uint8Array): ReplyFrame {
    const at = this.#place(frame.length);
    new Uint8Array(this.#wasm.memory.buffer, at, frame.length).set(frame);
    const kind = checked(this.#wasm.rs_open(handle));
    if (kind === 3) return { kind: 'heartbeat' };
    if (kind === 4) return { kind: 'close' };
    const view = this.#view();
    const part = (word: number) => new Uint8Array(this.#wasm.memory.buffer, at + view[word]!, view[word + 1]!);
    const callId = (BigInt(view[1]!) << 32n) | BigInt(view[0]!);
    const status = view[2]!;
    if (kind === 1) {
      return { kind: 'response', callId, status, data: part(3).slice(), headers: decodePairs(this.#output()) };
    }
    const stack = view[8]! > 0 ? text.decode(part(7)) : undefined;
    return { kind: 'error', callId, status, code: text.decode(part(3)), message: text.decode(part(5)), stack };
  }

  heartbeat(handle: number, timestamp: number): Uint8Array<ArrayBuffer> {
    checked(this.#wasm.rs_heartbeat(handle, BigInt(timestamp)));
    return this.#output();
  }

  close(handle: number): Uint8Array<ArrayBuffer> {
    checked(this.#wasm.rs_close(handle));
    return this.#output();
  }

  shouldRenew(handle: number): boolean {
    return this.#wasm.rs_should_renew(handle) === 1;
  }

  /** Wipes the session's keys. */
  free(handle: number): void {
    this.#wasm.rs_free(handle);
  }

  #place(length: number): number {
    const address = this.#wasm.rs_input(length);
    if (address === 0) throw new EngineError(-7);
    return address >>> 0;
  }

  #input(length: number): Uint8Array<ArrayBuffer> {
    const address = this.#place(length);
    // The memory may just have grown, which detaches every earlier view of it.
    return new Uint8Array(this.#wasm.memory.buffer as ArrayBuffer, address, length);
  }

  #output(): Uint8Array<ArrayBuffer> {
    const address = this.#wasm.rs_output() >>> 0;
    return new Uint8Array(this.#wasm.memory.buffer as ArrayBuffer, address, this.#wasm.rs_output_len()).slice();
  }

  #view(): Uint32Array {
    return new Uint32Array(this.#wasm.memory.buffer, this.#wasm.rs_view() >>> 0, 12);
  }
}

function checked(result: number): number {
  if (result < 0) throw new EngineError(result);
  return result;
}

function encodePairs(pairs: readonly (readonly [string, string])[]): Uint8Array {
  const encoded = pairs.map((pair) => pair.map((part) => utf8.encode(part)));
  const bytes = new Uint8Array(encoded.flat().reduce((sum, part) => sum + 2 + part.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [key, value] of encoded) {
    view.setUint16(at, key!.length, true);
    view.setUint16(at + 2, value!.length, true);
    bytes.set(key!, at + 4);
    bytes.set(value!, at + 4 + key!.length);
    at += 4 + key!.length + value!.length;
  }
  return bytes;
}

function decodePairs(bytes: Uint8Array): Record<string, string> {
  const pairs: [string, string][] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length;) {
    const key = at + 4;
    const value = key + view.getUint16(at, true);
    const end = value + view.getUint16(at + 2, true);
    pairs.push([text.decode(bytes.subarray(key, value)), text.decode(bytes.subarray(value, end))]);
    at = end;
  }
  return Object.fromEntries(pairs);
}
