/** Budgets both directions keep to. */

/** Tables inside tables. */
export const MAX_DEPTH = 64;

/** Bytes of one message. */
export const MAX_BYTES = 64 * 1024 * 1024;

/** Characters of one `Json` value. */
export const MAX_JSON = 4 * 1024 * 1024;

/** The furthest a date can be from 1970, in milliseconds (ECMA-262, 21.4.1.1). */
export const MAX_DATE = 8.64e15;

/** Integers by the name of their type: smallest, largest. */
export const INT64_MIN = -(2n ** 63n);
export const INT64_MAX = 2n ** 63n - 1n;
export const UINT64_MAX = 2n ** 64n - 1n;
