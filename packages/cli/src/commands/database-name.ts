import { isIdentity } from '../cli-session.ts';
import { CliError } from '../errors.ts';

/** @throws CliError `CLI_INVALID_ARGUMENT` */
export function checkDatabaseName(name: string): void {
  if (isIdentity(name) || /^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) return;
  throw new CliError('CLI_INVALID_ARGUMENT', `${JSON.stringify(name)} cannot be the name of a database`, {
    hint: 'A name has lower-case letters and digits, in words joined by single hyphens, such as quickstart-chat.',
  });
}
