import type { LogCut } from '@lightcone/commitlog';
import type { Store } from '@lightcone/store';
import { readRows } from '../system-rows.ts';
import { FIRST_USER_OBJECT_ID, SYSTEM_TABLE_IDS } from '../system-tables.ts';
import { type StoredProgram, checkProgram, readStoredProgram } from './check-program.ts';
import { checkState, findIndexProblem } from './check-state.ts';
import type { DatabaseFinding } from './database-finding.ts';
import { type RecordedHistory, firstTxOffsetOf, replayHistory } from './replayed-database.ts';

/** What is in a database and what is wrong with it. */
export interface DatabaseCheck {
  readonly findings: readonly DatabaseFinding[];
  /** A server can start from the transactions before this one, and maybe from no more; undefined if from none. */
  readonly good: LogCut | undefined;
  /** Of the database as it is after the good transactions, what follows. */
  readonly program: StoredProgram | undefined;
  /** User tables, by name. */
  readonly tables: readonly { readonly name: string; readonly rows: number }[];
  /** Clients that were connected when the last transaction was written. */
  readonly connectedClients: number;
}

/**
 * Replays a whole history and checks what comes of it: every record against the tables of its time, and at the end
 * constraints, references between system tables, sequences and the program. No code of the module runs but for what
 * makes it describe itself.
 *
 * What `history.replay` throws passes through, and what is wrong with the snapshot that it begins with.
 */
export async function checkDatabase(history: RecordedHistory): Promise<DatabaseCheck> {
  const replayed = await replayHistory(history, history.endTxOffset);
  const findings = replayed.failure === undefined ? [] : [replayed.failure];
  findings.push(...checkState(replayed));
  const indexProblem = findIndexProblem(replayed);
  if (indexProblem === undefined) {
    findings.push(...(await checkProgram(replayed.store)));
    return { findings, ...outcome(replayed.store, replayed) };
  }
  if (!findings.some(({ code }) => code === indexProblem.code)) findings.push(indexProblem);
  const good = await lastThatStarts(history, replayed.endTxOffset);
  if (good === undefined) {
    return { findings, good: undefined, program: undefined, tables: [], connectedClients: 0 };
  }
  findings.push(...(await checkProgram(good.store)));
  return { findings, ...outcome(good.store, good.cut) };
}

/**
 * Looks for a transaction after which the tables fit together although they do not in the end, by halves: between what
 * starts and what does not lies one that broke it.
 */
async function lastThatStarts(
  history: RecordedHistory,
  brokenAt: number,
): Promise<{ readonly store: Store; readonly cut: LogCut } | undefined> {
  let good: { readonly store: Store; readonly cut: LogCut } | undefined;
  const first = firstTxOffsetOf(history);
  // Without any transaction there is a database only behind a snapshot.
  let low = Math.max(0, first - 1);
  let high = brokenAt;
  while (high - low > 1) {
    const middle = low + Math.floor((high - low) / 2);
    const replayed = await replayHistory(history, middle);
    if (findIndexProblem(replayed) === undefined) {
      low = middle;
      good = { store: replayed.store, cut: replayed };
    } else high = middle;
  }
  return good;
}

function outcome(store: Store, { endTxOffset, recordBytes }: LogCut): Omit<DatabaseCheck, 'findings'> {
  const program = readStoredProgram(store);
  const names = new Map(
    readRows(store, SYSTEM_TABLE_IDS.table).map((row) => [row['table_id'] as number, row['table_name'] as string]),
  );
  const tables = [...store.tables.values()]
    .filter(({ definition }) => definition.id >= FIRST_USER_OBJECT_ID && !definition.isEphemeral)
    .map((table) => ({ name: names.get(table.definition.id) ?? table.definition.name, rows: table.rowCount }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return {
    // Before the first transaction there is no database to start.
    good: program === undefined ? undefined : { endTxOffset, recordBytes },
    program,
    tables,
    connectedClients: store.table(SYSTEM_TABLE_IDS.client).rowCount,
  };
}
