// The HTTP interface, outcome by outcome: what the recorded exchanges of `http-vectors` do not have. Every answer is
// compared with the OpenAPI document, too.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer } from '../src/index.ts';
import type { RunningServer } from '../src/index.ts';
import { ApiDocument } from './api-document.ts';
import { migrations, newUser, programs, publish } from './fixtures.ts';

interface Outcome {
  readonly name: string;
  readonly method: string;
  /** `{…}` in paths, headers and bodies stand for what `values` has. */
  readonly path: string;
  readonly as?: 'owner' | 'other';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly status: number;
  /** The content type; `null` for none. Not compared if undefined. */
  readonly type?: string | null;
  /** The body, or what it is like. */
  readonly text?: string | RegExp;
  readonly json?: unknown;
  /** Headers of the answer; `null` for those that must not be there. */
  readonly sends?: Readonly<Record<string, string | RegExp | null>>;
}

const TEXT = 'text/plain; charset=utf-8';
const JSON_TYPE = 'application/json';
const NEW_IDENTITY = `c200${'7'.repeat(60)}`;
const asJson = { 'content-type': JSON_TYPE };
const identityHeaders = { 'spacetime-identity': /^[0-9a-f]{64}$/u, 'spacetime-identity-token': /^ey/u };
const noIdentity = { 'spacetime-identity': null, 'spacetime-identity-token': null };
const cors = { 'access-control-allow-origin': '*', vary: /^origin/u };
const success = (domain: string | null, op: string): object => ({
  Success: { domain, database_identity: expect.stringMatching(/^c200/u) as string, op },
});

