/** Which port a gateway listens on. */
import type { Config } from '../cli/config.js';
import { UserError } from '../cli/errors.js';
import { freePort } from './postgres.js';

const DEFAULT_PORT = 4400;

/** The command line's, else `PORT`, else the config's, else 4400. One that is taken is the user's to resolve. */
export async function choosePort(asked: number | undefined, config: Config, host: string): Promise<number> {
  const port = asked ?? Number(process.env['PORT'] || config.port || DEFAULT_PORT);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new UserError(`PORT is not a port: ${process.env['PORT']}`);
  if (port !== 0 && (await freePort(port, host)) !== port) {
    throw new UserError(`Port ${port} on ${host} is in use`, 'Stop what listens there, or choose another: --port 4401');
  }
  return port;
}

/** True for addresses only this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
