import { Command } from 'commander';
import { callArguments } from '../call-arguments.ts';
import type { CliSession, ResolvedDatabase } from '../cli-session.ts';
import { anonymousOption, noConfigOption, serverOption, yesOption } from '../common-options.ts';
import { CliError } from '../errors.ts';
import { ModuleDescription } from '../module-description.ts';
import { similarNames } from '../similar-names.ts';

/** What a server says of a call that its module did not survive. Why is not for every caller, but in the log. */
const MODULE_FAILED = /^The instance encountered a fatal error\.$|^Module energy budget exhausted\.$/;

/** How many names a message lists. */
const MAX_NAMES = 10;

interface CallOptions {
  readonly server?: string;
  readonly anonymous?: boolean;
}

export function callCommand(session: CliSession): Command {
  return new Command('call')
    .description('call a reducer or procedure')
    .argument('<database>', 'name or identity')
    .argument('<function>', 'its name')
    .argument('[arguments...]', 'as JSON; quotes around strings may be left out')
    .addOption(serverOption())
    .addOption(anonymousOption())
    .addOption(yesOption())
    .addOption(noConfigOption())
    .action((database: string, name: string, args: string[], options: CallOptions) =>
      runCall(session, database, name, args, options),
    );
}

async function runCall(
  session: CliSession,
  databaseName: string,
  name: string,
  args: readonly string[],
  options: CallOptions,
): Promise<void> {
  const client = await session.connect(options);
  const database = await session.resolveDatabase(client, databaseName);
  const path = `/v1/database/${database.identity}`;
  const module = new ModuleDescription(await client.requestJson('GET', `${path}/schema`, { query: { version: '10' } }));
  const called = module.findFunction(name);
  if (called === undefined) throw unknownFunction(module, name, database);

  const answer = await client.request('POST', `${path}/call/${encodeURIComponent(called.name)}`, {
    body: callArguments(module, called, args),
    contentType: 'application/json',
  });
  if (answer.status === 400) {
    throw new CliError(
      'CLI_REFUSED',
      `Invalid arguments provided for ${called.kind} \`${called.name}\` for ${describe(database)}: ${answer.text.trim()}`,
      { hint: `The ${called.kind} has the following signature:\n\t${module.signature(called)}` },
    );
  }
  const failure = MODULE_FAILED.exec(answer.text.trim());
  if (answer.status !== 200 && failure !== null) {
    throw new CliError('CLI_REFUSED', failure[0], {
      hint: `\`spacetime logs ${databaseName}\` says why, to its owner.`,
    });
  }
  if (answer.status !== 200) throw await client.refusal(answer);
  if (answer.text !== '') session.terminal.print(answer.text);
}

function unknownFunction(module: ModuleDescription, name: string, database: ResolvedDatabase): CliError {
  const names = module.functions.filter(({ isLifecycle }) => !isLifecycle).map((candidate) => candidate.name);
  const [similar] = similarNames(name, names);
  const listed = names.slice(0, MAX_NAMES).map((candidate) => `- ${candidate}`);
  if (names.length > MAX_NAMES) listed.push(`... (${names.length - MAX_NAMES} more)`);
  const hints = [
    similar === undefined ? undefined : `Did you mean \`${similar}\`?`,
    names.length === 0 ? 'The module has no reducers.' : `Here are some existing reducers:\n${listed.join('\n')}`,
  ];
  return new CliError('CLI_NOT_FOUND', `No such reducer OR procedure \`${name}\` for ${describe(database)}.`, {
    hint: hints.filter((hint) => hint !== undefined).join('\n\n'),
  });
}

function describe({ name, identity }: ResolvedDatabase): string {
  return `database \`${name}\` resolving to identity \`${identity}\``;
}
