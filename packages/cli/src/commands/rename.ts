import { Command } from 'commander';
import type { CliSession } from '../cli-session.ts';
import { serverOption, yesOption } from '../common-options.ts';
import { CliError } from '../errors.ts';
import { explainNameRefusal } from '../name-refusal.ts';

interface RenameOptions {
  readonly to: string;
  readonly server?: string;
}

export function renameCommand(session: CliSession): Command {
  return new Command('rename')
    .description('give a database another name')
    .argument('<database>', 'name or identity')
    .requiredOption('--to <name>', 'the new name')
    .addOption(serverOption())
    .addOption(yesOption())
    .action((database: string, options: RenameOptions) => runRename(session, database, options));
}

async function runRename(session: CliSession, database: string, { to, server }: RenameOptions): Promise<void> {
  const client = await session.connect({ server });
  const { identity } = await session.resolveDatabase(client, database);
  const answer = await client.request('PUT', `/v1/database/${identity}/names`, {
    body: JSON.stringify([to]),
    contentType: 'application/json',
  });
  if (answer.status !== 200) {
    const reason = explainNameRefusal(answer.text, to);
    throw reason === undefined ? await client.refusal(answer) : new CliError('CLI_REFUSED', reason);
  }
  session.terminal.print(`Name set to ${to} for identity ${identity}.`);
}
