type Schema = Readonly<Record<string, unknown>>;

const ANNOTATIONS = new Set(['description']);

/**
 * Checks a value against the part of JSON Schema that our documents use; a keyword beyond it is a problem, too, so that
 * none is written down and never checked.
 * @param named the schemas that `$ref` may name
 * @returns where the value differs, and how
 */
export function schemaProblems(value: unknown, schema: Schema, named: Readonly<Record<string, Schema>>): string[] {
  return problemsAt('', value, schema, named);
}

function problemsAt(where: string, value: unknown, schema: Schema, named: Readonly<Record<string, Schema>>): string[] {
  return Object.entries(schema).flatMap(([keyword, argument]) => {
    if (ANNOTATIONS.has(keyword)) return [];
    const check = keywords[keyword];
    if (check === undefined) return [`${where}: the keyword ${keyword} is not checked`];
    return check(where, value, argument, named, schema);
  });
}

type Check = (
  where: string,
  value: unknown,
  argument: unknown,
  named: Readonly<Record<string, Schema>>,
  schema: Schema,
) => string[];

const claim =
  (holds: (value: never, argument: never) => boolean): Check =>
  (where, value, argument) =>
    holds(value as never, argument as never)
      ? []
      : [`${where}: ${JSON.stringify(value)?.slice(0, 100)} is not as ${JSON.stringify(argument)}`];

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const types: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  integer: Number.isInteger,
  null: (value) => value === null,
  array: Array.isArray,
  object: isObject,
};

const keywords: Readonly<Record<string, Check>> = {
  type: claim((value: unknown, type: string | string[]) => [type].flat().some((name) => types[name]?.(value) === true)),
  enum: claim((value: unknown, choices: unknown[]) => choices.includes(value)),
  const: claim((value: unknown, constant: unknown) => value === constant),
  pattern: claim((value: string, pattern: string) => new RegExp(pattern, 'u').test(value)),
  minimum: claim((value: number, least: number) => value >= least),
  maximum: claim((value: number, most: number) => value <= most),
  minItems: claim((value: unknown[], least: number) => value.length >= least),
  maxItems: claim((value: unknown[], most: number) => value.length <= most),
  required: claim((value: object, names: string[]) => names.every((name) => Object.hasOwn(value, name))),
  properties: (where, value, properties, named) => {
    if (!isObject(value)) return [];
    return Object.entries(properties as Record<string, Schema>).flatMap(([name, schema]) =>
      Object.hasOwn(value, name) ? problemsAt(`${where}.${name}`, value[name], schema, named) : [],
    );
  },
  additionalProperties: (where, value, isAllowed, _named, { properties }) => {
    if (isAllowed !== false || !isObject(value)) return [];
    const known = new Set(Object.keys(properties as object));
    const others = Object.keys(value).filter((name) => !known.has(name));
    return others.map((name) => `${where}: the member ${name} is not described`);
  },
  items: (where, value, schema, named) => {
    if (!Array.isArray(value)) return [];
    return value.flatMap((item, i) => problemsAt(`${where}[${i}]`, item, schema as Schema, named));
  },
  oneOf: (where, value, schemas, named) => {
    const found = (schemas as Schema[]).map((schema) => problemsAt(where, value, schema, named));
    const fitting = found.filter((problems) => problems.length === 0).length;
    return fitting === 1 ? [] : [`${where}: fits ${fitting} of the alternatives`, ...found.flat()];
  },
  $ref: (where, value, name, named) => {
    const schema = named[String(name).replace('#/components/schemas/', '')];
    return schema === undefined ? [`${where}: there is no ${String(name)}`] : problemsAt(where, value, schema, named);
  },
};
