/** Three bits, as three letters: read 4, write 2, execute or delete 1 (specification 6.2.3). */
export const perms = Object.freeze({
  ___: 0,
  __X: 1,
  _W_: 2,
  _WX: 3,
  R__: 4,
  R_X: 5,
  RW_: 6,
  /** The specification's own example writes `RW_` this way. */
  WR_: 6,
  RWX: 7,
} as const);

export type Permission = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;
