/** What is wrong with a value or with bytes, and where. */
export class CodecError extends Error {
  /** Where the value stands: `args.todo.tags[3]`. */
  path: string;
  /** What is wrong with it, without the path. */
  readonly problem: string;

  constructor(problem: string, path = '') {
    super(problem);
    this.name = 'CodecError';
    this.problem = problem;
    this.path = path;
  }
}

/** Puts the place of an error in front of its path; `index` is -1 outside of lists. Errors of others pass. */
export function within(error: unknown, at: string, index: number): unknown {
  if (error instanceof CodecError) {
    error.path = at + (index < 0 ? '' : `[${index}]`) + error.path;
    error.message = `${error.path.startsWith('.') ? error.path.slice(1) : error.path}: ${error.problem}`;
  }
  return error;
}

/** An error for a value that is not what its type says. */
export function unexpected(expected: string, value: unknown): CodecError {
  return new CodecError(`expected ${expected}, got ${describe(value)}`);
}

/** What a value is, without showing it: it may be a secret. */
function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return value.constructor?.name ?? 'an object';
  return typeof value;
}
