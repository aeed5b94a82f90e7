/** JSON whose integers stay exact. */
import { CodecError } from './error.js';

/** What stands before the digits of a long integer. No string of a row starts with it: PostgreSQL takes no NUL. */
export const LONG = '\0';

/**
 * Parses JSON text; an integer too long for a number to hold exactly comes as a string, its digits
 * behind {@link LONG}.
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
  return text.replace(TOKENS, (token) => (/^-?\d{16,}$/.test(token) ? `"\\u0000${token}"` : token));
}
