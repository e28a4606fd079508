import type { ImportReport, ImportedDatabase } from '@lightcone/server/import';
import { formatFinding } from './directory-report.ts';
import { printable } from './printable.ts';

/** What came over, for people. */
export function formatImportReport({ databases, findings }: ImportReport, target: string): string {
  return [
    `Imported into ${printable(target)}, and verified: ${databases.length} ${databases.length === 1 ? 'database' : 'databases'}`,
    ...databases.map(formatDatabase),
    ...findings.map((finding) => formatFinding(finding)),
    'Locks and energy balances are in files that are not read. Tokens stay good if the server gets the same keys: ' +
      '`start` looks where SpacetimeDB does, unless --jwt-key-dir says otherwise.',
  ].join('\n\n');
}

function formatDatabase(database: ImportedDatabase): string {
  const { identity, owner, names, replica, firstTxOffset, endTxOffset, tables, programHash } = database;
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  const clients = database.connectedClients;
  return [
    `replicas/${replica}: ${names.length === 0 ? 'no name' : names.map(printable).join(', ')}`,
    `  identity ${identity}`,
    `  owner    ${owner}`,
    `  program  ${programHash}`,
    `  ${tables.length} tables with ${rows.toLocaleString('en-US')} rows, transactions ${firstTxOffset} to ${endTxOffset - 1}`,
    ...(clients === 0 ? [] : [`  ${clients} clients were connected: the first start disconnects them`]),
  ].join('\n');
}
