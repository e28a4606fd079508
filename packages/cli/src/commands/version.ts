import { Command } from 'commander';
import type { CliSession } from '../cli-session.ts';
import { versionText } from '../version-text.ts';

export function versionCommand(session: CliSession): Command {
  return new Command('version').description('print the version').action(() => session.terminal.print(versionText()));
}
