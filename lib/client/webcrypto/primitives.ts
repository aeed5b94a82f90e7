/** The few primitives of `Noise_NK_25519_AESGCM_SHA256`, all of them the platform's. */
import { EngineError, type Bytes } from '../engine.js';

const { subtle } = crypto;
const HMAC = { name: 'HMAC', hash: 'SHA-256' };
const X25519 = { name: 'X25519' };

export const EMPTY: Bytes = new Uint8Array();
export const NONCE = 12;
export const TAG = 16;

export const utf8 = (text: string): Bytes => new TextEncoder().encode(text);

export function join(...parts: readonly (Uint8Array | readonly number[])[]): Bytes {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

export const sha256 = async (...parts: Uint8Array[]): Promise<Bytes> =>
  new Uint8Array(await subtle.digest('SHA-256', join(...parts)));

async function hmac(key: Bytes, ...parts: (Uint8Array | readonly number[])[]): Promise<Bytes> {
  const imported = await subtle.importKey('raw', key, HMAC, false, ['sign']);
  return new Uint8Array(await subtle.sign('HMAC', imported, join(...parts)));
}

/** HKDF (RFC 5869): so many blocks of 32 bytes. By hand, because not every platform takes an empty input. */
export async function hkdf(salt: Bytes, input: Uint8Array, info: Uint8Array, blocks: number): Promise<Bytes[]> {
  const key = await hmac(salt, input);
  const output: Bytes[] = [];
  for (let i = 1; i <= blocks; i++) output.push(await hmac(key, output.at(-1) ?? EMPTY, info, [i]));
  return output;
}

export const aesKey = (key: Bytes): Promise<CryptoKey> =>
  subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt', 'decrypt']);

/** `ciphertext ‖ tag` */
export const seal = async (key: CryptoKey, iv: Bytes, additionalData: Bytes, plain: Bytes): Promise<Bytes> =>
  new Uint8Array(await subtle.encrypt({ name: 'AES-GCM', iv, additionalData }, key, plain));

export async function open(key: CryptoKey, iv: Bytes, additionalData: Bytes, sealed: Bytes): Promise<Bytes> {
  try {
    return new Uint8Array(await subtle.decrypt({ name: 'AES-GCM', iv, additionalData }, key, sealed));
  } catch {
    throw new EngineError('decryption');
  }
}

/** A key pair for one handshake. */
export interface Ephemeral {
  publicKey: Bytes;
  /** The shared secret with another's public key. */
  agree(theirs: Bytes): Promise<Bytes>;
}

export async function ephemeral(): Promise<Ephemeral> {
  const pair = (await subtle.generateKey(X25519, false, ['deriveBits'])) as CryptoKeyPair;
  return ephemeralOf(pair.privateKey, new Uint8Array(await subtle.exportKey('raw', pair.publicKey)));
}

export const ephemeralOf = (privateKey: CryptoKey, publicKey: Bytes): Ephemeral => ({
  publicKey,
  async agree(theirs) {
    const imported = await subtle.importKey('raw', theirs, X25519, false, []);
    let secret = EMPTY;
    try {
      secret = new Uint8Array(await subtle.deriveBits({ ...X25519, public: imported }, privateKey, 256));
    } catch {
      // What the specification of WebCrypto asks for when the result is zero; not every platform does it.
    }
    if (!secret.some(Boolean)) throw new EngineError('decryption');
    return secret;
  },
});
