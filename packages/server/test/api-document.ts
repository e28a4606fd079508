import { schemaProblems } from './json-schema-check.ts';

type Schema = Readonly<Record<string, unknown>>;

interface Answered {
  readonly description: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}

export interface DocumentedOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: Schema }>> };
  readonly responses: Readonly<Record<string, Answered>>;
}

/** An answer without its body. */
export interface AnswerHead {
  readonly statusCode?: number | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

type PathItem = Readonly<Record<string, DocumentedOperation>> & {
  readonly parameters?: readonly { readonly name: string }[];
};

export const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete', 'trace', 'options'];

/** What a server says of its HTTP interface. */
export class ApiDocument {
  readonly json: {
    readonly openapi: string;
    readonly paths: Readonly<Record<string, PathItem>>;
    readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
  };

  private constructor(json: ApiDocument['json']) {
    this.json = json;
  }

  static async load(url: string): Promise<ApiDocument> {
    return new ApiDocument((await (await fetch(`${url}/v1/openapi.json`)).json()) as ApiDocument['json']);
  }

  /** Every operation as `METHOD /path`. */
  operations(): Map<string, DocumentedOperation> {
    const operations = new Map<string, DocumentedOperation>();
    for (const [path, item] of Object.entries(this.json.paths)) {
      for (const method of METHODS) {
        if (item[method] !== undefined) operations.set(`${method.toUpperCase()} ${path}`, item[method]);
      }
    }
    return operations;
  }

  /** The path of the document that a request's path is of. */
  findPath(requested: string): string | undefined {
    const parts = requested.replace(/\?.*/u, '').split('/');
    const fits = (path: string): boolean => {
      const template = path.split('/');
      return template.length === parts.length && template.every((part, i) => part.startsWith('{') || part === parts[i]);
    };
    // One without parameters goes first.
    const isExact = (path: string): number => (path.includes('{') ? 1 : 0);
    return Object.keys(this.json.paths)
      .toSorted((a, b) => isExact(a) - isExact(b))
      .find(fits);
  }

  /** What of an answer the document does not say. HEAD is as GET, without a body. */
  problems(method: string, requested: string, head: AnswerHead, body: string): string[] {
    const status = head.statusCode ?? 0;
    const path = this.findPath(requested);
    const name = method === 'HEAD' ? 'get' : method.toLowerCase();
    const operation = path === undefined ? undefined : this.json.paths[path]?.[name];
    if (operation === undefined)
      return [400, 401, 404, 405].includes(status) || method === 'OPTIONS' ? [] : ['no such operation'];
    const answer = operation.responses[status] ?? operation.responses['default'];
    if (answer === undefined) return [`the status ${status} is not described`];
    const missing = Object.keys(answer.headers ?? {})
      .filter((header) => header.startsWith('spacetime-identity') && status < 400)
      .filter((header) => head.headers[header] === undefined)
      .map((header) => `the header ${header} is missing`);
    return [...missing, ...this.#bodyProblems(answer, head.headers, method === 'HEAD' ? '' : body)];
  }

  #bodyProblems({ content = {} }: Answered, headers: AnswerHead['headers'], body: string): string[] {
    if (body === '') return [];
    const type = headers['content-type']?.toString() ?? '';
    // A module answers what it likes.
    if (content['application/octet-stream'] !== undefined) return [];
    const described = content[type];
    if (described === undefined) return [`the content type ${JSON.stringify(type)} is not described`];
    const values = type === 'application/x-ndjson' ? body.trimEnd().split('\n') : [body];
    return values.flatMap((text) => {
      const value: unknown = type.includes('json') ? JSON.parse(text) : text;
      return schemaProblems(value, described.schema, this.json.components.schemas);
    });
  }
}
