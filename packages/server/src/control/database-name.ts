/** What a URL names a database by: its identity (64 lower-case hex digits) or a name. */
export type DatabaseReference =
  | { readonly tag: 'identity'; readonly identity: string }
  | { readonly tag: 'name'; readonly name: string };

/** The identity that a text of 64 hex digits, `0x` before them or not, stands for. */
function parseIdentity(text: string): string | undefined {
  const [, digits] = /^(?:0x)?([0-9a-fA-F]{64})$/u.exec(text) ?? [];
  return digits?.toLowerCase();
}

/** What is wrong with a text as a database name, in the words that tools know; undefined if nothing. */
export function databaseNameProblem(text: string): string | undefined {
  if (text === '') return 'database names cannot be empty';
  if (parseIdentity(text) !== undefined) return 'database names cannot be identities';
  if (!/^[a-z0-9-]*$/u.test(text)) return 'invalid characters in database name';
  if (!/^[a-z0-9]+(?:-[a-z0-9]+)*$/u.test(text)) return 'invalid hyphen in database name';
  return undefined;
}

/** Reads the part of a URL that names a database; a string is the problem with it. */
export function parseDatabaseReference(text: string): DatabaseReference | string {
  const identity = parseIdentity(text);
  if (identity !== undefined) return { tag: 'identity', identity };
  return databaseNameProblem(text) ?? { tag: 'name', name: text };
}
