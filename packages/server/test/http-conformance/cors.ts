import { noIdentity, cors } from './outcome.ts';
import type { Outcome } from './outcome.ts';

/** Other origins. */
export const corsOutcomes: readonly Outcome[] = [
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
  {
    name: 'a preflight of a path that is not there',
    method: 'OPTIONS',
    path: '/v1/nowhere',
    status: 200,
    type: null,
    text: '',
    sends: { allow: null, 'access-control-allow-methods': '*', ...cors, ...noIdentity },
  },
  {
    name: 'a preflight beside what is here',
    method: 'OPTIONS',
    path: '/nowhere',
    status: 404,
    sends: { 'access-control-allow-methods': null },
  },
  { name: 'errors are for every origin', method: 'GET', path: '/v1/database/nobody', status: 404, sends: cors },
];
