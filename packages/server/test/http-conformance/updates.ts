import { expect } from 'vitest';
import { migrations } from '../fixtures.ts';
import { TEXT, JSON_TYPE, success } from './outcome.ts';
import type { Outcome } from './outcome.ts';

/** Updates and their plans: `migrations` has the version `start`. */
export const updatesOutcomes: readonly Outcome[] = [
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
];
