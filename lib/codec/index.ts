/**
 * What generated codecs stand on: a FlatBuffers writer and a reader that trusts nothing, and the
 * pieces of rows. Wrong values and hostile bytes are a {@link CodecError} with the path of the value.
 */
export { CodecError, unexpected, within } from './error.js';
export { encodeFromJson } from './from-json.js';
export { decode, type Reader } from './reader.js';
export { parse } from './json.js';
export * as row from './row.js';
export { shape, type Shape } from './shape.js';
export * as where from './where.js';
export { encode, type Writer } from './writer.js';
