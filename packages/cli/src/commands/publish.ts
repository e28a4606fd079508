import { readFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { parseJson } from '@lightcone/sats';
import type { JsonValue } from '@lightcone/sats';
import type { CliSession } from '../cli-session.ts';
import { isIdentity } from '../cli-session.ts';
import { anonymousOption, isYes, jsonOption, noConfigOption, serverOption, yesOption } from '../common-options.ts';
import { CliError } from '../errors.ts';
import { findMember, mustMember, mustText } from '../http/json-access.ts';
import type { ServerClient } from '../http/server-client.ts';
import { isLocal } from '../http/target-server.ts';
import { explainNameRefusal } from '../name-refusal.ts';
import { dryRun } from './dry-run.ts';
import { assessUpdate } from './update-assessment.ts';

interface PublishOptions {
  readonly binPath: string;
  readonly deleteData?: 'always' | 'on-conflict' | 'never';
  readonly breakClients?: boolean;
  readonly dryRun?: boolean;
  readonly server?: string;
  readonly anonymous?: boolean;
  readonly json?: boolean;
  readonly yes?: string;
}

/** What goes with the program to the server, after the questions have been answered. */
interface UpdateTerms {
  readonly clear?: 'true';
  readonly policy?: 'BreakClients';
  readonly token?: string;
}

export function publishCommand(session: CliSession): Command {
  return new Command('publish')
    .description('create a database with a module, or give a database a new version of its module')
    .argument('[database]', 'name or identity; a new database without a name, if left out')
    .requiredOption('-b, --bin-path <file>', 'the module, built to WebAssembly')
    .addOption(
      new Option(
        '-c, --delete-data <when>',
        'delete the data there is (always), or only if it cannot be kept (on-conflict)',
      ).choices(['always', 'on-conflict', 'never']),
    )
    .option('--break-clients', 'publish even if clients that run now no longer fit')
    .option('--dry-run', 'tell what would be done, and do nothing; fails where the publish would fail or ask')
    .addOption(serverOption())
    .addOption(anonymousOption())
    .addOption(jsonOption())
    .addOption(yesOption())
    .addOption(noConfigOption())
    .action((database: string | undefined, options: PublishOptions) => runPublish(session, database, options));
}

async function runPublish(session: CliSession, database: string | undefined, options: PublishOptions): Promise<void> {
  const { terminal } = session;
  if (database !== undefined) checkDatabaseName(database);
  const program = await readProgram(options.binPath);
  const client = await session.connect(options);
  if (!isLocal(client.server)) {
    await session.confirm(
      `This publishes to ${client.server.url}, which is not on this machine. Go on?`,
      isYes(options.yes, 'remote'),
    );
  }
  if (options.dryRun === true) {
    if (database === undefined) {
      throw new CliError('CLI_INVALID_ARGUMENT', '--dry-run compares with a database: give its name');
    }
    await dryRun(terminal, client, database, program, options);
    return;
  }
  const terms = database === undefined ? {} : await agreeOnUpdate(session, client, database, program, options);

  const progress = await terminal.progress(`Uploading to ${client.server.name} => ${client.server.url}`);
  try {
    progress.update('Publishing module...');
    const answer = await client.request(
      database === undefined ? 'POST' : 'PUT',
      database === undefined ? '/v1/database' : `/v1/database/${encodeURIComponent(database)}`,
      { body: program, query: { host_type: 'Wasm', ...terms } },
    );
    if (answer.status !== 200) {
      const reason = explainNameRefusal(answer.text, database ?? '');
      throw reason === undefined ? client.refusal(answer) : new CliError('CLI_REFUSED', reason);
    }
    progress.done();
    report(session, mustMember(parseJson(answer.text), 'Success'), options);
  } catch (error) {
    progress.done('Publishing failed.');
    throw error;
  }
}

function report({ terminal }: CliSession, success: JsonValue, { json }: PublishOptions): void {
  const name = findMember(success, 'domain');
  const identity = mustText(mustMember(success, 'database_identity'));
  const operation = mustText(mustMember(success, 'op'));
  if (json === true) {
    terminal.print(JSON.stringify({ name: typeof name === 'string' ? name : null, identity, operation }));
    return;
  }
  const deed = operation === 'created' ? 'Created new database' : 'Updated database';
  terminal.print(`${deed} with ${typeof name === 'string' ? `name: ${name}, ` : ''}identity: ${identity}`);
}

/** Asks the server what the new program would mean for a database, and the person whether that is all right. */
async function agreeOnUpdate(
  session: CliSession,
  client: ServerClient,
  database: string,
  program: Uint8Array,
  options: PublishOptions,
): Promise<UpdateTerms> {
  const { terminal } = session;
  if (options.deleteData === 'always') {
    await session.confirm(
      `This deletes all data of ${database} on ${client.server.name}. Go on?`,
      isYes(options.yes, 'delete-data'),
    );
    return { clear: 'true' };
  }
  terminal.note('Checking for breaking changes...');
  const assessment = await assessUpdate(client, database, program, terminal.hasColors);
  if (assessment.kind === 'newDatabase') return {};
  if (assessment.isMajorUpgrade) await agreeOnUpgrade(session, options);
  const conflicts = assessment.kind === 'impossible' ? assessment.reason : assessment.dataConflicts.join('\n');
  if (assessment.kind === 'possible') terminal.note(assessment.plan);
  // Rows may change until the update is made: who does not want to lose them may try.
  if (conflicts !== '' && (assessment.kind === 'impossible' || options.deleteData === 'on-conflict')) {
    if (options.deleteData !== 'on-conflict') {
      throw new CliError('CLI_REFUSED', `The data of ${database} cannot be kept with this module:\n${conflicts}`, {
        hint: '--delete-data deletes it.',
      });
    }
    if (assessment.kind === 'impossible') terminal.note(conflicts);
    await session.confirm(
      `The data of ${database} cannot be kept with this module. Delete it?`,
      isYes(options.yes, 'delete-data'),
    );
    return { clear: 'true' };
  }
  if (assessment.kind === 'impossible' || !assessment.breaksClients) return {};
  await session.confirm(
    'This breaks clients that run now: they are disconnected, and need new bindings. Go on?',
    options.breakClients === true || isYes(options.yes, 'break-clients'),
  );
  return { policy: 'BreakClients', token: assessment.token };
}

/** A module of the first major version becomes one of the second: clients of the first may not understand it. */
async function agreeOnUpgrade({ terminal }: CliSession, options: PublishOptions): Promise<void> {
  const warning = 'This module was built with another major version of the bindings than the one that runs.';
  if (isYes(options.yes, 'migrate')) {
    terminal.note(`${warning} Skipping confirmation due to --yes`);
    return;
  }
  const answer = await terminal.ask(`${warning} Type 'upgrade' to go on: `);
  if (answer.trim() !== 'upgrade') {
    throw new CliError('CLI_ABORTED', 'Aborted', { hint: 'Nothing was done. --yes=migrate answers beforehand.' });
  }
}

async function readProgram(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new CliError(
      'CLI_INVALID_ARGUMENT',
      `The module cannot be read: ${cause instanceof Error ? cause.message : path}`,
      {
        cause,
        hint: 'Build it first. In Rust: cargo build --release --target wasm32-unknown-unknown',
      },
    );
  }
}

function checkDatabaseName(name: string): void {
  if (isIdentity(name) || /^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) return;
  throw new CliError('CLI_INVALID_ARGUMENT', `${JSON.stringify(name)} cannot be the name of a database`, {
    hint: 'A name has lower-case letters and digits, in words joined by single hyphens, such as quickstart-chat.',
  });
}
