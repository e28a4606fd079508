/**
 * One token of SQL text.
 *
 * | kind | text |
 * | --- | --- |
 * | word | an unquoted identifier or keyword, as written |
 * | quotedWord | a `"quoted"` identifier, without its quotes |
 * | number | digits, point and exponent, as written |
 * | string | a `'string'`, without its quotes |
 * | hex | the digits of `0xAB` or `X'AB'` |
 * | otherLiteral | a literal form that is never supported (`N'a'`, `$$a$$`, `?`, `:name`), as it is printed |
 * | sender | `:sender` |
 * | symbol | an operator or punctuation |
 * | end | nothing; the end of the text |
 */
export interface Token {
  readonly kind: 'word' | 'quotedWord' | 'number' | 'string' | 'hex' | 'otherLiteral' | 'sender' | 'symbol' | 'end';
  readonly text: string;
  /** Offset of its first character in the SQL text. */
  readonly start: number;
  /** Offset after its last character. */
  readonly end: number;
  /** For an unquoted word its upper-case form, for a symbol the symbol; otherwise empty. Keywords are matched by it. */
  readonly keyword: string;
}

/** The token as SQL text. */
export function tokenText(token: Token): string {
  switch (token.kind) {
    case 'quotedWord':
      return `"${token.text.replaceAll('"', '""')}"`;
    case 'string':
      return `'${token.text.replaceAll("'", "''")}'`;
    case 'hex':
      return `X'${token.text}'`;
    case 'end':
      return 'EOF';
    default:
      return token.text;
  }
}