/** In this order: some build on those before. */
const outcomes: readonly Outcome[] = [
  // Paths and methods.
  {
    name: 'a slash behind a route is another path',
    method: 'GET',
    path: '/v1/ping/',
    status: 404,
    type: null,
    text: '',
  },
  { name: 'two slashes are another path', method: 'GET', path: '//v1/ping', status: 404, text: '' },
  { name: 'paths are case-sensitive', method: 'GET', path: '/V1/ping', status: 404, text: '' },
  { name: 'no database', method: 'GET', path: '/v1/database/', status: 404, text: '' },
  { name: 'a database with a slash', method: 'GET', path: '/v1/database/people/', status: 404, text: '' },
  { name: 'an unknown route of a database', method: 'GET', path: '/v1/database/people/nothing', status: 404, text: '' },
  { name: 'an unknown route with a bad token', method: 'GET', path: '/v1/nothing?token=x', status: 404, text: '' },
  { name: 'HEAD without a body', method: 'HEAD', path: '/v1/health', status: 200, type: JSON_TYPE, sends: cors },
  { name: 'HEAD of a database', method: 'HEAD', path: '/v1/database/people', status: 200, sends: identityHeaders },
  {
    name: 'a method that few know',
    method: 'PURGE',
    path: '/v1/ping',
    status: 405,
    type: null,
    text: '',
    sends: { allow: 'GET,HEAD', ...cors },
  },
  { name: 'TRACE', method: 'TRACE', path: '/v1/health', status: 405, sends: { allow: 'GET,HEAD' } },
  {
    name: 'PROPFIND of a database',
    method: 'PROPFIND',
    path: '/v1/database/people',
    status: 405,
    sends: identityHeaders,
  },
  { name: 'a wrong method with a bad token', method: 'PATCH', path: '/v1/database/people?token=x', status: 401 },
  {
    name: 'a broken escape',
    method: 'GET',
    path: '/v1/database/%zz',
    status: 400,
    type: TEXT,
    text: /^Invalid URL/u,
    sends: cors,
  },
  { name: 'an escaped name', method: 'GET', path: '/v1/database/%70eople/identity', status: 200, text: '{people}' },
  {
    name: 'an escaped slash',
    method: 'GET',
    path: '/v1/database/people%2Fx',
    status: 400,
    text: /^Invalid URL: invalid/u,
  },
  // CORS.
  {
    name: 'a preflight with everything',
    method: 'OPTIONS',
    path: '/v1/database/people/call/add',
    headers: {
      origin: 'https://example.com',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type,authorization',
    },
    status: 200,
    type: null,
    text: '',
    sends: {
      allow: 'POST',
      'access-control-allow-methods': '*',
      'access-control-allow-headers': 'authorization,accept,content-type',
      'access-control-allow-credentials': null,
      'access-control-expose-headers': null,
      'access-control-max-age': null,
      ...cors,
      ...noIdentity,
    },
  },
  {
    name: 'a preflight with a bad token',
    method: 'OPTIONS',
    path: '/v1/identity/{owner}/verify?token=x',
    status: 200,
    text: '',
    sends: { allow: 'GET,HEAD', ...cors },
  },
  { name: 'errors are for every origin', method: 'GET', path: '/v1/database/nobody', status: 404, sends: cors },
  // Who asks.
  {
    name: 'whoever names nobody becomes somebody',
    method: 'GET',
    path: '/v1/database/people',
    status: 200,
    sends: identityHeaders,
  },
  {
    name: 'whoever names themselves stays who they are',
    method: 'GET',
    path: '/v1/database/people',
    as: 'owner',
    status: 200,
    sends: { 'spacetime-identity': '{owner}', 'spacetime-identity-token': '{owner_token}' },
  },
  {
    name: 'the scheme has any case',
    method: 'GET',
    path: '/v1/identity/{owner}/verify',
    headers: { authorization: 'bEARER   {owner_token}' },
    status: 204,
    type: null,
    text: '',
  },
  {
    name: 'another scheme',
    method: 'GET',
    path: '/v1/database/people',
    headers: { authorization: 'Basic eA==' },
    status: 400,
    type: TEXT,
    text: 'Authorization is invalid: malformed token',
    sends: noIdentity,
  },
  {
    name: 'a bad header is not rescued by a good query',
    method: 'GET',
    path: '/v1/database/people?token={owner_token}',
    headers: { authorization: 'Bearer x' },
    status: 401,
    text: 'Invalid token: InvalidToken',
    sends: noIdentity,
  },
  {
    name: 'two tokens',
    method: 'GET',
    path: '/v1/database/people?token=a&token=b',
    status: 400,
    text: /duplicate field/u,
  },
  {
    name: 'a token where none is needed is not looked at',
    method: 'POST',
    path: '/v1/identity',
    headers: { authorization: 'Bearer x' },
    status: 200,
    sends: noIdentity,
  },
  // Publishing.
  {
    name: 'publish over an identity that has no database',
    method: 'PUT',
    path: `/v1/database/${NEW_IDENTITY}`,
    as: 'owner',
    body: programs.person,
    status: 200,
    json: success(null, 'created'),
  },
  {
    name: 'publish with clear where nothing is',
    method: 'PUT',
    path: '/v1/database/fresh?clear=true&parent=people&organization=people',
    as: 'owner',
    body: programs.person,
    status: 200,
    json: success('fresh', 'created'),
  },
  {
    name: 'a new database that may break its clients, without a token',
    method: 'PUT',
    path: '/v1/database/newest?policy=BreakClients',
    as: 'owner',
    body: programs.person,
    status: 400,
    type: TEXT,
    text: 'Migration policy is set to `BreakClients`, but no migration token was provided.',
  },
  {
    name: 'clear a database and give it a parent',
    method: 'PUT',
    path: '/v1/database/fresh?clear=true&parent=people',
    as: 'owner',
    body: programs.person,
    status: 400,
    type: TEXT,
  },
  {
    name: 'clear somebody else’s',
    method: 'PUT',
    path: '/v1/database/fresh?clear=true',
    as: 'other',
    body: programs.person,
    status: 403,
  },
  {
    name: 'publish JavaScript',
    method: 'PUT',
    path: '/v1/database/script?host_type=Js',
    as: 'owner',
    body: 'x',
    status: 500,
  },
  { name: 'no yes and no no', method: 'PUT', path: '/v1/database/fresh?clear=1', as: 'owner', status: 400, type: TEXT },
  {
    name: 'replicas that are no number',
    method: 'PUT',
    path: '/v1/database/fresh?num_replicas=-1',
    as: 'owner',
    status: 400,
  },
  {
    name: 'all replicas',
    method: 'PUT',
    path: '/v1/database/fresh?num_replicas=255',
    as: 'owner',
    body: programs.person,
    status: 200,
    json: success('fresh', 'updated'),
  },
  {
    name: 'an organization, twice',
    method: 'PUT',
    path: '/v1/database/fresh?org=people',
    as: 'owner',
    body: programs.person,
    status: 200,
  },
  {
    name: 'a name that failed to publish is its owner’s to fill',
    method: 'PUT',
    path: '/v1/database/reserved',
    as: 'owner',
    body: 'nonsense',
    status: 500,
    type: TEXT,
  },
  {
    name: 'and nobody else’s',
    method: 'PUT',
    path: '/v1/database/reserved',
    as: 'other',
    body: programs.person,
    status: 401,
    type: JSON_TYPE,
    json: { PermissionDenied: { name: 'reserved' } },
    sends: identityHeaders,
  },
  {
    name: 'by its owner',
    method: 'PUT',
    path: '/v1/database/reserved',
    as: 'owner',
    body: programs.person,
    status: 200,
    json: success('reserved', 'created'),
  },
  // Updates and their plans: `migrations` has the version `start`.
  ...['', '?style=AnsiColor', '?style=NoColor'].map((query): Outcome => ({
    name: `a plan${query}`,
    method: 'POST',
    path: `/v1/database/versions/pre_publish${query}`,
    as: 'owner',
    body: migrations.compatible,
    status: 200,
    type: JSON_TYPE,
    json: {
      AutoMigrate: {
        // oxlint-disable-next-line no-control-regex -- colours of a terminal
        migrate_plan: expect.stringMatching(query.endsWith('NoColor') ? /^[^\u001b]+$/u : /\u001b\[/u) as string,
        break_clients: false,
        token: expect.stringMatching(/^0x[0-9a-f]{1,64}$/u) as string,
        major_version_upgrade: false,
      },
    },
  })),
  {
    name: 'the parameter that the official command line sends has no effect',
    method: 'POST',
    path: '/v1/database/versions/pre_publish?pretty_print_style=NoColor',
    as: 'owner',
    body: migrations.compatible,
    status: 200,
    // oxlint-disable-next-line no-control-regex -- colours of a terminal
    text: /\\u001b\[/u,
  },
  {
    name: 'an unknown style',
    method: 'POST',
    path: '/v1/database/versions/pre_publish?style=None',
    as: 'owner',
    status: 400,
    text: /unknown variant `None`, expected `AnsiColor` or `NoColor`$/u,
  },
  {
    name: 'a plan that breaks clients',
    method: 'POST',
    path: '/v1/database/versions/pre_publish?style=NoColor',
    as: 'owner',
    body: migrations.breaking,
    status: 200,
    json: expect.objectContaining({ AutoMigrate: expect.objectContaining({ break_clients: true }) as object }),
  },
  {
    name: 'a plan that is impossible',
    method: 'POST',
    path: '/v1/database/versions/pre_publish',
    as: 'owner',
    body: migrations.refused,
    status: 200,
    json: { ManualMigrate: { reason: expect.stringMatching(/./u) as string, major_version_upgrade: false } },
  },
  {
    name: 'a plan that rows are in the way of',
    method: 'POST',
    path: '/v1/database/versions/pre_publish?data_conflicts=true&style=NoColor',
    as: 'owner',
    body: migrations.dependsOnData,
    status: 200,
    json: expect.objectContaining({
      AutoMigrate: expect.objectContaining({ data_conflicts: expect.any(Array) as string[] }) as object,
    }),
  },
  {
    name: 'a plan of a database of somebody else',
    method: 'POST',
    path: '/v1/database/versions/pre_publish',
    as: 'other',
    body: migrations.compatible,
    status: 403,
    text: /: update database$/u,
  },
  {
    name: 'an update that is impossible',
    method: 'PUT',
    path: '/v1/database/versions',
    as: 'owner',
    body: migrations.refused,
    status: 400,
    type: TEXT,
    text: /^Database update rejected: ./u,
  },
  {
    name: 'an update that breaks clients',
    method: 'PUT',
    path: '/v1/database/versions?policy=Compatible',
    as: 'owner',
    body: migrations.breaking,
    status: 400,
    text: /^Failed to create or update the database: .*client-breaking/u,
  },
  {
    name: 'without a token',
    method: 'PUT',
    path: '/v1/database/versions?policy=BreakClients',
    as: 'owner',
    body: migrations.breaking,
    status: 400,
    text: /no migration token was provided/u,
  },
  {
    name: 'with a token that is none',
    method: 'PUT',
    path: '/v1/database/versions?policy=BreakClients&token=no',
    as: 'owner',
    body: migrations.breaking,
    status: 400,
    text: /Token provided is invalid/u,
  },
  {
    name: 'with the token of the plan',
    method: 'PUT',
    path: '/v1/database/versions?policy=BreakClients&token={migration_token}',
    as: 'owner',
    body: migrations.breaking,
    status: 200,
    json: success('versions', 'updated'),
  },
  // Calls.
  {
    name: 'a call',
    method: 'POST',
    path: '/v1/database/people/call/add',
    as: 'owner',
    headers: asJson,
    body: '["Eve", 7]',
    status: 200,
    type: TEXT,
    text: '',
    sends: { 'spacetime-energy-used': /^\d+$/u, 'spacetime-execution-duration-micros': /^\d+$/u },
  },
  {
    name: 'a call that fails',
    method: 'POST',
    path: '/v1/database/people/call/add',
    as: 'owner',
    headers: asJson,
    body: '["Eve", 7]',
    status: 530,
    type: TEXT,
    text: 'The instance encountered a fatal error.',
    sends: { 'spacetime-energy-used': /^\d+$/u, 'spacetime-execution-duration-micros': /^\d+$/u },
  },
  {
    name: 'a procedure',
    method: 'POST',
    path: '/v1/database/procedures/call/add',
    headers: asJson,
    body: '[1, 2]',
    status: 200,
    type: JSON_TYPE,
    text: '3',
    sends: { 'spacetime-execution-duration-micros': /^\d+$/u, 'spacetime-energy-used': null },
  },
  {
    name: 'a procedure with other arguments',
    method: 'POST',
    path: '/v1/database/procedures/call/add',
    headers: asJson,
    body: '[]',
    status: 400,
    type: TEXT,
    text: /^invalid arguments for procedure add: /u,
  },
  {
    name: 'a procedure that panics',
    method: 'POST',
    path: '/v1/database/procedures/call/panic_with',
    headers: asJson,
    body: '["oh"]',
    status: 500,
    type: TEXT,
    text: /^The module instance encountered a fatal error/u,
  },
  {
    name: 'a reducer that loops',
    method: 'POST',
    path: '/v1/database/trouble/call/loop_forever',
    headers: asJson,
    body: '[]',
    status: 402,
    type: TEXT,
    text: 'Module energy budget exhausted.',
  },
  ...['init', 'client_connected', 'client_disconnected'].map((reducer, i): Outcome => ({
    name: `the lifecycle reducer ${reducer}`,
    method: 'POST',
    path: `/v1/database/chat/call/${reducer}`,
    as: 'owner',
    headers: asJson,
    body: '[]',
    status: 400,
    text: `can't directly call special ${['Init', 'OnConnect', 'OnDisconnect'][i]} lifecycle reducer`,
  })),
  {
    name: 'a private reducer, by its owner',
    method: 'POST',
    path: '/v1/database/people/call/tick',
    as: 'owner',
    headers: asJson,
    body: '[]',
    status: 400,
    text: /^invalid arguments for reducer tick: /u,
  },
  {
    name: 'a call without a function',
    type: null,
    text: '',
    method: 'POST',
    path: '/v1/database/people/call/',
    headers: asJson,
    body: '[]',
    status: 404,
  },
  {
    name: 'a function with an escaped name',
    method: 'POST',
    path: '/v1/database/procedures/call/%61dd',
    headers: asJson,
    body: '[2, 2]',
    status: 200,
    text: '4',
  },
  // SQL.
  {
    name: 'SQL that need not be durable',
    method: 'POST',
    path: '/v1/database/people/sql?confirmed=false',
    body: 'SELECT COUNT(*) AS n FROM person',
    status: 200,
    type: JSON_TYPE,
    sends: { 'spacetime-execution-duration-micros': /^\d+$/u, ...identityHeaders },
  },
  {
    name: 'SQL that is no UTF-8',
    method: 'POST',
    path: '/v1/database/people/sql',
    body: Uint8Array.of(0xff),
    status: 400,
    type: TEXT,
    text: /UTF-8/u,
  },
  {
    name: 'SQL with any content type',
    method: 'POST',
    path: '/v1/database/people/sql',
    headers: { 'content-type': 'a/b' },
    body: 'SELECT * FROM person',
    status: 200,
  },
  // What is known of a database.
  {
    name: 'both definitions',
    method: 'GET',
    path: '/v1/database/people/schema?version=10&version=9',
    status: 400,
    text: /duplicate field `version`/u,
  },
  {
    name: 'the schema of a module with procedures',
    method: 'GET',
    path: '/v1/database/procedures/schema?version=9',
    status: 200,
    text: /"Procedure"/u,
  },
  {
    name: 'no such identity',
    method: 'GET',
    path: '/v1/database/{nobody}/schema?version=9',
    status: 404,
    type: TEXT,
    text: 'No such database.',
  },
  {
    name: 'an identity that nobody has is given back',
    method: 'GET',
    path: '/v1/database/{nobody}/identity',
    status: 200,
    type: TEXT,
    text: '{nobody}',
  },
  {
    name: 'an identity in upper case',
    method: 'GET',
    path: '/v1/database/0X{people_upper}/identity',
    status: 400,
    text: /^Invalid URL/u,
  },
  {
    name: 'names of an identity',
    method: 'GET',
    path: '/v1/database/{people}/names',
    status: 200,
    json: { names: ['people'] },
  },
  // Names.
  {
    name: 'an empty name',
    method: 'POST',
    path: '/v1/database/people/names',
    as: 'owner',
    body: '',
    status: 400,
    text: 'database names cannot be empty',
  },
  {
    name: 'an identity as a name',
    method: 'POST',
    path: '/v1/database/people/names',
    as: 'owner',
    body: '{owner}',
    status: 400,
    text: 'database names cannot be identities',
  },
  {
    name: 'a hyphen at the end',
    method: 'POST',
    path: '/v1/database/people/names',
    as: 'owner',
    body: 'a-',
    status: 400,
    text: 'invalid hyphen in database name',
  },
  {
    name: 'a name for nobody’s database',
    method: 'POST',
    path: '/v1/database/nobody/names',
    as: 'owner',
    body: 'a',
    status: 404,
  },
  {
    name: 'another name',
    method: 'POST',
    path: '/v1/database/people/names',
    as: 'owner',
    body: 'folk',
    status: 200,
    type: JSON_TYPE,
    json: { Success: { domain: 'folk', database_identity: '{people}' } },
  },
  { name: 'by which it is found', method: 'GET', path: '/v1/database/folk/identity', status: 200, text: '{people}' },
  {
    name: 'names that are no list',
    method: 'PUT',
    path: '/v1/database/people/names',
    as: 'owner',
    headers: asJson,
    body: '{}',
    status: 422,
    type: TEXT,
  },
  {
    name: 'names that are no texts',
    method: 'PUT',
    path: '/v1/database/people/names',
    as: 'owner',
    headers: asJson,
    body: '[1]',
    status: 422,
  },
  {
    name: 'names with a charset',
    method: 'PUT',
    path: '/v1/database/people/names',
    as: 'owner',
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: '["tribe","clan","tribe"]',
    status: 200,
    type: JSON_TYPE,
    json: 'Success',
  },
  {
    name: 'they replace all others',
    method: 'GET',
    path: '/v1/database/{people}/names',
    status: 200,
    json: { names: ['tribe', 'clan'] },
  },
  {
    name: 'what was given up is still its owner’s',
    method: 'PUT',
    path: '/v1/database/{mine}/names',
    as: 'other',
    headers: asJson,
    body: '["people"]',
    status: 401,
    json: { PermissionDenied: { domain: 'people' } },
  },
  {
    name: 'and cannot be added by others',
    method: 'POST',
    path: '/v1/database/{mine}/names',
    as: 'other',
    body: 'people',
    status: 401,
    json: { PermissionDenied: { domain: 'people' } },
  },
  {
    name: 'no names at all',
    method: 'PUT',
    path: '/v1/database/{people}/names',
    as: 'owner',
    headers: asJson,
    body: '[]',
    status: 200,
    json: 'Success',
  },
  {
    name: 'the first name again',
    method: 'PUT',
    path: '/v1/database/{people}/names',
    as: 'owner',
    headers: asJson,
    body: '["people"]',
    status: 200,
    json: 'Success',
  },
  // Logs.
  {
    name: 'a log',
    method: 'GET',
    path: '/v1/database/people/logs?num_lines=1',
    as: 'owner',
    status: 200,
    type: 'application/x-ndjson',
    text: /^\{"level":"[A-Z][a-z]+","ts":\d+,.*\}\n$/u,
    sends: { 'cache-control': 'no-cache' },
  },
  {
    name: 'no line of it',
    method: 'GET',
    path: '/v1/database/people/logs?num_lines=0',
    as: 'owner',
    status: 200,
    text: '',
  },
  {
    name: 'more lines than there are',
    method: 'GET',
    path: '/v1/database/people/logs?num_lines=4294967295',
    as: 'owner',
    status: 200,
  },
  {
    name: 'a number that is too large',
    method: 'GET',
    path: '/v1/database/people/logs?num_lines=4294967296',
    as: 'owner',
    status: 400,
    type: TEXT,
  },
  {
    name: 'a follow that is no answer',
    method: 'GET',
    path: '/v1/database/people/logs?follow=yes',
    as: 'owner',
    status: 400,
  },
  // Locks.
  { name: 'lock', method: 'POST', path: '/v1/database/people/lock', as: 'owner', status: 200, type: null, text: '' },
  {
    name: 'a locked one is not cleared',
    method: 'PUT',
    path: '/v1/database/people?clear=true',
    as: 'owner',
    body: programs.person,
    status: 403,
    type: TEXT,
    text: /^Database is locked/u,
  },
  {
    name: 'and updated all the same',
    method: 'PUT',
    path: '/v1/database/people',
    as: 'owner',
    body: programs.person,
    status: 200,
    json: success('people', 'updated'),
  },
  { name: 'lock again', method: 'POST', path: '/v1/database/people/lock', as: 'owner', status: 200 },
  {
    name: 'unlock',
    method: 'POST',
    path: '/v1/database/people/unlock',
    as: 'owner',
    status: 200,
    type: null,
    text: '',
  },
  { name: 'unlock what is not locked', method: 'POST', path: '/v1/database/people/unlock', as: 'owner', status: 200 },
  { name: 'lock what is not there', method: 'POST', path: '/v1/database/nobody/lock', as: 'owner', status: 404 },
  // Backups.
  {
    name: 'backups, where none was made',
    method: 'GET',
    path: '/v1/database/people/backups',
    as: 'owner',
    status: 200,
    type: JSON_TYPE,
    json: { backups: [] },
  },
  {
    name: 'a backup',
    method: 'POST',
    path: '/v1/database/people/backups',
    as: 'owner',
    status: 200,
    type: JSON_TYPE,
    json: expect.objectContaining({ id: expect.stringMatching(/^backup-/u) as string }),
  },
  { name: 'backups of another', method: 'GET', path: '/v1/database/people/backups', as: 'other', status: 403 },
  { name: 'a backup of another', method: 'POST', path: '/v1/database/people/backups', as: 'other', status: 403 },
  { name: 'backups of what is not there', method: 'GET', path: '/v1/database/nobody/backups', status: 404 },
  // WebSockets, for those who ask for none.
  {
    name: 'no upgrade',
    method: 'GET',
    path: '/v1/database/people/subscribe',
    status: 426,
    type: TEXT,
    sends: { upgrade: 'websocket', ...identityHeaders },
  },
  {
    name: 'no compression that there is',
    method: 'GET',
    path: '/v1/database/people/subscribe?compression=zip',
    status: 400,
    type: TEXT,
  },
  { name: 'no connection id', method: 'GET', path: '/v1/database/people/subscribe?connection_id=1', status: 400 },
  { name: 'no light', method: 'GET', path: '/v1/database/people/subscribe?light=2', status: 400 },
  // Routes of modules.
  {
    name: 'a route of a module',
    method: 'GET',
    path: '/v1/database/web/route/teapot',
    status: 418,
    text: 'short and stout',
    sends: { ...noIdentity, 'access-control-allow-origin': '*' },
  },
  {
    name: 'one that it does not have',
    method: 'GET',
    path: '/v1/database/web/route/nothing',
    status: 404,
    type: TEXT,
    text: 'Database has not registered a handler for this route',
    sends: noIdentity,
  },
  {
    name: 'one of a database that is not there',
    method: 'GET',
    path: '/v1/database/{nobody}/route/',
    status: 404,
    text: 'No such database.',
  },
  { name: 'one that fails', method: 'GET', path: '/v1/database/web/route/panic', status: 500, type: TEXT },
  {
    name: 'one with a token that is not looked at',
    method: 'GET',
    path: '/v1/database/web/route',
    headers: { authorization: 'Bearer x' },
    status: 200,
    text: 'the root',
  },
  // Identities and tokens.
  {
    name: 'a token for a WebSocket',
    method: 'POST',
    path: '/v1/identity/websocket-token',
    as: 'owner',
    status: 200,
    type: JSON_TYPE,
    text: /^\{"token":"ey[^"]+"\}$/u,
    sends: noIdentity,
  },
  {
    name: 'a malformed one',
    method: 'POST',
    path: '/v1/identity/websocket-token',
    headers: { authorization: 'x' },
    status: 400,
    type: TEXT,
  },
  {
    name: 'a short-lived one is of the same identity',
    method: 'GET',
    path: '/v1/identity/{owner}/verify?token={short_token}',
    status: 204,
  },
  {
    name: 'verify without a token',
    method: 'GET',
    path: '/v1/identity/{owner}/verify',
    status: 401,
    type: TEXT,
    text: 'Authorization required',
  },
  {
    name: 'databases of a bad identity',
    method: 'GET',
    path: '/v1/identity/c200/databases',
    status: 400,
    type: TEXT,
    text: /^Invalid URL: /u,
  },
  {
    name: 'databases',
    method: 'GET',
    path: '/v1/identity/{other}/databases',
    status: 200,
    json: { identities: ['{mine}'] },
  },
  { name: 'energy of a bad identity', method: 'GET', path: '/v1/energy/0x{owner}', status: 400, type: TEXT },
  {
    name: 'energy goes to who asks',
    method: 'POST',
    path: '/v1/energy/{other}?amount=12',
    as: 'owner',
    status: 200,
    json: { balance: '12' },
  },
  {
    name: 'more of it',
    method: 'POST',
    path: '/v1/energy/{other}?amount=170141183460469231731687303715884105',
    as: 'owner',
    status: 200,
    json: { balance: '170141183460469231731687303715884117' },
  },
  {
    name: 'as much as there is',
    method: 'POST',
    path: '/v1/energy/{other}?amount=340282366920938463463374607431768211455',
    as: 'owner',
    status: 200,
    json: { balance: '170141183460469231731687303715884105727' },
  },
  {
    name: 'and more than that',
    method: 'POST',
    path: '/v1/energy/{other}?amount=340282366920938463463374607431768211456',
    as: 'owner',
    status: 400,
    type: null,
    text: '',
  },
  { name: 'no more to others', method: 'GET', path: '/v1/energy/{other}', status: 200, json: { balance: '0' } },
  {
    name: 'an amount below nothing',
    method: 'POST',
    path: '/v1/energy/{other}?amount=-1',
    as: 'owner',
    status: 400,
    type: null,
    text: '',
  },
  {
    name: 'energy is not set',
    method: 'PUT',
    path: '/v1/energy/{owner}',
    as: 'owner',
    status: 401,
    type: null,
    text: '',
  },
  // Operation.
  { name: 'ping', method: 'GET', path: '/v1/ping', as: 'owner', status: 200, type: null, text: '', sends: noIdentity },
  { name: 'ping with a token in the query', method: 'GET', path: '/v1/ping?token=x', status: 401, type: TEXT },
  { name: 'metrics', method: 'GET', path: '/v1/metrics', status: 200, type: TEXT, text: /^# HELP /u },
  {
    name: 'this interface',
    method: 'GET',
    path: '/v1/openapi.json',
    status: 200,
    type: JSON_TYPE,
    text: /^\{"openapi":"3\.1\.0"/u,
    sends: cors,
  },
  // The end.
  {
    name: 'reset',
    method: 'PUT',
    path: '/v1/database/people/reset?host_type=Wasm&num_replicas=1',
    as: 'owner',
    body: programs.person,
    status: 200,
    json: success('people', 'updated'),
  },
  {
    name: 'reset what is not there',
    method: 'PUT',
    path: '/v1/database/nobody/reset',
    as: 'owner',
    body: programs.person,
    status: 404,
  },
  {
    name: 'delete',
    method: 'DELETE',
    path: '/v1/database/people',
    as: 'owner',
    status: 200,
    type: null,
    text: '',
    sends: identityHeaders,
  },
  { name: 'its name stays', method: 'GET', path: '/v1/database/people/identity', status: 200, text: '{people}' },
  {
    name: 'its routes do not',
    method: 'GET',
    path: '/v1/database/people/unstable/timestamp',
    status: 404,
    text: 'No such database.',
  },
];

let folder: string;
let server: RunningServer;
let document: ApiDocument;
const values = new Map<string, string>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lightcone-http-'));
  await writeFile(
    join(folder, 'config.toml'),
    `[modules]\nenergy-per-call = 2_000_000_000\n[backup]\nlocation = ${JSON.stringify(join(folder, 'backups'))}\n`,
  );
  server = await startServer({ listenAddress: '127.0.0.1:0', dataDir: folder });
  document = await ApiDocument.load(server.url);
  const owner = await newUser(server.url);
  const other = await newUser(server.url);
  for (const [name, program] of Object.entries({
    people: programs.person,
    procedures: programs.procedures,
    chat: programs.chat,
    web: programs.httpHandlers,
    trouble: programs.test,
    versions: migrations.start,
  })) {
    await publish(server.url, name, owner, program);
  }
  await publish(server.url, 'mine', other, programs.person);
  const post = async (path: string, body: Uint8Array<ArrayBuffer> | null): Promise<unknown> =>
    (
      await fetch(server.url + path, { method: 'POST', headers: { authorization: `Bearer ${owner.token}` }, body })
    ).json();
  const plan = await post('/v1/database/versions/pre_publish', migrations.breaking);
  const short = await post('/v1/identity/websocket-token', null);
  const identityOf = async (name: string): Promise<string> =>
    (await fetch(`${server.url}/v1/database/${name}/identity`)).text();
  const people = await identityOf('people');
  for (const [name, value] of Object.entries({
    owner: owner.identity,
    owner_token: owner.token,
    other: other.identity,
    other_token: other.token,
    nobody: 'c2'.repeat(32),
    people,
    people_upper: people.toUpperCase(),
    mine: await identityOf('mine'),
    migration_token: (plan as { AutoMigrate: { token: string } }).AutoMigrate.token,
    short_token: (short as { token: string }).token,
  })) {
    values.set(`{${name}}`, value);
  }
}, 60_000); // seven modules are compiled
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const fill = (text: string): string => text.replaceAll(/\{\w+\}/gu, (name) => values.get(name) ?? name);
const filled = (value: unknown): unknown => {
  if (typeof value === 'string') return fill(value);
  if (Array.isArray(value)) return value.map(filled);
  // Matchers of vitest are instances of classes.
  if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, filled(item)]));
};

