import { HttpError } from '../http-error.ts';
import { empty, json } from '../answer.ts';
import { answersJson, answersNothing, answersText, listOf, object, parameter, STRING } from '../openapi/operation.ts';
import { ref } from '../openapi/schemas.ts';
import type { Route } from '../route.ts';
import { callerOf } from './context.ts';
import type { RouteContext } from './context.ts';

const MAX_U128 = 2n ** 128n - 1n;

/** Identities and their tokens, and the energy account that tools still ask for. */
export function identityRoutes({ control, tokens }: RouteContext): Route[] {
  return [
    {
      path: '/v1/identity',
      auth: 'none',
      methods: {
        POST: {
          id: 'createIdentity',
          summary: 'Makes somebody new',
          answers: {
            200: answersJson(
              'A token that does not expire.',
              object({ identity: ref('Identity'), token: ref('Token') }),
            ),
          },
          handle: async () => {
            const { token, claims } = await tokens.mint();
            return json({ identity: claims.identity, token });
          },
        },
      },
    },
    {
      path: '/v1/identity/public-key',
      auth: 'none',
      methods: {
        GET: {
          id: 'getPublicKey',
          summary: 'The key that the server’s tokens are signed with',
          answers: {
            200: { description: 'PEM, P-256.', content: { 'application/pem-certificate-chain': STRING } },
          },
          handle: () => ({ status: 200, body: tokens.publicPem, contentType: 'application/pem-certificate-chain' }),
        },
      },
    },
    {
      path: '/v1/identity/websocket-token',
      auth: 'find',
      methods: {
        POST: {
          id: 'createWebSocketToken',
          summary: 'Makes a token that is short-lived enough to be sent in a URL',
          answers: {
            200: answersJson('A token of the same claims, for 60 seconds.', object({ token: ref('Token') })),
            401: answersText('There is no token, or it is refused.'),
          },
          handle: async (request) => json({ token: await tokens.mintForWebSocket(callerOf(request).claims) }),
        },
      },
    },
    {
      path: '/v1/identity/:identity/verify',
      auth: 'find',
      methods: {
        GET: {
          id: 'verifyIdentity',
          summary: 'Whether the token is of this identity',
          answers: {
            204: answersNothing('It is.'),
            400: { ...answersText('It is not (no text), or what the path names is no identity.') },
            401: answersText('There is no token, or it is refused.'),
          },
          handle: (request) => {
            const identity = plainIdentity(request.parameters['identity']);
            return empty(callerOf(request).identity === identity ? 204 : 400);
          },
        },
      },
    },
    {
      path: '/v1/identity/:identity/databases',
      auth: 'none',
      methods: {
        GET: {
          id: 'listDatabases',
          summary: 'The databases that an identity owns',
          answers: { 200: answersJson('Their identities.', object({ identities: listOf(ref('Identity')) })) },
          handle: ({ parameters }) => json({ identities: control.databasesOf(plainIdentity(parameters['identity'])) }),
        },
      },
    },
    {
      path: '/v1/energy/:identity',
      auth: 'find',
      methods: {
        GET: {
          id: 'getEnergy',
          summary: 'An account that nothing is paid from',
          answers: { 200: answersJson('0 if there is none.', ref('Balance')) },
          handle: ({ parameters }) => json({ balance: String(control.energy(plainIdentity(parameters['identity']))) }),
        },
        POST: {
          id: 'addEnergy',
          summary: 'Adds to the caller’s account, whoever the path names',
          query: { amount: parameter('How much; 0 by default.', { type: 'string', pattern: '^\\d{1,39}$' }) },
          answers: {
            200: answersJson('The new balance.', ref('Balance')),
            400: answersText('The amount is no number (no text), or the token cannot be read.'),
            401: answersText('There is no token, or it is refused.'),
          },
          handle: (request) => {
            const { identity } = callerOf(request);
            const amount = request.query.text('amount') ?? '0';
            if (!/^\d{1,39}$/u.test(amount) || BigInt(amount) > MAX_U128) return empty(400);
            return json({ balance: String(control.addEnergy(identity, BigInt(amount))) });
          },
        },
        PUT: {
          id: 'setEnergy',
          summary: 'Refused',
          query: { balance: parameter('Ignored.') },
          answers: { 401: answersText('Always, without a text.') },
          // Only the all-zero identity could, which nobody can have.
          handle: () => empty(401),
        },
      },
    },
  ];
}

function plainIdentity(text = ''): string {
  if (/^[0-9a-f]{64}$/iu.test(text)) return text.toLowerCase();
  throw new HttpError(400, `Invalid URL: invalid value: string ${JSON.stringify(text)}, expected 64 hex digits`);
}
