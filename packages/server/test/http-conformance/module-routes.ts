import { TEXT, noIdentity } from './outcome.ts';
import type { Outcome } from './outcome.ts';

/** Routes of modules. */
export const moduleRoutesOutcomes: readonly Outcome[] = [
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
];
