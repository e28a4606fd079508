/**
 * The name that a camelCase name of the source gets in the module definition: `sendMessage` becomes `send_message`.
 *
 * A name that begins with a capital or has none stays as it is; digits do not begin a word (the host's own conversion
 * of names comes on top, see docs/compatibility.md).
 */
export function snakeCase(name: string): string {
  if (/^[A-Z]/.test(name)) return name;
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase();
}
