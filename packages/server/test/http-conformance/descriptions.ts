import { TEXT } from './outcome.ts';
import type { Outcome } from './outcome.ts';

/** What is known of a database. */
export const descriptionsOutcomes: readonly Outcome[] = [
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
];
