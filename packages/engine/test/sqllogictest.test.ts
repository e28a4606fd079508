import { readFileSync, readdirSync } from 'node:fs';
import { ConnectionId } from '@lightcone/sats';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseScript } from '../../query/test/sqllogictest/parse-script.ts';
import { type Answer, found, splitScript, wanted } from '../../query/test/sqllogictest/run-script.ts';
import { EngineError } from '../src/errors.ts';
import type { Session } from '../src/embedded/session.ts';
import { decodeSqlRows } from '../src/sql.ts';
import { type TestDatabase, openTestDatabase, testIdentity } from '../src/testing/index.ts';
import { scriptModule } from './support/script-module.ts';

/**
 * The scripts of the query package over whole databases, and those that need one: with several callers, rules,
 * auto-increment. Connections: `owner` and any other name run statements, `subscription` subscribes as a stranger and
 * `one-off` queries as one.
 */
const folders = [
  new URL('../../query/vectors/sqllogictest/', import.meta.url),
  new URL('../vectors/sqllogictest/', import.meta.url),
];
const files = folders.flatMap((folder) =>
  readdirSync(folder).flatMap((file) => (file.endsWith('.slt') ? [{ file, url: new URL(file, folder) }] : [])),
);

/** A message about the identity of whoever runs the statement. */
function withoutIdentity(message: string): string {
  return message.replace(/\b[0-9a-f]{64}\b/, '<caller identity>');
}

function runStatement(test: TestDatabase, name: string, sql: string): Answer {
  const identity = testIdentity(name);
  const caller = { identity, connectionId: ConnectionId.fromBigInt(77n), jwtPayload: '{}' };
  const result = test.database.database.sql(caller, sql);
  if (result.kind !== 'ok') return { kind: 'error', message: withoutIdentity(result.message) };
  const { columns, stats } = result.outcome;
  if (columns.elements.length > 0) return { kind: 'rows', columns, rows: decodeSqlRows(result.outcome) };
  return { kind: 'changes', count: stats.rowsInserted + stats.rowsDeleted + stats.rowsUpdated };
}

async function follow(session: Session, sql: string): Promise<Answer> {
  try {
    await session.subscribe(sql);
    return { kind: 'changes', count: 0 };
  } catch (error) {
    return failure(error, sql);
  }
}

async function queryOnce(session: Session, sql: string): Promise<Answer> {
  try {
    await session.query(sql);
    return { kind: 'changes', count: 0 };
  } catch (error) {
    return failure(error, sql);
  }
}

/** Over WebSocket a failure says which query failed. */
function failure(error: unknown, sql: string): Answer {
  if (!(error instanceof EngineError)) throw error;
  const suffix = `, executing: \`${sql}\``;
  return {
    kind: 'error',
    message: error.message.endsWith(suffix) ? error.message.slice(0, -suffix.length) : error.message,
  };
}

describe.each(files)('$file', ({ url }) => {
  const { schema, statements } = splitScript(parseScript(readFileSync(url, 'utf8')));
  let database: TestDatabase;
  let session: Session;
  let stranger: Session;
  beforeAll(async () => {
    database = await openTestDatabase(scriptModule(schema));
    session = await database.connect('owner');
    stranger = await database.connect('stranger');
  });
  afterAll(() => database[Symbol.asyncDispose]());

  test.each(statements)('$line: $sql', async (record) => {
    const { connection, sql } = record;
    const isOverWebSocket = connection === 'subscription' || connection === 'one-off';
    const answer = isOverWebSocket
      ? await (connection === 'subscription' ? follow : queryOnce)(stranger, sql)
      : runStatement(database, connection, sql);
    expect(found(record, answer)).toEqual(wanted(record));
    if (answer.kind !== 'rows' || connection !== 'owner' || !isWholeRows(sql)) return;
    // What the subscription dialect has too, a client sees over its own connection alike.
    expect(found(record, { ...answer, rows: await session.query(sql) })).toEqual(wanted(record));
  });
});

/** Whether a query of the statement dialect is one of the subscription dialect. */
function isWholeRows(sql: string): boolean {
  return /^SELECT (\w+\.)?\* /i.test(sql) && !/\bLIMIT\b/i.test(sql);
}
