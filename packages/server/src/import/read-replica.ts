import { join, relative } from 'node:path';
import { type LogInspection, inspectLog, stretchesFrom } from '@lightcone/commitlog';
import { NodeFileSystem } from '@lightcone/commitlog/node';
import { type CheckedHistory, checkHistory, extentOf } from '../verification/check-history.ts';
import type { Finding, GoodPart } from '../verification/directory-report.ts';
import { convertNewestSnapshot } from './convert-snapshot.ts';
import type { ImportFinding } from './import-report.ts';

/** A replica of the source that has a database. */
export interface SourceReplica {
  readonly replica: number;
  readonly log: LogInspection;
  readonly good: GoodPart;
  readonly check: CheckedHistory['check'];
  /** Of the program that the database began with; of the one it has now, if its beginning is not there. */
  readonly initialProgram: string;
}

/**
 * Reads and checks a replica. Where its log does not lead from the first transaction to the last, the newest snapshot that
 * may help is converted, into the new data directory.
 * @returns undefined if there is no database in it
 */
export async function readReplica(
  source: string,
  target: string,
  replica: number,
  findings: ImportFinding[],
): Promise<SourceReplica | undefined> {
  const fs = new NodeFileSystem();
  const path = `replicas/${replica}`;
  const logFolder = join(source, path, 'clog');
  const log = await inspectLog(fs, logFolder);
  for (const finding of log.findings) findings.push({ ...finding, path: relative(source, finding.path) });
  const folder = join(target, path, 'snapshots');
  const snapshots = isWholeFromFirst(log)
    ? undefined
    : await convertNewestSnapshot(source, path, folder, (txOffset) => leadsOn(log, txOffset), findings);
  if (snapshots === undefined && log.stretches.length === 0 && log.findings.every(isHarmless)) {
    // A publish that did not come to its end leaves such a folder.
    const message = 'it has no transactions, so there is no database in it';
    findings.push({ severity: 'warning', code: 'IMPORT_NO_TRANSACTIONS', path, message });
    return undefined;
  }
  const history = {
    fs,
    logFolder,
    log,
    logPath: `${path}/clog`,
    snapshots: snapshots && { store: snapshots, path: `${path}/snapshots` },
  };
  const found: Finding[] = [];
  const checked = await checkHistory(history, found);
  findings.push(...found);
  if (checked?.good === undefined) {
    const message =
      log.segments[0] === undefined || log.segments[0].firstTxOffset === 0
        ? 'nothing of it can be replayed'
        : `the log begins at ${log.segments[0].firstTxOffset}, and there is no good snapshot that it goes on from`;
    findings.push({ severity: 'damage', code: 'REPLICA_EMPTY', path, message });
    return undefined;
  }
  const beginning = { ...history, log: { ...log, stretches: firstTransaction(log) }, snapshots: undefined };
  const first = await checkHistory(beginning, []);
  const initialProgram = first?.check.program?.hash ?? checked.good.program.hash;
  return { replica, log, good: checked.good, check: checked.check, initialProgram };
}

export function isHarmless({ severity }: { readonly severity: string }): boolean {
  return severity !== 'damage';
}

function isWholeFromFirst({ segments, findings }: LogInspection): boolean {
  return segments[0]?.firstTxOffset === 0 && findings.every(isHarmless);
}

/** Whether the log goes on behind a snapshot, or ends with it or before. */
function leadsOn(log: LogInspection, txOffset: number): boolean {
  return stretchesFrom(log.stretches, txOffset + 1).length > 0 || txOffset + 1 >= extentOf(log).endTxOffset;
}

/** Of all that is readable only the transaction that made the database. */
function firstTransaction({ stretches }: LogInspection): LogInspection['stretches'] {
  return stretchesFrom(stretches, 0)
    .slice(0, 1)
    .map((stretch) => ({ ...stretch, endTxOffset: 1 }));
}
