import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { findLanguage } from '../build/find-language.ts';
import type { CliSession } from '../cli-session.ts';
import {
  breakClientsOption,
  deleteDataOption,
  isYes,
  modulePathOption,
  noConfigOption,
  serverOption,
  yesOption,
} from '../common-options.ts';
import { DevLoop } from '../dev/dev-loop.ts';
import { CliError } from '../errors.ts';
import { isLocal } from '../http/target-server.ts';
import { moduleFolder } from '../project/module-folder.ts';
import { checkDatabaseName } from './database-name.ts';
import type { PublishTerms } from './publish-program.ts';

interface DevOptions extends PublishTerms {
  readonly modulePath?: string;
  readonly projectPath?: string;
  readonly server?: string;
  readonly env: string;
  readonly config: boolean;
}

export function devCommand(session: CliSession): Command {
  return new Command('dev')
    .description('build and publish a module, again after each change of its sources, and print its log')
    .argument('[database]', 'name or identity; what spacetime.json says, if left out')
    .addOption(modulePathOption())
    .option('--project-path <folder>', 'where spacetime.json is looked for; the folder you are in, if left out')
    .addOption(deleteDataOption().default('on-conflict'))
    .addOption(breakClientsOption())
    .addOption(serverOption())
    .addOption(yesOption())
    .addOption(new Option('--env <name>', 'read spacetime.<name>.json, too').default('dev'))
    .addOption(new Option('--server-only', 'as always here').hideHelp())
    .addOption(new Option('--skip-generate', 'as always here').hideHelp())
    .addOption(noConfigOption())
    .action((database: string | undefined, options: DevOptions) => runDev(session, database, options));
}

async function runDev(session: CliSession, given: string | undefined, options: DevOptions): Promise<void> {
  const { terminal } = session;
  const folder = resolve(terminal.workingFolder, options.projectPath ?? '.');
  const project = session.project(options, folder);
  const database = given ?? project.database;
  if (database === undefined) {
    throw new CliError('CLI_INVALID_ARGUMENT', 'which database? There is no spacetime.json that says it', {
      hint: '`spacetime dev my-database` says it; `spacetime init` makes a project with a spacetime.json.',
    });
  }
  checkDatabaseName(database);
  const source = moduleFolder(folder, options.modulePath, project);
  const language = findLanguage(source);
  const client = await session.connect({ server: options.server ?? project.server });
  if (!isLocal(client.server)) {
    await session.confirm(
      `This publishes to ${client.server.url}, which is not on this machine, at every change. Go on?`,
      isYes(options.yes, 'remote'),
    );
  }
  const terms = { ...options, breakClients: options.breakClients === true || project.breakClients };
  await new DevLoop(session, client, database, source, language, terms).run();
}
