/**
 * A reply can get lost without a sound: after a third of the time the same is asked once more, and
 * whichever answer is there first is the answer (specification 11.3.3: increase timeout, retry once).
 */
import type { Clock } from './clock.js';

export async function askTwice<T>(clock: Clock, patienceMs: number, ask: () => Promise<T>): Promise<T> {
  return await new Promise((resolve, reject) => {
    let asked = 1;
    const settle = (act: () => void) => {
      cancel();
      act();
    };
    const failed = (error: unknown) => {
      if (--asked === 0) settle(() => reject(error));
    };
    const listen = (answer: Promise<T>) => answer.then((value) => settle(() => resolve(value)), failed);
    const cancel = clock.after(patienceMs, () => {
      asked++;
      listen(ask());
    });
    listen(ask());
  });
}
