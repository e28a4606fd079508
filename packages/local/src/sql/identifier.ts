/** `name` as a quoted identifier. The only way in which a name gets into SQL in this package. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
