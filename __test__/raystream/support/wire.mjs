// The client's half of raystream with nothing around it: frames in, frames out, so that a test can
// send what no client would. The same wasm as lib/client, its ABI used directly.
import { randomBytes } from 'node:crypto';
import { raystreamWasm } from '../../../lib/dist/client/raystream-wasm.generated.js';

const text = (bytes) => Buffer.from(bytes).toString();
const { instance } = await WebAssembly.instantiate(Buffer.from(raystreamWasm, 'hex'), {});
const wasm = instance.exports;

/** What the engine refused, as `crates/raystream-wasm/src/code.rs` numbers it. */
export const refused = { replay: -5, unavailable: -8, expired: -9 };

export class WireError extends Error {
  constructor(code) {
    super(`raystream-wasm: ${code}`);
    this.code = code;
  }
}

function checked(result) {
  if (result < 0) throw new WireError(result);
  return result;
}

function input(...parts) {
  const bytes = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const at = wasm.rs_input(bytes.length) >>> 0;
  Buffer.from(wasm.memory.buffer, at, bytes.length).set(bytes);
  return at;
}

function output() {
  return Buffer.from(Buffer.from(wasm.memory.buffer, wasm.rs_output() >>> 0, wasm.rs_output_len()));
}

function view() {
  return new Uint32Array(wasm.memory.buffer, wasm.rs_view() >>> 0, 12);
}

/** One handshake, then one session. */
export class Wire {
  #handle;
  #calls = 0n;

  /** @param {{ pin: string, websocket?: boolean, resumes?: Wire }} options */
  constructor({ pin, websocket = false, resumes }) {
    input(Buffer.from(pin, 'base64url'), randomBytes(32), 'test');
    const transport = websocket ? 2 : 0;
    this.#handle = checked(resumes ? wasm.rs_resume(resumes.#handle, transport, 0n) : wasm.rs_start(transport));
    this.init = output();
  }

  /** Opens the session with the gateway's answer. */
  finish(response) {
    input(response);
    checked(wasm.rs_finish(this.#handle));
    this.id = text(output());
    this.resumed = view()[3] === 1;
    return this;
  }

  call(method, args = '', { key = randomBytes(16), token = '', id = ++this.#calls } = {}) {
    const parts = [method, token, key, args].map((part) => Buffer.from(part));
    input(...parts);
    checked(wasm.rs_call(this.#handle, id, parts[0].length, parts[1].length, 0, 0, 0n));
    return output();
  }

  subscribe(method, { events = 64, bytes = 1 << 16, resume = '', token = '', args = '', id = ++this.#calls } = {}) {
    const parts = [method, token, resume, args].map((part) => Buffer.from(part));
    input(...parts);
    const lengths = parts.map((part) => part.length);
    const [methodLength, tokenLength, resumeLength] = lengths;
    checked(wasm.rs_subscribe(this.#handle, id, methodLength, tokenLength, 0, resumeLength, events, bytes, 0n));
    return { id, frame: output() };
  }

  credit(id, events, bytes) {
    checked(wasm.rs_credit(this.#handle, id, events, bytes));
    return output();
  }

  unsubscribe(id) {
    checked(wasm.rs_unsubscribe(this.#handle, id));
    return output();
  }

  heartbeat(timestamp = 1) {
    checked(wasm.rs_heartbeat(this.#handle, BigInt(timestamp)));
    return output();
  }

  close() {
    checked(wasm.rs_close(this.#handle));
    return output();
  }

  /** What a frame says. Throws a WireError for what is in the clear or does not open. */
  open(frame) {
    const at = input(frame);
    const kind = checked(wasm.rs_open(this.#handle));
    const words = view();
    const part = (word) => text(Buffer.from(wasm.memory.buffer, at + words[word], words[word + 1]));
    const id = (BigInt(words[1]) << 32n) | BigInt(words[0]);
    if (kind === 1) return { kind: 'response', id, status: words[2], data: part(3) };
    if (kind === 2) return { kind: 'error', id, status: words[2], code: part(3), message: part(5) };
    if (kind === 3) return { kind: 'heartbeat', serverTime: words[6] * 2 ** 32 + words[5] };
    if (kind === 4) return { kind: 'close' };
    const token = Buffer.from(Buffer.from(wasm.memory.buffer, at + words[5], words[6]));
    const txid = words[7] === 1 ? words[10] * 2 ** 32 + words[8] : undefined;
    return { kind: 'event', id, last: words[2] === 1, data: part(3), token, txid };
  }

  /** What an error in the clear says, as a number of `refused`. */
  openClear(frame) {
    try {
      this.open(frame);
    } catch (error) {
      if (error instanceof WireError) return error.code;
      throw error;
    }
    throw new Error('not an error in the clear');
  }

  free() {
    wasm.rs_free(this.#handle);
  }
}

/** What a refused handshake was told. */
export function refusedHandshake(pin, response) {
  const wire = new Wire({ pin });
  try {
    wire.finish(response);
  } catch (error) {
    if (error instanceof WireError) return error.code;
    throw error;
  }
  throw new Error('the handshake was not refused');
}
