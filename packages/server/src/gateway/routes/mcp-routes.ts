import type { Answer } from '../answer.ts';
import { answerJsonRpc } from '../mcp/json-rpc.ts';
import { callTool, mcpTools } from '../mcp/mcp-tools.ts';
import { answersJson, answersNothing, JSON_TYPE } from '../openapi/operation.ts';
import type { OperationDescription } from '../openapi/operation.ts';
import { ref } from '../openapi/schemas.ts';
import type { GatewayRequest, Route } from '../route.ts';
import { bodyText, callerOf } from './context.ts';
import type { RouteContext } from './context.ts';
import { COMPATIBLE_VERSION } from './operation-routes.ts';

/** Of the Model Context Protocol: https://modelcontextprotocol.io/specification/2025-06-18 */
const PROTOCOL_VERSION = '2025-06-18';

const DESCRIPTION = {
  body: { [JSON_TYPE]: ref('JsonRpcRequest') },
  answers: {
    200: answersJson('A result or an error of JSON-RPC.', ref('JsonRpcResponse')),
    202: answersNothing('It was a notification.'),
  },
} satisfies Partial<OperationDescription>;

/** Tools for language models: with a whole server, and with one database. */
export function mcpRoutes(context: RouteContext): Route[] {
  return [
    {
      path: '/v1/mcp',
      auth: 'mint',
      methods: {
        POST: {
          ...DESCRIPTION,
          id: 'useMcp',
          summary: 'The Model Context Protocol for all databases',
          handle: (request) => answer(context, request),
        },
      },
    },
    {
      path: '/v1/database/:database/mcp',
      auth: 'mint',
      methods: {
        POST: {
          ...DESCRIPTION,
          id: 'useDatabaseMcp',
          summary: 'The Model Context Protocol for one database',
          handle: (request) => answer(context, request),
        },
      },
    },
  ];
}

function answer(context: RouteContext, request: GatewayRequest): Promise<Answer> {
  const database = request.parameters['database'];
  const tools = mcpTools(context, callerOf(request), database);
  return answerJsonRpc(bodyText(request), {
    initialize: () => ({
      protocolVersion: PROTOCOL_VERSION,
      capabilities: { tools: {} },
      serverInfo: { name: 'lightcone', version: COMPATIBLE_VERSION },
      instructions:
        database === undefined
          ? 'Tools for the databases of this server: read their schemas, run SQL, call reducers.'
          : `Tools for the database ${database}: read its schema, run SQL, call reducers.`,
    }),
    ping: () => ({}),
    'tools/list': () => ({
      tools: Object.entries(tools).map(([name, { description, properties, required }]) => ({
        name,
        description,
        inputSchema: { type: 'object', properties, required },
      })),
    }),
    'tools/call': (params) => callTool(tools, params),
  });
}
