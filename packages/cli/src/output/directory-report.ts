import type { DirectoryReport, Finding, ReplicaReport, Salvage } from '@lightcone/server/verify';
import { printable } from './printable.ts';

/** What was found in a data directory, for people: the databases one by one, then what is wrong, the worst first. */
export function formatDirectoryReport({ path, findings, replicas }: DirectoryReport): string {
  const count = (severity: Finding['severity']): number => findings.filter((one) => one.severity === severity).length;
  const damaged = count('damage');
  const verdict = damaged === 0 ? 'sound' : `DAMAGED in ${counted(damaged, 'place')}`;
  const counts = `${counted(count('warning'), 'warning')}, ${counted(count('note'), 'note')}`;
  return [
    `${printable(path)}: ${verdict}, ${counts}`,
    ...replicas.map(formatReplica),
    ...(['damage', 'warning', 'note'] as const).flatMap((severity) =>
      findings.filter((finding) => finding.severity === severity).map((finding) => formatFinding(finding)),
    ),
  ].join('\n\n');
}

export function formatSalvage({ databases, lost, notes }: Salvage, target: string): string {
  return [
    `Written to ${printable(target)}, and verified:`,
    ...databases.map(({ identity, names, firstTxOffset, endTxOffset, oldEndTxOffset }) => {
      const missing = oldEndTxOffset - endTxOffset;
      const loss = missing === 0 ? 'everything' : `without the ${number(missing)} behind them`;
      return `  ${label(identity, names)}: ${goodPart(firstTxOffset, endTxOffset)}, ${loss}`;
    }),
    ...lost.map((one) => `  LOST: ${printable(one)}: nothing of it is good`),
    ...notes.map((note) => `  ${printable(note)}`),
    'Start it with `spacetime start --data-dir`, and keep the old folder until you are sure.',
  ].join('\n');
}

function formatReplica({ path, identity, names, log, good, tables, connectedClients }: ReplicaReport): string {
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  return [
    `${path}: ${identity === undefined ? 'an unknown database' : label(identity, names)}`,
    `  log: ${counted(log.segments, 'segment')}, ${counted(log.bytes, 'byte')}, transactions ${range(log.firstTxOffset, log.endTxOffset)}`,
    good === undefined
      ? '  nothing of it can be saved'
      : `  good: ${goodPart(good.firstTxOffset, good.cut.endTxOffset)}${savedPart(log.endTxOffset, good.cut.endTxOffset)}`,
    `  ${counted(tables.length, 'table')} with ${counted(rows, 'row')}, ${counted(connectedClients, 'client')} left connected`,
  ].join('\n');
}

/** What is good begins with the first transaction, or with those behind a snapshot. */
function goodPart(first: number, end: number): string {
  if (first > 0 && end <= first) return `a snapshot of transactions 0 to ${number(first - 1)}`;
  return `transactions ${range(first, end)}${first > 0 ? ', and a snapshot of those before' : ''}`;
}

function savedPart(end: number, goodEnd: number): string {
  if (goodEnd >= end) return '';
  return `; those from ${number(goodEnd)} on are lost. \`--salvage\` cuts the log there`;
}

/** One finding: what it is, where, and what about it. */
export function formatFinding(finding: Omit<Finding, 'code'> & { readonly code: string }): string {
  const { severity, code, path, position, txOffset, table, message } = finding;
  const where = [
    path,
    ...(position === undefined ? [] : [`byte ${position}`]),
    ...(txOffset === undefined ? [] : [`transaction ${number(txOffset)}`]),
    ...(table === undefined ? [] : [`table ${table}`]),
  ];
  return `${severity} ${code}: ${printable(where.join(', '))}\n  ${printable(message)}`;
}

function label(identity: string, names: readonly string[]): string {
  return names.length === 0 ? `database ${identity}` : `database ${names.map(printable).join(', ')} (${identity})`;
}

function range(first: number, end: number): string {
  return end <= first ? 'none' : `${number(first)} to ${number(end - 1)}`;
}

function counted(count: number, noun: string): string {
  return `${number(count)} ${noun}${count === 1 ? '' : 's'}`;
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}
