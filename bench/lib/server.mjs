// The processes under test.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { StepError } from '../../scripts/lib/steps.mjs';
import { onCleanup } from './cleanup.mjs';

const READY_MS = 60_000;
const STOP_MS = 10_000;

/**
 * Starts a server that listens on 127.0.0.1:`port` and resolves when it accepts connections. What it
 * says is shown only when it does not start or ends by itself.
 */
export async function startServer({ name, command, args, cwd, env, port }) {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const keep = (chunk) => (said = `${said}${chunk}`.slice(-4000));
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const ended = new Promise((done) => {
    child.once('error', (error) => done(error.message));
    child.once('exit', (code, signal) => done(signal ?? `exit code ${code}`));
  });
  const server = { name, port, pid: child.pid, usage: usage(child.pid), stop: () => stop(child, ended) };
  onCleanup(server.stop);
  const outcome = await Promise.race([ready(port), ended]);
  if (outcome !== true) throw new StepError(`${name} did not start (${outcome ?? 'not listening'}):\n${said}`);
  return server;
}

async function ready(port) {
  const deadline = Date.now() + READY_MS;
  while (Date.now() < deadline) {
    if (await listens(port)) return true;
    await sleep(50);
  }
  return null;
}

function listens(port) {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', () => done(false));
  });
}

async function stop(child, ended) {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  child.kill('SIGTERM');
  const late = new AbortController();
  const stopped = await Promise.race([ended, sleep(STOP_MS, null, { signal: late.signal }).catch(() => null)]);
  late.abort();
  if (stopped === null) child.kill('SIGKILL');
  await ended;
}

/** What a process uses, where the system says it. */
const usage = (pid) => ({
  rssKb: () => rssKb(pid),
  rssMb: () => Math.round(rssKb(pid) / 1024) || undefined,
  cpuSeconds: () => cpuSeconds(pid),
});

/** Processor time so far, the kernel's for it included. */
function cpuSeconds(pid) {
  try {
    // After the name in parentheses; utime and stime are fields 14 and 15, in ticks of 10 ms (proc(5)).
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return undefined;
  }
}

/** Resident memory in KiB. */
function rssKb(pid) {
  try {
    return Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/^VmRSS:\s+(\d+) kB$/m)?.[1]);
  } catch {
    return NaN;
  }
}
