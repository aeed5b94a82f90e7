/**
 * What generated codecs say of a table: where its fields lie, how wide they are, and which may be
 * missing. Reader and writer keep in it what they know of the table's vtables.
 */
export class Shape {
  /** Bytes of the table, its offset to the vtable included. */
  readonly size: number;
  /** By field id: the place in the table; 0 for an id that is no longer used. */
  readonly offsets: readonly number[];
  /** By field id: bytes. */
  readonly sizes: readonly number[];
  /** By field id: the bit that says whether it is there; -1 where it always is. */
  readonly bits: readonly number[] | undefined;

  // The writer's: which buffer, and the vtables written to it.
  slab = -1;
  mask = 0;
  vtable = -1;
  known: Map<number, number> | undefined;

  // The reader's: which message, the vtable read last, and what it said.
  message = -1;
  read = 0;
  length = 0;
  found: readonly number[] = [];

  constructor(size: number, offsets: readonly number[], sizes: readonly number[], bits?: readonly number[]) {
    this.size = size;
    this.offsets = offsets;
    this.sizes = sizes;
    this.bits = bits;
  }
}

export function shape(
  size: number,
  offsets: readonly number[],
  sizes: readonly number[],
  bits?: readonly number[],
): Shape {
  return new Shape(size, offsets, sizes, bits);
}