/** Sends the path as it is: `fetch` would tidy it, and refuses some methods. */
async function send({
  method,
  path,
  as,
  headers = {},
  body,
}: Outcome): Promise<{ head: IncomingMessage; text: string }> {
  const authorization = as === undefined ? {} : { authorization: `Bearer ${fill(`{${as}_token}`)}` };
  const own = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, fill(value)]));
  const options = { port: server.port, method, path: fill(path), headers: { ...authorization, ...own }, agent: false };
  const request = httpRequest(options).end(typeof body === 'string' ? fill(body) : body);
  const [head] = (await once(request, 'response')) as [IncomingMessage];
  return { head, text: await readText(head) };
}

const isLike = (actual: string, wanted: string | RegExp): boolean =>
  typeof wanted === 'string' ? actual === fill(wanted) : wanted.test(actual);

test.each(outcomes)('$name: $method $path gets $status', async (outcome) => {
  const { status, type, text, json, sends = {} } = outcome;
  const { head, text: body } = await send(outcome);
  expect([head.statusCode, body]).toEqual([status, expect.anything()]);
  if (type !== undefined) expect(head.headers['content-type']).toBe(type ?? undefined);
  if (text !== undefined) expect(body).toSatisfy((actual: string) => isLike(actual, text));
  if (json !== undefined) expect(JSON.parse(body)).toEqual(filled(json));
  for (const [name, wanted] of Object.entries(sends)) {
    const actual = head.headers[name]?.toString();
    if (wanted === null) expect([name, actual]).toEqual([name, undefined]);
    else expect([name, actual]).toSatisfy(([, value]: [string, string | undefined]) => isLike(value ?? '', wanted));
  }
  expect(document.problems(outcome.method, fill(outcome.path), head, body)).toEqual([]);
});

test('every operation that the document has is among the outcomes or the recorded exchanges', async () => {
  const { exchanges } = await import('./recorded-exchanges.ts');
  const seen = [...outcomes, ...exchanges.map(({ request }) => request)].map(
    ({ method, path }) => `${method} ${document.findPath(path.replaceAll(/[{}]/gu, '')) ?? path}`,
  );
  // Those of modules have tests of their own: `module-http`, and MCP `mcp`.
  const expected = [...document.operations().keys()].filter((operation) => !/\/(?:route|mcp)/u.test(operation));
  expect(expected.filter((operation) => !seen.includes(operation))).toEqual([]);
});
