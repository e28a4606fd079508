import { QueryError } from '../errors.ts';
import type { Token } from './token.ts';

// Sticky expressions, each tried at one offset; none can backtrack over more than its own match.
const BLANK = /[\s\u200b]+/y;
const WORD = /[\p{L}_][\p{L}\p{N}_$]*/uy;
const HEX_NUMBER = /0x[0-9a-fA-F]*/y;
const NUMBER = /(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?/y;
const DOLLAR_TAG = /\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/uy;
const POSITIONAL = /\$[0-9]+|\?/y;
const PLACEHOLDER = /:(?:[\p{L}_][\p{L}\p{N}_$]*|[0-9]+)/uy;
const SYMBOL = /<=>|->>|<>|<=|>=|==|!=|\|\||::|:=|=>|->|<<|>>|&&|[-+*/%=<>(),;.:&|^~#@![\]{}\\]/y;

/** Splits SQL text into tokens, the last of which has kind `end`. @throws QueryError `QUERY_SYNTAX` */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;

  /** Where what a pattern finds here ends; -1 if it finds nothing. Makes no objects, as `exec` does. */
  function endOf(pattern: RegExp): number {
    pattern.lastIndex = at;
    return pattern.test(text) ? pattern.lastIndex : -1;
  }
  function push(kind: Token['kind'], content: string, end: number, keyword = ''): void {
    tokens.push({ kind, text: content, start: at, end, keyword });
    at = end;
  }

  while (at < text.length) {
    const blankEnd = endOf(BLANK);
    if (blankEnd >= 0) {
      at = blankEnd;
      continue;
    }
    if (text.startsWith('--', at)) {
      const newline = text.indexOf('\n', at);
      at = newline < 0 ? text.length : newline + 1;
      continue;
    }
    if (text.startsWith('/*', at)) {
      at = blockCommentEnd(text, at);
      continue;
    }
    const first = text.charAt(at);
    if (first === "'") {
      const end = quotedEnd(text, at, "'", 'Unterminated string literal');
      push('string', unquote(text, at, end, "'"), end);
      continue;
    }
    if (first === '"') {
      const end = quotedEnd(text, at, '"', "Expected close delimiter '\"' before EOF.");
      push('quotedWord', unquote(text, at, end, '"'), end);
      continue;
    }
    if ('xXnNeE'.includes(first) && text.charAt(at + 1) === "'") {
      const end = quotedEnd(text, at + 1, "'", 'Unterminated string literal');
      const content = unquote(text, at + 1, end, "'");
      if (first === 'x' || first === 'X') push('hex', content, end);
      else push('otherLiteral', `${first.toUpperCase()}${text.slice(at + 1, end)}`, end);
      continue;
    }
    const wordEnd = endOf(WORD);
    if (wordEnd >= 0) {
      const word = text.slice(at, wordEnd);
      push('word', word, wordEnd, word.toUpperCase());
      continue;
    }
    const hexEnd = endOf(HEX_NUMBER);
    if (hexEnd >= 0) {
      push('hex', text.slice(at + '0x'.length, hexEnd), hexEnd);
      continue;
    }
    const numberEnd = endOf(NUMBER);
    if (numberEnd >= 0) {
      push('number', text.slice(at, numberEnd), numberEnd);
      continue;
    }
    const tagEnd = endOf(DOLLAR_TAG);
    if (tagEnd >= 0) {
      const tag = text.slice(at, tagEnd);
      const closing = text.indexOf(tag, tagEnd);
      if (closing < 0) throw syntaxError('Unterminated dollar-quoted string', text, at);
      push('otherLiteral', text.slice(at, closing + tag.length), closing + tag.length);
      continue;
    }
    const positionalEnd = endOf(POSITIONAL);
    if (positionalEnd >= 0) {
      push('otherLiteral', text.slice(at, positionalEnd), positionalEnd);
      continue;
    }
    const placeholderEnd = endOf(PLACEHOLDER);
    // `::` is a cast, so a colon before a word is a placeholder only when no colon precedes it.
    if (placeholderEnd >= 0 && text.charAt(at - 1) !== ':') {
      const placeholder = text.slice(at, placeholderEnd);
      push(placeholder === ':sender' ? 'sender' : 'otherLiteral', placeholder, placeholderEnd);
      continue;
    }
    const symbolEnd = endOf(SYMBOL);
    const symbol = symbolEnd >= 0 ? text.slice(at, symbolEnd) : String.fromCodePoint(text.codePointAt(at) ?? 0);
    push('symbol', symbol, at + symbol.length, symbol);
  }
  push('end', '', at);
  return tokens;
}

/** A failure of the grammar at an offset of the text; without a place at its end. */
export function syntaxError(message: string, text: string, offset: number): QueryError {
  if (offset >= text.length) return new QueryError('QUERY_SYNTAX', `sql parser error: ${message}`);
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  const column = offset - before.lastIndexOf('\n');
  return new QueryError('QUERY_SYNTAX', `sql parser error: ${message} at Line: ${line}, Column ${column}`);
}

/** Where a quoted text that starts at `start` ends; a doubled quote stands for itself. */
function quotedEnd(text: string, start: number, quote: string, unterminated: string): number {
  let at = start + 1;
  for (;;) {
    const closing = text.indexOf(quote, at);
    if (closing < 0) throw syntaxError(unterminated, text, start);
    if (text.charAt(closing + 1) !== quote) return closing + 1;
    at = closing + 2;
  }
}

function unquote(text: string, start: number, end: number, quote: string): string {
  return text.slice(start + 1, end - 1).replaceAll(quote + quote, quote);
}

/** Block comments nest, as in PostgreSQL. */
function blockCommentEnd(text: string, start: number): number {
  const edge = /\/\*|\*\//g;
  edge.lastIndex = start;
  let depth = 0;
  for (let found = edge.exec(text); found; found = edge.exec(text)) {
    depth += found[0] === '/*' ? 1 : -1;
    if (depth === 0) return edge.lastIndex;
  }
  throw syntaxError('Unexpected EOF while in a multi-line comment', text, text.length);
}
