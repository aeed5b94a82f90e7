/**
 * Errors that mean something to the caller (specification 7.6.2 and 11.3.2). Thrown on the server,
 * they arrive at the client as the class their code names.
 */
export class HttpError extends Error {
  status: number;
  declare code?: string;

  constructor(message: string, status: number, code?: string) {
    super(message);
    this.name = new.target.name;
    this.status = status;
    if (code !== undefined) this.code = code;
  }
}

export class InvalidRequestError extends HttpError {
  constructor(message = 'Invalid request') {
    super(message, 400, 'INVALID_REQUEST');
  }
}

export class UnauthorizedError extends HttpError {
  constructor(message = 'Unauthorized') {
    super(message, 401, 'UNAUTHORIZED');
  }
}

export class ForbiddenError extends HttpError {
  constructor(message = 'Forbidden') {
    super(message, 403, 'FORBIDDEN');
  }
}

export class PermissionError extends HttpError {
  constructor(field: string) {
    super(`Field '${field}' is read-only`, 403, 'PERMISSION_DENIED');
  }
}

export class NotFoundError extends HttpError {
  constructor(message = 'Not Found') {
    super(message, 404, 'NOT_FOUND');
  }
}

export class ConflictError extends HttpError {
  constructor(message = 'Conflict') {
    super(message, 409, 'CONFLICT');
  }
}

/** A row of this id is there, or another row has the value of a unique field. */
export class AlreadyExistsError extends HttpError {
  constructor(message = 'Already exists') {
    super(message, 409, 'ALREADY_EXISTS');
  }
}

/** The client was built against other types than the server runs: reload the page. */
export class VersionSkewError extends HttpError {
  constructor(message = 'The client and the server are of different versions') {
    super(message, 409, 'VERSION_SKEW');
  }
}

export class InternalError extends HttpError {
  constructor(message = 'Internal error') {
    super(message, 500, 'INTERNAL_ERROR');
  }
}

export class ServiceUnavailableError extends HttpError {
  constructor(message = 'Service unavailable') {
    super(message, 503, 'SERVICE_UNAVAILABLE');
  }
}

/** This machine has no network. Raised locally. */
export class OfflineError extends ServiceUnavailableError {
  override code = 'OFFLINE';
}

export class TimeoutError extends HttpError {
  constructor(message = 'Timeout') {
    super(message, 504, 'TIMEOUT');
  }
}

export class SessionExpiredError extends HttpError {
  constructor(message = 'Session expired') {
    super(message, 401, 'SESSION_EXPIRED');
  }
}

/** A frame that is not what the pinned gateway sent. Raised locally, never by a peer. */
export class DecryptionError extends HttpError {
  constructor(message = 'A frame does not open') {
    super(message, 400, 'DECRYPTION_FAILED');
  }
}

const classes = new Map<string, { prototype: HttpError }>([
  ['INVALID_REQUEST', InvalidRequestError],
  ['UNAUTHORIZED', UnauthorizedError],
  ['FORBIDDEN', ForbiddenError],
  ['PERMISSION_DENIED', PermissionError],
  ['NOT_FOUND', NotFoundError],
  ['CONFLICT', ConflictError],
  ['ALREADY_EXISTS', AlreadyExistsError],
  ['VERSION_SKEW', VersionSkewError],
  ['INTERNAL_ERROR', InternalError],
  ['SERVICE_UNAVAILABLE', ServiceUnavailableError],
  ['TIMEOUT', TimeoutError],
  ['SESSION_EXPIRED', SessionExpiredError],
]);

/** The error a reply describes: of the class its code names, else a plain {@link HttpError}. */
export function errorFrom(code: string, status: number, message: string, stack?: string): HttpError {
  const error = new HttpError(message, status, code);
  const known = classes.get(code);
  if (known) {
    // Not by its constructor: those take what the message is made of, and here it is made already.
    Object.setPrototypeOf(error, known.prototype);
    error.name = known.prototype.constructor.name;
  }
  if (stack) error.stack = `${error.stack ?? error.message}\n  on the server: ${stack}`;
  return error;
}
