/** As of ECMAScript 2026: TypeScript's libraries do not have all of it yet. */
const json = JSON as unknown as {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): unknown;
  isRawJSON(value: unknown): boolean;
};

/**
 * Parses JSON whose numbers `JSON.stringify` is to write as they stand: ids of 64 bits are more than a number holds. What
 * is in the place of a number can only be written again; `isExactNumber` knows it.
 */
export function parseExact(text: string): unknown {
  return json.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined ? json.rawJSON(source) : value,
  );
}

/** Whether it is what `parseExact` makes of a number. */
export function isExactNumber(value: unknown): boolean {
  return json.isRawJSON(value);
}
