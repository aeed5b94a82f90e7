/**
 * What generated codecs stand on: a FlatBuffers writer and a reader that trusts nothing, and the
 * pieces of rows. Wrong values and hostile bytes are a {@link CodecError} with the path of the value.
 */
export { CodecError, within } from './error.js';
export { open, type Reader } from './reader.js';
export { parse } from './json.js';
export * as row from './row.js';
export { begin, type Writer } from './writer.js';
