import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { toCamelCase, toPascalCase, toSnakeCase } from './case-conversion.ts';

interface Vector {
  readonly name: string;
  readonly snake: string;
  readonly camel: string;
  readonly pascal: string;
}
const vectors = JSON.parse(
  readFileSync(new URL('../../vectors/case-conversion.json', import.meta.url), 'utf8'),
) as Vector[];

test('names are converted as by the crate convert_case 0.6.0', () => {
  const converted = vectors.map(({ name }) => ({
    name,
    snake: toSnakeCase(name),
    camel: toCamelCase(name),
    pascal: toPascalCase(name),
  }));
  expect(vectors.length).toBe(300);
  expect(converted).toEqual(vectors);
});
