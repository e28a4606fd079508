import { TEXT, JSON_TYPE, identityHeaders, cors } from './outcome.ts';
import type { Outcome } from './outcome.ts';

/** Paths and methods. */
export const pathsOutcomes: readonly Outcome[] = [
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
];
