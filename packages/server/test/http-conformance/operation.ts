import { TEXT, JSON_TYPE, noIdentity, cors } from './outcome.ts';
import type { Outcome } from './outcome.ts';

/** Operation. */
export const operationOutcomes: readonly Outcome[] = [
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
];
