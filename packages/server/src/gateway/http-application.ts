import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import fastify from 'fastify';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { findCaller, findOrMintCaller } from '../auth/caller.ts';
import type { Caller } from '../auth/caller.ts';
import type { Tokens } from '../auth/tokens.ts';
import type { RequestTimes } from '../metrics/request-times.ts';
import { DatabaseFailure } from '../database-thread/database-thread.ts';
import { isDiskFull } from '../disk-full.ts';
import type { Answer } from './answer.ts';
import { HttpError } from './http-error.ts';
import { QueryString } from './query-string.ts';
import { drainBody, isSending } from './request-body.ts';
import { DEFAULT_MAX_BODY_BYTES } from './route.ts';
import type { GatewayRequest, Method, Operation, Route } from './route.ts';

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller | undefined;
  }
}

export const CORS_HEADERS: Readonly<Record<string, string>> = {
  'access-control-allow-origin': '*',
  vary: 'origin, access-control-request-method, access-control-request-headers',
};

export const PREFLIGHT_HEADERS = {
  'access-control-allow-methods': '*',
  'access-control-allow-headers': 'authorization,accept,content-type',
};

/** Methods that routes have. */
const ROUTED_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS']);
/**
 * What a request with another method has it replaced by. None of them is allowed anywhere, and the router keeps all
 * paths anew for each method that it knows: with all of HTTP's that is 1.5 MB.
 */
const ANY_OTHER_METHOD = 'TRACE';

/** The headers that tell callers under which identity they were served. */
export function identityHeaders(caller: Caller): Record<string, string> {
  return { 'spacetime-identity': caller.identity, 'spacetime-identity-token': caller.token };
}

/**
 * The HTTP server of all routes, not listening yet.
 *
 * What holds for every route is here: CORS, who the caller is, body limits, HEAD, 405 with what is
 * allowed, and errors as text.
 * @param isUpgrade which requests are taken over as WebSockets, by the server's `upgrade` event
 * @param around what gets the requests, and passes on those of the routes
 */
