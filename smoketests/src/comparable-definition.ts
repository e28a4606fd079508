type Json = null | boolean | number | string | readonly Json[] | JsonObject;
interface JsonObject {
  readonly [key: string]: Json;
}

/** Lists whose order means something: what is in them is looked up by position, or first come first served. */
const ORDERED = new Set(['elements', 'variants', 'columns', 'httpRoutes', 'HttpRoutes']);
/** Positions of types, in the bytes and in the document. */
const TYPE_REFERENCES = new Set(['ref', 'Ref', 'productTypeRef', 'product_type_ref']);

/**
 * A definition, decoded from its bytes or as a schema document, such that two are equal if and only if they mean the
 * same: types are named instead of numbered, and lists without an order are sorted.
 */
export function comparableDefinition(definition: unknown): unknown {
  const plain = JSON.parse(JSON.stringify(definition, plainValue)) as JsonObject;
  const { typespace, types, ...parts } = 'sections' in plain ? fromDocument(plain) : plain;
  const entries = (types as readonly JsonObject[]).map((type) => [Number(type['ty'] ?? type['ref']), type] as const);
  const names = new Map(entries.map(([ref, type]) => [ref, typeName(type)]));
  const named = entries.map(([ref, type]) => ({
    name: typeName(type),
    ordering: type['customOrdering'] ?? type['custom_ordering'],
    type: rewrite((typespace as readonly Json[])[ref] ?? null, 'type', names),
  }));
  return { types: sorted(named), parts: rewrite(parts, '', names) };
}

function plainValue(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}`;
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
}

/** A document is a list of sections, in any order. */
function fromDocument({ sections }: JsonObject): JsonObject {
  const {
    Typespace: typespace,
    Types: types,
    ...parts
  } = Object.assign({}, ...(sections as JsonObject[])) as JsonObject;
  return { typespace: (typespace as JsonObject)['types'] ?? [], types: types ?? [], ...parts };
}

function typeName(type: JsonObject): string {
  const { scope, name, source_name: source } = { ...type, ...(type['source_name'] as JsonObject | undefined) };
  return [...((scope ?? []) as string[]), (name ?? source) as string].join('.');
}

function rewrite(json: Json, key: string, names: ReadonlyMap<number, string>): unknown {
  if (TYPE_REFERENCES.has(key)) {
    const name = names.get(Number(json));
    if (name === undefined) throw new Error(`type ${JSON.stringify(json)} has no name`);
    return name;
  }
  if (Array.isArray(json)) {
    const list = (json as readonly Json[]).map((element) => rewrite(element, '', names));
    return ORDERED.has(key) ? list : sorted(list);
  }
  if (json === null || typeof json !== 'object') return json;
  // A view's index is its position, which is the language's own matter.
  const members = Object.entries(json).filter(([name]) => name !== 'index');
  return Object.fromEntries(members.map(([name, value]) => [name, rewrite(value, name, names)]));
}

function sorted(list: readonly unknown[]): unknown[] {
  return [...list].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}
