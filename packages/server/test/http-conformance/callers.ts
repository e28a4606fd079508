import { TEXT, identityHeaders, noIdentity } from './outcome.ts';
import type { Outcome } from './outcome.ts';

/** Who asks. */
export const callersOutcomes: readonly Outcome[] = [
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
];
