import type { CliSession } from '../cli-session.ts';
import { isYes } from '../common-options.ts';
import { CliError } from '../errors.ts';
import { findMember, mustMember, mustText } from '../http/json-access.ts';
import type { ServerClient } from '../http/server-client.ts';
import { explainNameRefusal } from '../name-refusal.ts';
import { assessUpdate } from './update-assessment.ts';

/** What is agreed to beforehand; about the rest the person is asked. */
export interface PublishTerms {
  readonly deleteData?: 'always' | 'on-conflict' | 'never';
  readonly breakClients?: boolean;
  readonly yes?: string;
}

export interface PublishedDatabase {
  readonly name: string | undefined;
  readonly identity: string;
  /** What the server did, in its words: `created` or `updated`. */
  readonly operation: string;
}

/** What goes with the program to the server, after the questions have been answered. */
interface UpdateTerms {
  readonly clear?: 'true';
  readonly policy?: 'BreakClients';
  readonly token?: string;
}

/**
 * Gives a database a new program, or creates it, after the questions that this raises have been answered.
 * @param database a new database without a name, if undefined
 * @throws CliError `CLI_ABORTED` if an answer was no; `CLI_REFUSED`
 */
export async function publishProgram(
  session: CliSession,
  client: ServerClient,
  database: string | undefined,
  program: Uint8Array,
  options: PublishTerms,
): Promise<PublishedDatabase> {
  const { terminal } = session;
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
      throw reason === undefined ? await client.refusal(answer) : new CliError('CLI_REFUSED', reason);
    }
    progress.done();
    const success = mustMember(client.mustJson(answer.text), 'Success');
    const name = findMember(success, 'domain');
    return {
      name: typeof name === 'string' ? name : undefined,
      identity: mustText(mustMember(success, 'database_identity')),
      operation: mustText(mustMember(success, 'op')),
    };
  } catch (error) {
    progress.done('Publishing failed.');
    throw error;
  }
}

/** `Created new database with name: chat, identity: c200…` */
export function publishedText({ name, identity, operation }: PublishedDatabase): string {
  const deed = operation === 'created' ? 'Created new database' : 'Updated database';
  return `${deed} with ${name === undefined ? '' : `name: ${name}, `}identity: ${identity}`;
}

/** Asks the server what the new program would mean for a database, and the person whether that is all right. */
async function agreeOnUpdate(
  session: CliSession,
  client: ServerClient,
  database: string,
  program: Uint8Array,
  options: PublishTerms,
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
async function agreeOnUpgrade({ terminal }: CliSession, options: PublishTerms): Promise<void> {
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
