// The machine: how much else it does.
import { cpus, loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** Whether so much else goes on that figures are not to be quoted. */
export const isBusy = (load) => load > cpus().length / 2;

/** Waits until what the set-up left running is over, 90 seconds at most. */
export async function calm() {
  for (let waited = 0; waited < 90 && loadavg()[0] > cpus().length / 3; waited++) await sleep(1000);
}
