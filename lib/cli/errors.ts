/** Something the user can put right: printed without a stack, exit code 1. */
export class UserError extends Error {
  override name = 'UserError';
  readonly help: string | undefined;

  constructor(message: string, help?: string, options?: ErrorOptions) {
    super(message, options);
    this.help = help;
  }
}
