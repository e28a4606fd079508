import { programs } from '../fixtures.ts';
import { TEXT, success } from './outcome.ts';
import type { Outcome } from './outcome.ts';

/** Locks. */
export const locksOutcomes: readonly Outcome[] = [
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
];
