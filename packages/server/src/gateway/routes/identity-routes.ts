import { HttpError } from '../http-error.ts';
import { empty, json } from '../answer.ts';
import type { Route } from '../route.ts';
import { callerOf } from './context.ts';
import type { RouteContext } from './context.ts';

/** Identities and their tokens, and the energy account that tools still ask for. */
export function identityRoutes({ control, tokens }: RouteContext): Route[] {
  return [
    {
      path: '/v1/identity',
      auth: 'none',
      methods: {
        POST: async () => {
          const { token, claims } = await tokens.mint();
          return json({ identity: claims.identity, token });
        },
      },
    },
    {
      path: '/v1/identity/public-key',
      auth: 'none',
      methods: {
        GET: () => ({ status: 200, body: tokens.publicPem, contentType: 'application/pem-certificate-chain' }),
      },
    },
    {
      path: '/v1/identity/websocket-token',
      auth: 'find',
      methods: { POST: async (request) => json({ token: await tokens.mintForWebSocket(callerOf(request).claims) }) },
    },
    {
      path: '/v1/identity/:identity/verify',
      auth: 'find',
      methods: {
        GET: (request) => {
          const identity = plainIdentity(request.parameters['identity']);
          return empty(callerOf(request).identity === identity ? 204 : 400);
        },
      },
    },
    {
      path: '/v1/identity/:identity/databases',
      auth: 'none',
      methods: {
        GET: ({ parameters }) => json({ identities: control.databasesOf(plainIdentity(parameters['identity'])) }),
      },
    },
    {
      path: '/v1/energy/:identity',
      auth: 'find',
      methods: {
        GET: ({ parameters }) => json({ balance: String(control.energy(plainIdentity(parameters['identity']))) }),
        POST: (request) => {
          const { identity } = callerOf(request);
          const amount = request.query.text('amount') ?? '0';
          if (!/^\d{1,38}$/u.test(amount)) return empty(400);
          return json({ balance: String(control.addEnergy(identity, BigInt(amount))) });
        },
        // Only the all-zero identity could, which nobody can have.
        PUT: () => empty(401),
      },
    },
  ];
}

function plainIdentity(text = ''): string {
  if (/^[0-9a-f]{64}$/iu.test(text)) return text.toLowerCase();
  throw new HttpError(400, `Invalid URL: invalid value: string ${JSON.stringify(text)}, expected 64 hex digits`);
}
