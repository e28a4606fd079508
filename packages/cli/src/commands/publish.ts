import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { buildModule } from '../build/build-module.ts';
import { findLanguage } from '../build/find-language.ts';
import type { CliSession } from '../cli-session.ts';
import {
  anonymousOption,
  breakClientsOption,
  deleteDataOption,
  environmentOption,
  isYes,
  jsonOption,
  modulePathOption,
  noConfigOption,
  projectPathOption,
  serverOption,
  yesOption,
} from '../common-options.ts';
import { CliError } from '../errors.ts';
import { isLocal } from '../http/target-server.ts';
import { moduleFolder } from '../project/module-folder.ts';
import { checkDatabaseName } from './database-name.ts';
import { dryRun } from './dry-run.ts';
import { type PublishTerms, publishProgram, publishedText } from './publish-program.ts';

interface PublishOptions extends PublishTerms {
  readonly binPath?: string;
  readonly modulePath?: string;
  readonly projectPath?: string;
  readonly dryRun?: boolean;
  readonly server?: string;
  readonly anonymous?: boolean;
  readonly json?: boolean;
  readonly config: boolean;
  readonly env?: string;
}

export function publishCommand(session: CliSession): Command {
  return new Command('publish')
    .description('create a database with a module, or give a database a new version of its module')
    .argument('[database]', 'name or identity; what spacetime.json says or else a new one without a name, if left out')
    .addOption(modulePathOption())
    .addOption(projectPathOption())
    .option('-b, --bin-path <file>', 'the module, built to WebAssembly: nothing is built')
    .addOption(
      new Option('-j, --js-path <file>', 'a module in JavaScript').hideHelp().argParser(() => {
        throw new InvalidArgumentError('Lightcone runs WebAssembly, no modules in JavaScript.');
      }),
    )
    .addOption(deleteDataOption())
    .addOption(breakClientsOption())
    .option('--dry-run', 'tell what would be done, and do nothing; fails where the publish would fail or ask')
    .addOption(serverOption())
    .addOption(anonymousOption())
    .addOption(jsonOption())
    .addOption(yesOption())
    .addOption(environmentOption())
    .addOption(noConfigOption())
    .action((database: string | undefined, options: PublishOptions) => runPublish(session, database, options));
}

async function runPublish(session: CliSession, given: string | undefined, options: PublishOptions): Promise<void> {
  const { terminal } = session;
  const project = session.project(options);
  const database = given ?? project.database;
  if (database !== undefined) checkDatabaseName(database);
  const program =
    options.binPath === undefined
      ? await buildProgram(
          session,
          moduleFolder(terminal.workingFolder, options.modulePath ?? options.projectPath, project),
        )
      : await readProgram(resolve(terminal.workingFolder, options.binPath));
  const client = await session.connect({ ...options, server: options.server ?? project.server });
  if (!isLocal(client.server)) {
    await session.confirm(
      `This publishes to ${client.server.url}, which is not on this machine. Go on?`,
      isYes(options.yes, 'remote'),
    );
  }
  const terms = { ...options, breakClients: options.breakClients === true || project.breakClients };
  if (options.dryRun === true) {
    if (database === undefined) {
      throw new CliError('CLI_INVALID_ARGUMENT', '--dry-run compares with a database: give its name');
    }
    await dryRun(terminal, client, database, program, terms);
    return;
  }
  const published = await publishProgram(session, client, database, program, terms);
  const { name = null, identity, operation } = published;
  terminal.print(options.json === true ? JSON.stringify({ name, identity, operation }) : publishedText(published));
}

async function buildProgram({ terminal }: CliSession, folder: string): Promise<Uint8Array> {
  const wasm = await buildModule(findLanguage(folder), folder, terminal, { isDebug: false });
  return await readFile(wasm);
}

async function readProgram(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new CliError(
      'CLI_INVALID_ARGUMENT',
      `The module ${path} cannot be read: ${cause instanceof Error ? cause.message : 'nothing says why'}`,
      { cause, hint: 'Build it first with `spacetime build`, or leave --bin-path out to have it built.' },
    );
  }
}
