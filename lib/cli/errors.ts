/** Something the user can put right: printed without a stack, exit code 1. */
export class UserError extends Error {
  override name = 'UserError';
  declare readonly help?: string;

  constructor(message: string, help?: string, options?: ErrorOptions) {
    super(message, options);
    if (help !== undefined) this.help = help;
  }
}
