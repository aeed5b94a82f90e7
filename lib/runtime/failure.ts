/** Errors on their way in from storage and out to the caller. */
import { errorFrom, HttpError } from '../shared/index.js';
import type { DispatchResult } from '../native/types.js';

/**
 * The gateway's storage methods reject with JSON in the message (`docs/design/interfaces.md`
 * section 5). Anything else passes through unchanged.
 */
export function storageError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const details = parse(error.message);
  if (!details) return error;
  const typed = errorFrom(details.code, details.status, details.message);
  typed.cause = error;
  return typed;
}

export interface FailureOptions {
  development: boolean;
  log(message: string): void;
}

/**
 * What the caller is told. An `HttpError` is meant for them; everything else is ours, and says
 * nothing about itself in production.
 */
export function failure(route: string, error: unknown, { development, log }: FailureOptions): DispatchResult {
  if (error instanceof HttpError) {
    const { code, status, message } = error;
    return { ok: false, code: code ?? codeOf(status), status, message, ...stackIf(development, error) };
  }
  log(`${route} failed: ${described(error)}`);
  const message = development ? messageOf(error) : 'Internal error';
  return { ok: false, code: 'INTERNAL_ERROR', status: 500, message, ...stackIf(development, error) };
}

function stackIf(development: boolean, error: unknown): { stack?: string } {
  return development && error instanceof Error && error.stack ? { stack: error.stack } : {};
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : `Something that is not an Error was thrown: ${typeof error}`;
}

function described(error: unknown): string {
  if (!(error instanceof Error)) return messageOf(error);
  const cause = error.cause instanceof Error ? `\n  caused by: ${error.cause.stack ?? error.cause.message}` : '';
  return `${error.stack ?? error.message}${cause}`;
}

/** For an `HttpError` whose author gave only a status. */
function codeOf(status: number): string {
  switch (status) {
    case 401:
      return 'UNAUTHORIZED';
    case 403:
      return 'FORBIDDEN';
    case 404:
      return 'NOT_FOUND';
    case 503:
      return 'SERVICE_UNAVAILABLE';
    default:
      return status >= 500 ? 'INTERNAL_ERROR' : 'INVALID_REQUEST';
  }
}

function parse(text: string): { code: string; status: number; message: string } | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const value = JSON.parse(text) as Record<string, unknown>;
    const { code, status, message } = value;
    if (typeof code === 'string' && typeof status === 'number' && typeof message === 'string') {
      return { code, status, message };
    }
  } catch {
    // An ordinary message that happens to start with a brace.
  }
  return undefined;
}
