import { Command, InvalidArgumentError, Option } from 'commander';
import type { CliSession } from '../cli-session.ts';
import { anonymousOption, confirmedOption, noConfigOption, serverOption, yesOption } from '../common-options.ts';
import { CliError } from '../errors.ts';
import { Subscription } from '../http/subscription.ts';
import { ModuleDescription } from '../module-description.ts';
import { TableChanges } from '../output/table-changes.ts';
import type { Terminal } from '../terminal.ts';

/** Timers count milliseconds in 31 bits. */
const MAX_TIMEOUT_S = Math.floor((2 ** 31 - 1) / 1000);

interface SubscribeOptions {
  readonly server?: string;
  readonly anonymous?: boolean;
  readonly confirmed?: string;
  readonly numUpdates?: number;
  readonly timeout?: number;
  readonly printInitialUpdate?: boolean;
}

export function subscribeCommand(session: CliSession): Command {
  return new Command('subscribe')
    .description('print how the rows of queries change, a line of JSON for each transaction')
    .argument('<database>', 'name or identity')
    .argument('<query...>', 'the queries')
    .addOption(new Option('-n, --num-updates <count>', 'end after so many transactions').argParser(parseCount))
    .addOption(new Option('-t, --timeout <seconds>', 'end after so long').argParser(parseTimeout))
    .option('--print-initial-update', 'begin with the rows that are there')
    .addOption(confirmedOption())
    .addOption(anonymousOption())
    .addOption(serverOption())
    .addOption(yesOption())
    .addOption(noConfigOption())
    .action((database: string, queries: string[], options: SubscribeOptions) =>
      runSubscribe(session, database, queries, options),
    );
}

async function runSubscribe(
  session: CliSession,
  database: string,
  queries: readonly string[],
  options: SubscribeOptions,
): Promise<void> {
  const { terminal } = session;
  const client = await session.connect(options);
  const { identity } = await session.resolveDatabase(client, database);
  const path = `/v1/database/${identity}`;
  const module = new ModuleDescription(await client.requestJson('GET', `${path}/schema`, { query: { version: '10' } }));
  const subscription = await Subscription.open(client, path, queries, options.confirmed);
  const { timeout } = options;
  const timer =
    timeout === undefined
      ? undefined
      : setTimeout(() => {
          terminal.note(`timed out after ${timeout}s`);
          subscription.end();
        }, timeout * 1000);
  void terminal.untilStopped().then(() => subscription.end());
  try {
    await printChanges(subscription, new TableChanges(module), terminal, options);
  } finally {
    clearTimeout(timer);
    await subscription.close();
  }
}

/** Ends with the subscription, or after as many transactions as are wanted. */
async function printChanges(
  subscription: Subscription,
  changes: TableChanges,
  terminal: Terminal,
  { numUpdates = Infinity, printInitialUpdate = false }: SubscribeOptions,
): Promise<void> {
  let seen = 0;
  if (numUpdates === 0 && !printInitialUpdate) return;
  for await (const message of subscription.messages()) {
    switch (message.tag) {
      case 'SubscribeApplied':
        if (printInitialUpdate) terminal.print(changes.formatRows(message.tables));
        if (numUpdates === 0) return;
        break;
      case 'TransactionUpdate':
        terminal.print(changes.formatUpdate(message.querySets));
        if (++seen >= numUpdates) return;
        break;
      case 'SubscriptionError':
        throw new CliError('CLI_REFUSED', message.error);
      default: // The greeting, and answers to what was not asked.
    }
  }
  if (Number.isFinite(numUpdates) && subscription.isClosedByServer) {
    throw new CliError('CLI_REFUSED', `The server ended the subscription after ${seen} of ${numUpdates} updates`);
  }
}

function parseCount(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('expected a whole number.');
  return Number(text);
}

function parseTimeout(text: string): number {
  const seconds = parseCount(text);
  if (seconds > MAX_TIMEOUT_S) throw new InvalidArgumentError(`expected ${MAX_TIMEOUT_S} seconds at most.`);
  return seconds;
}