export function createHttpApplication(
  routes: readonly Route[],
  { tokens, requestTimes }: { readonly tokens: Tokens; readonly requestTimes: RequestTimes },
  log: Logger,
  isUpgrade: (request: IncomingMessage) => boolean,
  around: (handler: RequestListener) => RequestListener,
): FastifyInstance {
  const app: FastifyInstance = fastify({
    serverFactory: (handler) =>
      createServer(
        { shouldUpgradeCallback: isUpgrade, noDelay: true },
        around((request, response) => {
          if (!ROUTED_METHODS.has(request.method ?? '')) request.method = ANY_OTHER_METHOD;
          handler(request, response);
        }),
      ),
    bodyLimit: DEFAULT_MAX_BODY_BYTES,
    routerOptions: { maxParamLength: 1024 },
    // These come before the hooks.
    frameworkErrors: (_error, _request, reply) =>
      void sendError(reply.headers(CORS_HEADERS), new HttpError(400, 'Invalid URL'), log),
    forceCloseConnections: 'idle',
    // No route has a schema for fastify to compile. Said here, as it would load its compilers: 10 MB, and 80 ms of a start.
    schemaController: { compilersFactory: { buildValidator: refuseSchema, buildSerializer: refuseSchema } },
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.decorateRequest('caller', undefined);
  app.addHook('onRequest', async (request, reply) => {
    const isOurs = request.url.startsWith('/v1/');
    if (isOurs) reply.headers(CORS_HEADERS);
    if (!request.is404) return undefined;
    // A browser is told whether it may ask; what is not there it hears then.
    if (isOurs && request.method === 'OPTIONS') return reply.headers(PREFLIGHT_HEADERS).send();
    // Here, as what follows keeps the body in memory.
    return reply.code(404).send();
  });
  // With callbacks: it runs for every answer, nearly always with nothing to wait for.
  app.addHook('onSend', ({ raw }, _reply, _payload, done) => {
    if (isSending(raw)) void drainBody(raw).then(() => done());
    else done();
  });
  app.addHook('onResponse', async ({ routeOptions, method }, reply) => {
    const name = method === ANY_OTHER_METHOD ? 'other' : method;
    requestTimes.observe(routeOptions.url ?? 'unknown', name, reply.statusCode, reply.elapsedTime / 1000);
  });
  app.setErrorHandler((error: FastifyError, _request, reply) => sendError(reply, error, log));
  app.setNotFoundHandler((_request, reply) => reply.code(404).send());
  for (const route of routes) addRoute(app, route, tokens);
  return app;
}

function refuseSchema(): never {
  throw new Error('routes are described in their `Operation`, and check what they get themselves');
}

function addRoute(app: FastifyInstance, route: Route, tokens: Tokens): void {
  const declared = Object.entries(route.methods) as [Method, Operation][];
  const allow = declared.flatMap(([method]) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(',');
  const parameters = [...route.path.matchAll(/:(\w+)/gu)].map(([, name]) => name ?? '');
  const authenticate = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    // The router takes `/v1/database/` for a database without a name.
    const values = request.params as Readonly<Record<string, string>>;
    for (const name of parameters) if (values[name] === '') return reply.code(404).send();
    if (route.auth === 'none') return undefined;
    const { authorization } = request.headers;
    const token = new QueryString(request.query).text('token');
    request.caller =
      route.auth === 'mint'
        ? await findOrMintCaller(tokens, authorization, token, request.raw.socket.remoteAddress)
        : await findCaller(tokens, authorization, token);
    if (route.auth === 'mint' && request.caller !== undefined) reply.headers(identityHeaders(request.caller));
    return undefined;
  };
  for (const [method, operation] of declared) {
    const query = operation.query ?? {};
    app.route({
      method,
      url: route.path,
      bodyLimit: route.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES,
      onRequest: authenticate,
      handler: async (request, reply) => sendAnswer(reply, await operation.handle(toGatewayRequest(request, query))),
    });
  }
  app.route({
    method: 'OPTIONS',
    url: route.path,
    handler: (_request, reply) => reply.headers({ ...PREFLIGHT_HEADERS, allow }).send(),
  });
  app.route({
    method: [...ROUTED_METHODS, ANY_OTHER_METHOD].filter(
      (method) => !['OPTIONS', ...allow.split(',')].includes(method),
    ),
    url: route.path,
    onRequest: async (request, reply) => {
      const answered = await authenticate(request, reply);
      return answered ?? reply.code(405).header('allow', allow).send();
    },
    handler: (_request, reply) => reply,
  });
}

function toGatewayRequest(request: FastifyRequest, described: object): GatewayRequest {
  return {
    parameters: request.params as Record<string, string>,
    query: new QueryString(request.query, described),
    body: (request.body as Uint8Array | undefined) ?? new Uint8Array(),
    contentType: request.headers['content-type'],
    caller: request.caller,
    raw: request.raw,
  };
}

function sendAnswer(reply: FastifyReply, answer: Answer): FastifyReply {
  reply.code(answer.status);
  if (answer.headers !== undefined) reply.headers(answer.headers);
  if (answer.body === undefined) return reply.send();
  if (answer.contentType !== undefined) reply.header('content-type', answer.contentType);
  if (typeof answer.body !== 'string') {
    if (reply.request.method === 'HEAD') {
      answer.body.destroy();
      return reply.send();
    }
    endWithSocket(answer.body, reply.request.raw.socket);
  }
  // Bytes rather than text: fastify would add a charset to the content type of a text.
  return reply.send(typeof answer.body === 'string' ? Buffer.from(answer.body) : (answer.body satisfies Readable));
}

/** Ends a stream with the socket that it goes to, also when an earlier answer was still in front of it. */
function endWithSocket(body: Readable, socket: Socket): void {
  const end = (): void => void body.destroy();
  socket.once('close', end);
  body.once('close', () => socket.off('close', end));
}

function sendError(reply: FastifyReply, error: Error & { code?: string }, log: Logger): FastifyReply {
  const { status, headers, body } = describeError(error, log);
  return reply.code(status).headers(headers).send(Buffer.from(body));
}

const RETRY_SOON = { 'retry-after': '1' };

export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The answer to a request that failed. What is not the caller's mistake is logged, and not told. */
export function describeError(error: Error & { code?: string; statusCode?: number }, log: Logger): ErrorAnswer {
  if (error instanceof HttpError) {
    if (error.json === undefined) return textError(error.status, error.message, error.headers);
    return { status: error.status, headers: { 'content-type': 'application/json' }, body: error.json };
  }
  // Fastify's words for a client that went away before its body was here: nobody reads the answer, or needs the log.
  if (error.code === 'ECONNRESET' && error.statusCode === 400) return textError(400, 'The connection was closed');
  if (error instanceof DatabaseFailure) {
    return error.isDiskFull
      ? textError(503, error.message, RETRY_SOON)
      : textError(500, `error starting database: ${error.message}`);
  }
  if (isDiskFull(error)) {
    log.error({ err: error }, 'request failed');
    return textError(503, 'The disk of the server is full: make room on it, and try again.', RETRY_SOON);
  }
  switch (error.code) {
    case 'SERVER_DATABASE_STOPPED':
      return textError(503, error.message);
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return textError(413, 'Failed to buffer the request body: length limit exceeded');
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return textError(415, 'Expected request with `Content-Type: application/json`');
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return textError(400, 'Failed to buffer the request body: it is shorter or longer than announced');
    default:
      log.error({ err: error }, 'request failed');
      return textError(500, 'Internal server error; the server log has the details.');
  }
}

function textError(status: number, body: string, headers: Readonly<Record<string, string>> = {}): ErrorAnswer {
  return { status, headers: { ...headers, 'content-type': 'text/plain; charset=utf-8' }, body };
}
