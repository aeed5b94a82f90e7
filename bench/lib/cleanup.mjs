// Everything a bench starts is stopped: at its end, when it fails, and on Ctrl-C.

const undo = [];

/** Remembers how to stop something that has been started; later ones are stopped first. */
export function onCleanup(stop) {
  undo.push(stop);
}

/** Stops everything; one that cannot be stopped does not keep the others. */
export async function cleanUp() {
  for (const stop of undo.splice(0).toReversed()) {
    try {
      await stop();
    } catch (error) {
      process.stderr.write(`while stopping: ${error?.message ?? error}\n`);
    }
  }
}

/** Runs a bench and cleans up after it, however it ends. */
export async function withCleanup(body) {
  process.on('SIGINT', interrupted);
  process.on('SIGTERM', interrupted);
  try {
    return await body();
  } finally {
    // What fails because of the signal is no news: the process ends when everything is stopped.
    await (stopping ?? cleanUp());
    process.off('SIGINT', interrupted);
    process.off('SIGTERM', interrupted);
  }
}

let stopping = null;

function interrupted(signal) {
  process.stderr.write(`\n${signal}: stopping\n`);
  stopping ??= cleanUp().then(() => process.exit(signal === 'SIGINT' ? 130 : 143));
}
