/** Bytes of lower-case hexadecimal text, as the build writes it. `Uint8Array.fromHex` is not everywhere yet. */
export function fromHex(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = (digit(text.charCodeAt(2 * i)) << 4) | digit(text.charCodeAt(2 * i + 1));
  }
  return bytes;
}

const digit = (code: number): number => (code < 58 ? code - 48 : code - 87);
