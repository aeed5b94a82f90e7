/** Which sequences have been seen (protocol §6, steps 3 and 5). */
import { EngineError, type TransportKind } from '../engine.js';

const WIDTH = 1024;
/** Frames a key of AES-GCM opens. */
export const MAX_FRAMES = 2 ** 23;

export class Window {
  readonly #ordered: boolean;
  readonly #seen = new Set<number>();
  highest = 0;

  constructor(transport: TransportKind) {
    this.#ordered = transport === 'websocket';
  }

  check(sequence: number): void {
    if (sequence > MAX_FRAMES) throw new EngineError('exhausted');
    const isNew = this.#ordered
      ? sequence === this.highest + 1
      : sequence > this.highest - WIDTH && !this.#seen.has(sequence);
    if (!isNew) throw new EngineError('replay');
  }

  commit(sequence: number): void {
    // Another copy may have been faster.
    this.check(sequence);
    this.highest = Math.max(this.highest, sequence);
    if (this.#ordered) return;
    this.#seen.add(sequence);
    if (this.#seen.size < 2 * WIDTH) return;
    for (const old of this.#seen) if (old <= this.highest - WIDTH) this.#seen.delete(old);
  }
}
