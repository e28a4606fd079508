import { Command } from 'commander';
import type { CliSession } from '../cli-session.ts';
import { noConfigOption, serverOption, yesOption } from '../common-options.ts';

export function lockCommand(session: CliSession): Command {
  return switchCommand(session, 'lock', 'guard a database against deletion');
}

export function unlockCommand(session: CliSession): Command {
  return switchCommand(session, 'unlock', 'let a locked database be deleted again');
}

function switchCommand(session: CliSession, deed: 'lock' | 'unlock', description: string): Command {
  return new Command(deed)
    .description(description)
    .argument('<database>', 'name or identity')
    .addOption(serverOption())
    .addOption(yesOption())
    .addOption(noConfigOption())
    .action(async (database: string, { server }: { readonly server?: string }) => {
      const client = await session.connect({ server });
      const { name, identity } = await session.resolveDatabase(client, database);
      await client.requestOk('POST', `/v1/database/${identity}/${deed}`);
      session.terminal.print(`Database ${name} is ${deed}ed.`);
    });
}
