import { programs } from '../fixtures.ts';
import { identityHeaders, success } from './outcome.ts';
import type { Outcome } from './outcome.ts';

/** The end of a database: after all others. */
export const removalOutcomes: readonly Outcome[] = [
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
