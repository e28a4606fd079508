import { expect } from 'vitest';
import { JSON_TYPE } from './outcome.ts';
import type { Outcome } from './outcome.ts';

/** Backups. */
export const backupsOutcomes: readonly Outcome[] = [
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
];
