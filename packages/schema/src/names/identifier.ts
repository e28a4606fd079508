const IDENTIFIER = /^[\p{XIDS}_]\p{XIDC}*$/u;
const FIRST = /^[\p{XIDS}_]/u;
const NOT_CONTINUE = /[^\p{XIDC}]/u;

/**
 * What keeps `name` from being an identifier: a sentence, or undefined when nothing does.
 *
 * Identifiers follow Unicode Standard Annex 31 with `_` as a further first character, and must be
 * in normalization form C (Annex 15). No word is reserved: SQL keywords are fine.
 */
export function identifierProblem(name: string): string | undefined {
  if (name === '') return 'Empty identifiers are forbidden.';
  if (name !== name.normalize('NFC')) {
    return `Identifier \`${name}\` is not in normalization form C according to Unicode Standard Annex 15.`;
  }
  if (IDENTIFIER.test(name)) return undefined;
  const [first] = name;
  if (!FIRST.test(name)) {
    return `Identifier \`${name}\`'s starting character '${first}' is neither an underscore ('_') nor a Unicode XID_start character.`;
  }
  const wrong = NOT_CONTINUE.exec(name)?.[0];
  return `Identifier \`${name}\` contains a character '${wrong}' that is not a Unicode XID_continue character.`;
}
