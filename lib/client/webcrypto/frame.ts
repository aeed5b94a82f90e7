/** Frames (protocol §1, §5, §6): 16 bytes of header, 12 of nonce, ciphertext, 16 of tag. */
import { EngineError, type Bytes } from '../engine.js';
import { clearCode } from './envelope.js';
import * as flag from './flag.js';
import { join, NONCE, open, seal, TAG } from './primitives.js';
import * as type from './type.js';

const HEADER = 16;
export const OVERHEAD = HEADER + NONCE + TAG;
export const MAX_HELLO = 4096;

const FIN_OR_NOT = -1;

/** What a sealed frame from the server may be: its FIN. */
const incoming = new Map<number, number>([
  [type.reply, flag.fin],
  [type.error, flag.fin],
  [type.event, FIN_OR_NOT],
  [type.heartbeat, 0],
  [type.close, 0],
]);

export function header(kind: number, flags: number, sequence: number, length: number, reserved = 0): Bytes {
  const bytes = new Uint8Array(HEADER);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x01000000 | (kind << 16) | flags);
  view.setUint32(4, sequence);
  view.setUint32(8, length);
  view.setUint32(12, reserved);
  return bytes;
}

/** Seals under a sequence that nothing else has. */
export async function sealFrame(
  key: CryptoKey,
  kind: number,
  flags: number,
  callId: bigint,
  sequence: number,
  payload: Bytes,
): Promise<Bytes> {
  const head = header(kind, flags | flag.aesgcm, sequence, payload.length);
  const nonce = new Uint8Array(NONCE);
  const view = new DataView(nonce.buffer);
  view.setBigUint64(0, callId);
  view.setUint32(8, sequence);
  return join(head, nonce, await seal(key, nonce, head, payload));
}

/** A frame as it lies there; nothing of it is true yet. */
export interface Parsed {
  kind: number;
  flags: number;
  sequence: number;
  reserved: number;
  callId: bigint;
  head: Bytes;
  nonce: Bytes;
  /** Ciphertext and tag. */
  body: Bytes;
}

/** Step 1 of receiving. A hint in the clear is thrown as what it hints at. */
export function parse(frame: Uint8Array, maxFrame: number): Parsed {
  const bytes = frame.slice();
  if (bytes.length < OVERHEAD) throw malformed();
  const view = new DataView(bytes.buffer);
  const flags = view.getUint16(2);
  const parsed = {
    kind: bytes[1]!,
    flags,
    sequence: view.getUint32(4),
    reserved: view.getUint32(12),
    callId: view.getBigUint64(HEADER),
    head: bytes.subarray(0, HEADER),
    nonce: bytes.subarray(HEADER, HEADER + NONCE),
    body: bytes.subarray(HEADER + NONCE),
  };
  const isHello = parsed.kind === type.response;
  const isClear = (flags & flag.clear) !== 0;
  const limit = isHello || isClear ? MAX_HELLO : maxFrame;
  const ok =
    bytes[0] === 1 &&
    bytes.length <= limit &&
    view.getUint32(8) === bytes.length - OVERHEAD &&
    view.getUint32(HEADER + 8) === parsed.sequence &&
    (parsed.sequence === 0) === (isHello || isClear) &&
    (parsed.callId === 0n) === (isHello || isClear || parsed.kind === type.heartbeat || parsed.kind === type.close) &&
    (isHello || parsed.reserved === 0);
  if (!ok) throw malformed();
  if (!isClear) return parsed;
  const { body } = parsed;
  if (flags !== (flag.clear | flag.s2c) || parsed.kind !== type.error || body.subarray(-TAG).some(Boolean))
    throw malformed();
  const code = clearCode(body.subarray(0, -TAG));
  if (code === 'SERVICE_UNAVAILABLE') throw new EngineError('clear-unavailable');
  throw new EngineError(code === 'SESSION_EXPIRED' ? 'clear-expired' : 'malformed');
}

/** Steps 1, 4 and 6 for what a session receives; `fresh` and `commit` are steps 3 and 5. */
export async function openFrame(
  key: CryptoKey,
  frame: Uint8Array,
  maxFrame: number,
  fresh: (sequence: number) => void,
  commit: (sequence: number) => void,
): Promise<Parsed & { payload: Bytes }> {
  const parsed = parse(frame, maxFrame);
  const { kind, flags, sequence } = parsed;
  const fin = incoming.get(kind);
  const rest = flags & ~flag.padded & ~(fin === FIN_OR_NOT ? flag.fin : 0);
  if (fin === undefined || rest !== (flag.s2c | flag.aesgcm | Math.max(fin, 0))) throw malformed();
  fresh(sequence);
  const plain = await open(key, parsed.nonce, parsed.head, parsed.body);
  commit(sequence);
  return { ...parsed, payload: flags & flag.padded ? unpad(plain) : plain };
}

/** Without `80 00*`. */
function unpad(plain: Bytes): Bytes {
  let end = plain.length;
  while (end > 0 && plain[end - 1] === 0) end--;
  if (plain[end - 1] !== 0x80) throw malformed();
  return plain.subarray(0, end - 1);
}

export const malformed = (): EngineError => new EngineError('malformed');
