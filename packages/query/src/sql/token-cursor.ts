import { QueryError, type QueryErrorCode } from '../errors.ts';
import { syntaxError, tokenize } from './lexer.ts';
import { printTokens } from './print-tokens.ts';
import { type Token, tokenText } from './token.ts';

/** The base grammar refuses an expression nested deeper than this. */
const MAX_NESTING = 48;

/**
 * A place in a statement's tokens, and what was refused so far.
 *
 * Two kinds of error: text that breaks the grammar throws at once. Text that is grammatical SQL but not
 * supported is only noted, since an error of grammar further on comes first; `throwRefusal` ends the statement.
 */
export class TokenCursor {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  readonly #refusals: Refusal[] = [];
  readonly #reprints = new Map<number, string>();
  #nesting = 0;
  /** Index of the next token. */
  position = 0;
  /** Whether a column was named without its table. */
  sawUnqualifiedName = false;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokenize(text);
  }

  peek(ahead = 0): Token {
    const last = this.#tokens.length - 1;
    return this.#tokens[Math.min(this.position + ahead, last)]!; // the lexer always ends with an end token
  }
  next(): Token {
    const token = this.peek();
    if (token.kind !== 'end') this.position += 1;
    return token;
  }
  /** Whether the next token is this keyword or symbol. */
  is(keyword: string): boolean {
    return this.peek().keyword === keyword;
  }
  /** Whether the next token is a keyword or symbol of the set. */
  isOneOf(keywords: ReadonlySet<string>): boolean {
    return keywords.has(this.peek().keyword);
  }
  take(keyword: string): boolean {
    if (!this.is(keyword)) return false;
    this.next();
    return true;
  }
  expect(keyword: string): void {
    if (!this.take(keyword)) throw this.unexpected(keyword);
  }
  isIdentifier(ahead = 0): boolean {
    const { kind } = this.peek(ahead);
    return kind === 'word' || kind === 'quotedWord';
  }
  identifier(): string {
    if (!this.isIdentifier()) throw this.unexpected('identifier');
    return this.next().text;
  }
  /** `ident { '.' ident }`, as the list of its parts. */
  dottedName(): string[] {
    const parts = [this.identifier()];
    while (this.take('.')) parts.push(this.identifier());
    return parts;
  }
  /** Whether the token before is this keyword or symbol. */
  isAfter(keyword: string): boolean {
    return this.#tokens[this.position - 1]?.keyword === keyword;
  }
  isStatementEnd(): boolean {
    return this.is(';') || this.peek().kind === 'end';
  }

  unexpected(expected: string): QueryError {
    const token = this.peek();
    return syntaxError(`Expected ${expected}, found: ${tokenText(token)}`, this.#text, token.start);
  }

  /** From the `(` that comes next to past its `)`. */
  skipParentheses(): void {
    let depth = 0;
    do {
      if (this.is('(')) depth += 1;
      else if (this.is(')')) depth -= 1;
      else if (this.peek().kind === 'end') throw this.unexpected(')');
      this.next();
    } while (depth > 0);
  }
  skipStatement(): void {
    while (!this.isStatementEnd()) {
      if (this.is('(')) this.skipParentheses();
      else this.next();
    }
  }

  /** Counts one level of nesting around `parse`. */
  nested<T>(parse: () => T): T {
    this.#nesting += 1;
    if (this.#nesting > MAX_NESTING) {
      throw new QueryError('QUERY_SYNTAX', 'sql parser error: recursion limit exceeded');
    }
    const parsed = parse();
    this.#nesting -= 1;
    return parsed;
  }

  /** The text from a token to the current one. */
  printFrom(position: number): string {
    return printTokens(this.#tokens, position, this.position, this.#reprints);
  }

  /** Says what error messages have in place of a token: see `printTokens`. */
  reprint(position: number, text: string): void {
    this.#reprints.set(position, text);
  }

  /** What error messages have for a token. */
  printedAt(position: number): string {
    return printTokens(this.#tokens, position, position + 1, this.#reprints);
  }

  /** How much was refused so far: refusing a whole takes back what was refused about its parts. */
  mark(): number {
    return this.#refusals.length;
  }
  /** Takes back what was refused since `mark`. */
  forgive(mark: number): void {
    this.#refusals.length = Math.min(this.#refusals.length, mark);
  }
  refuse(mark: number, message: string, code: QueryErrorCode = 'QUERY_UNSUPPORTED'): void {
    this.forgive(mark);
    this.#refusals.push({ code, message, textStart: 0, textEnd: 0 });
  }
  /** Refuses the text from a token to the current one, with that text after the message. */
  refuseFrom(position: number, mark: number, message: string): void {
    this.forgive(mark);
    const code = 'QUERY_UNSUPPORTED';
    this.#refusals.push({ code, message: `${message}: `, textStart: position, textEnd: this.position });
  }
  /** Throws the first refusal, if there is one. */
  throwRefusal(): void {
    const [first] = this.#refusals;
    if (!first) return;
    const text = printTokens(this.#tokens, first.textStart, first.textEnd, this.#reprints);
    throw new QueryError(first.code, first.message + text);
  }
}

/** Printed only when it is thrown: parts of parts may be refused and taken back, each with a long text. */
interface Refusal {
  readonly code: QueryErrorCode;
  readonly message: string;
  /** Tokens whose text follows the message. */
  readonly textStart: number;
  readonly textEnd: number;
}
