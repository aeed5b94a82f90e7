/**
 * The other side of `crates/raystream-wasm`: several sessions in one WebAssembly instance. Every
 * method is synchronous and copies what it returns, so nothing here outlives the next call.
 */
import {
  EngineError,
  engineFailures,
  type Bytes,
  type CallFrame,
  type Credit,
  type Engine,
  type HelloInput,
  type ReplyFrame,
  type SessionHello,
  type SubscribeFrame,
} from './engine.js';
import { fromHex } from './hex.js';
import { raystreamWasm } from './raystream-wasm.generated.js';

/** What the module exports; handles and lengths are `u32`. */
interface Exports extends Record<string, WebAssembly.ExportValue> {
  memory: WebAssembly.Memory;
  rs_input(length: number): number;
  rs_output(): number;
  rs_output_len(): number;
  rs_view(): number;
  rs_start(options: number): number;
  rs_resume(session: number, options: number, lastTxid: bigint): number;
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
  rs_subscribe(
    handle: number,
    call: bigint,
    method: number,
    token: number,
    metadata: number,
    resumeToken: number,
    events: number,
    bytes: number,
    schemaHash: bigint,
  ): number;
  rs_credit(handle: number, call: bigint, events: number, bytes: number): number;
  rs_unsubscribe(handle: number, call: bigint): number;
  rs_open(handle: number): number;
  rs_heartbeat(handle: number, timestamp: bigint): number;
  rs_close(handle: number): number;
  rs_should_renew(handle: number): number;
  rs_free(handle: number): void;
}

const utf8 = new TextEncoder();
const text = new TextDecoder();
const EMPTY = new Uint8Array();

/** Bit 1 of the options of a handshake. */
const WEBSOCKET = 2;

export class WasmEngine implements Engine {
  readonly #wasm: Exports;

  private constructor(wasm: Exports) {
    this.#wasm = wasm;
  }

  static #loading: Promise<WasmEngine> | undefined;

  /** The one engine of this realm, compiled at the first use. */
  static load(): Promise<WasmEngine> {
    WasmEngine.#loading ??= WebAssembly.instantiate(fromHex(raystreamWasm), {}).then(
      ({ instance }) => new WasmEngine(instance.exports as Exports),
    );
    return WasmEngine.#loading;
  }

  start(hello: HelloInput): { handle: number; frame: Bytes } {
    this.#hello(hello);
    const handle = checked(this.#wasm.rs_start(optionsOf(hello)));
    return { handle, frame: this.#output() };
  }

  resume(session: number, hello: HelloInput): { handle: number; frame: Bytes } {
    this.#hello(hello);
    const handle = checked(this.#wasm.rs_resume(session, optionsOf(hello), 0n));
    return { handle, frame: this.#output() };
  }

  finish(handle: number, response: Uint8Array): SessionHello {
    this.#input(response.length).set(response);
    checked(this.#wasm.rs_finish(handle));
    const view = this.#view();
    return { id: text.decode(this.#output()), ttlMs: view[0]!, maxFrame: view[1]!, maxInflight: view[2]! };
  }

  call(handle: number, frame: CallFrame): Bytes {
    const method = utf8.encode(frame.method);
    const token = frame.token ? utf8.encode(frame.token) : EMPTY;
    const metadata = encodePairs(frame.metadata);
    this.#parts(method, token, metadata, frame.idempotencyKey, frame.args);
    const lengths = [method.length, token.length, metadata.length] as const;
    checked(this.#wasm.rs_call(handle, frame.callId, ...lengths, frame.deadlineMs, frame.schemaHash));
    return this.#output();
  }

  subscribe(handle: number, frame: SubscribeFrame): Bytes {
    const method = utf8.encode(frame.method);
    const token = frame.token ? utf8.encode(frame.token) : EMPTY;
    const metadata = encodePairs(frame.metadata);
    const resumeToken = frame.resumeToken ?? EMPTY;
    this.#parts(method, token, metadata, resumeToken, frame.args);
    const lengths = [method.length, token.length, metadata.length, resumeToken.length] as const;
    const { events, bytes } = frame.credit;
    checked(this.#wasm.rs_subscribe(handle, frame.callId, ...lengths, events, bytes, frame.schemaHash));
    return this.#output();
  }

  credit(handle: number, callId: bigint, { events, bytes }: Credit): Bytes {
    checked(this.#wasm.rs_credit(handle, callId, events, bytes));
    return this.#output();
  }

  unsubscribe(handle: number, callId: bigint): Bytes {
    checked(this.#wasm.rs_unsubscribe(handle, callId));
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
    if (kind === 5) {
      const resumeToken = view[6]! > 0 ? part(5).slice() : undefined;
      return { kind: 'event', callId, data: part(3).slice(), resumeToken, last: status === 1 };
    }
    const stack = view[8]! > 0 ? text.decode(part(7)) : undefined;
    return { kind: 'error', callId, status, code: text.decode(part(3)), message: text.decode(part(5)), stack };
  }

  heartbeat(handle: number, timestamp: number): Bytes {
    checked(this.#wasm.rs_heartbeat(handle, BigInt(Math.floor(timestamp))));
    return this.#output();
  }

  close(handle: number): Bytes {
    checked(this.#wasm.rs_close(handle));
    return this.#output();
  }

  shouldRenew(handle: number): boolean {
    return this.#wasm.rs_should_renew(handle) === 1;
  }

  free(handle: number): void {
    this.#wasm.rs_free(handle);
  }

  #hello({ pin, buildId }: HelloInput): void {
    const build = utf8.encode(buildId);
    const input = this.#input(64 + build.length);
    input.set(pin);
    crypto.getRandomValues(input.subarray(32, 64));
    input.set(build, 64);
  }

  #parts(...parts: Uint8Array[]): void {
    const input = this.#input(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      input.set(part, at);
      at += part.length;
    }
  }

  #place(length: number): number {
    const address = this.#wasm.rs_input(length);
    if (address === 0) throw new EngineError('too-large');
    return address >>> 0;
  }

  #input(length: number): Bytes {
    const address = this.#place(length);
    // The memory may just have grown, which detaches every earlier view of it.
    return new Uint8Array(this.#wasm.memory.buffer as ArrayBuffer, address, length);
  }

  #output(): Bytes {
    const address = this.#wasm.rs_output() >>> 0;
    return new Uint8Array(this.#wasm.memory.buffer as ArrayBuffer, address, this.#wasm.rs_output_len()).slice();
  }

  #view(): Uint32Array {
    return new Uint32Array(this.#wasm.memory.buffer, this.#wasm.rs_view() >>> 0, 12);
  }
}

const optionsOf = ({ transport }: HelloInput): number => (transport === 'websocket' ? WEBSOCKET : 0);

function checked(result: number): number {
  if (result < 0) throw new EngineError(engineFailures[-result - 1] ?? 'unexpected');
  return result;
}

function encodePairs(pairs: readonly (readonly [string, string])[]): Uint8Array {
  if (pairs.length === 0) return EMPTY;
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
