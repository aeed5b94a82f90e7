/** Running a server until someone stops it. */

/**
 * Starts something and waits for SIGINT, SIGTERM or SIGHUP, then stops it. A second signal ends the
 * process at once. Rejects when starting fails.
 */
export async function untilStopped(start: () => Promise<void>, stop: () => Promise<void>): Promise<void> {
  const signalled = new Promise<void>((done) => {
    let stopping = false;
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(name, () => {
        if (stopping) process.exit(130);
        stopping = true;
        done();
      });
    }
  });
  const first = await Promise.race([
    start().then(() => 'started' as const),
    signalled.then(() => 'signalled' as const),
  ]);
  if (first === 'started') await signalled;
  await stop();
}
