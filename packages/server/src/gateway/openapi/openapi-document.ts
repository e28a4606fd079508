import { BYTES, STRING, TEXT, answersText } from './operation.ts';
import type { AnswerDescription, JsonSchema, OperationDescription, ParameterDescription } from './operation.ts';
import { schemas } from './schemas.ts';

/** A route as the document needs it. */
export interface DescribedRoute {
  /** With parameters as `:name`. */
  readonly path: string;
  readonly auth: 'none' | 'find' | 'mint';
  readonly methods: Readonly<Record<string, OperationDescription>>;
}

const INFO = {
  title: 'Lightcone',
  license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  description:
    'Databases that run their modules. What clients of SpacetimeDB know is the same here. Errors are texts for people, ' +
    'JSON where a schema says so. Every GET answers HEAD, every path OPTIONS, and any origin may ask.',
};

const PATH_PARAMETERS: Readonly<Record<string, ParameterDescription>> = {
  database: { description: 'A name, or 64 hex digits with or without `0x`.', schema: STRING },
  identity: { description: '64 hex digits.', schema: { $ref: '#/components/schemas/Identity' } },
  function: { description: 'A reducer or procedure.', schema: STRING },
  path: { description: 'Whatever the module has routes for; it may hold slashes.', schema: STRING },
};

const IDENTITY_HEADERS = {
  'spacetime-identity': 'Under which identity the request was served.',
  'spacetime-identity-token': 'A token of it: to be sent with the next requests.',
};

const MODULE_METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete', 'trace'] as const;
const MODULE_PATHS = ['/v1/database/{database}/route', '/v1/database/{database}/route/{path}'];

/** The OpenAPI 3.1 document of routes. */
export function openApiDocument(routes: readonly DescribedRoute[], version: string): JsonSchema {
  const paths = Object.fromEntries([
    ...routes.map((route) => [templateOf(route.path), pathItem(route)] as const),
    ...MODULE_PATHS.map((path) => [path, moduleItem(path)] as const),
  ]);
  return {
    openapi: '3.1.0',
    info: { ...INFO, version },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas,
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        token: { type: 'apiKey', in: 'query', name: 'token', description: 'Where a client cannot send headers.' },
      },
    },
  };
}

/** The path with parameters as OpenAPI writes them. */
function templateOf(path: string): string {
  return path.replaceAll(/:(\w+)/gu, '{$1}');
}

function pathItem({ path, auth, methods }: DescribedRoute): JsonSchema {
  const operations = Object.entries(methods).map(([method, operation]) => [
    method.toLowerCase(),
    operationItem(path, method, auth, operation),
  ]);
  return Object.fromEntries([...pathParameters(path), ...operations]) as JsonSchema;
}

function pathParameters(path: string): (readonly [string, unknown])[] {
  const names = [...path.matchAll(/[:{](\w+)/gu)].map(([, name]) => name ?? '');
  if (names.length === 0) return [];
  return [['parameters', names.map((name) => parameterItem('path', name, { isRequired: true, ...mustKnow(name) }))]];
}

function mustKnow(name: string): ParameterDescription {
  const known = PATH_PARAMETERS[name];
  if (known === undefined) throw new Error(`the path parameter ${name} has no description`);
  return known;
}

function operationItem(
  path: string,
  method: string,
  auth: DescribedRoute['auth'],
  { id, summary, description, query = {}, headers = {}, body, answers }: OperationDescription,
): JsonSchema {
  const parameters = [
    ...Object.entries(query).map(([name, known]) => parameterItem('query', name, known)),
    ...Object.entries(headers).map(([name, known]) => parameterItem('header', name, known)),
  ];
  const all = { ...commonAnswers(path, method, auth), ...answers };
  return {
    operationId: id,
    summary,
    ...(description !== undefined && { description }),
    ...(auth !== 'none' && { security: [{ bearer: [] }, { token: [] }, {}] }),
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: { required: true, content: contentOf(body) } }),
    responses: Object.fromEntries(
      Object.entries(all).map(([status, answer]) => [status, answerItem(answer, auth === 'mint')]),
    ),
  };
}

/** What every operation of such a route may answer. */
function commonAnswers(path: string, method: string, auth: string): Record<number, AnswerDescription> {
  const namesDatabase = path.includes(':database');
  return {
    ...((auth !== 'none' || path.includes(':')) && { 400: answersText('The request cannot be read.') }),
    ...(auth !== 'none' && { 401: answersText('The token is refused.') }),
    ...(namesDatabase && { 404: answersText('There is no such database.') }),
    ...(method !== 'GET' && { 413: answersText('The body is too long. The connection ends.') }),
    500: answersText('Something went wrong in the server.'),
    ...(namesDatabase && { 503: answersText('The database or the server is stopping or overloaded; try again.') }),
  };
}

function parameterItem(
  where: 'path' | 'query' | 'header',
  name: string,
  { description, schema, isRequired = false }: ParameterDescription,
): JsonSchema {
  return { name, in: where, description, schema, ...(isRequired && { required: true }) };
}

function answerItem({ description, content, headers = {} }: AnswerDescription, isMinted: boolean): JsonSchema {
  const all = { ...(isMinted && IDENTITY_HEADERS), ...headers };
  const items = Object.entries(all).map(([name, text]) => [name, { description: text, schema: STRING }]);
  return {
    description,
    ...(items.length > 0 && { headers: Object.fromEntries(items) as JsonSchema }),
    ...(content && { content: contentOf(content) }),
  };
}

function contentOf(content: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return Object.fromEntries(Object.entries(content).map(([type, schema]) => [type, { schema }]));
}

/** Routes of modules: only they know what is there. */
function moduleItem(path: string): JsonSchema {
  const suffix = path.endsWith('}') ? 'Below' : '';
  const failure = {
    description: 'A text of the server, or an answer of the module.',
    content: contentOf({ [TEXT]: {} }),
  };
  const operations = MODULE_METHODS.map((method) => [
    method,
    {
      operationId: `${method}ModuleRoute${suffix}`,
      summary: 'A route of the module',
      description: 'Answered by the HTTP handler that the module has for the method and path. Nobody is authenticated.',
      ...(['post', 'put', 'patch'].includes(method) && { requestBody: { content: { '*/*': {} } } }),
      responses: {
        400: failure,
        404: failure,
        413: failure,
        500: failure,
        503: failure,
        default: { description: 'Whatever the module answers.', content: { [BYTES]: {} } },
      },
    },
  ]);
  return Object.fromEntries([...pathParameters(path), ...operations]) as JsonSchema;
}
