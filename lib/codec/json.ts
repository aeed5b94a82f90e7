/** JSON whose integers stay exact. */
import { CodecError } from './error.js';

/**
 * Parses JSON text; an integer too long for a number to hold exactly comes as its digits in a
 * string, for `BigInt` or `Number` to take.
 */
export function parse(text: string): unknown {
  try {
    return JSON.parse(/\d{16}/.test(text) ? quoteLongIntegers(text) : text) as unknown;
  } catch {
    throw new CodecError('a row that is no JSON');
  }
}

/** Strings and numbers are the only tokens that hold digits: what matches first is never inside the other. */
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

function quoteLongIntegers(text: string): string {
  return text.replace(TOKENS, (token) => (/^-?\d{16,}$/.test(token) ? `"${token}"` : token));
}
