import { QueryError } from '../errors.ts';
import type { Token } from './token.ts';

// Sticky expressions, each tried at one offset; none can backtrack over more than its own match.
const BLANK = /[\s\u200b]+/y;
const WORD = /[\p{L}_][\p{L}\p{N}_$]*/uy;
const HEX_NUMBER = /0x([0-9a-fA-F]*)/y;
const NUMBER = /(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?/y;
const DOLLAR_TAG = /\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/uy;
const POSITIONAL = /\$[0-9]+|\?/y;
const PLACEHOLDER = /:([\p{L}_][\p{L}\p{N}_$]*|[0-9]+)/uy;
const SYMBOL = /<=>|->>|<>|<=|>=|==|!=|\|\||::|:=|=>|->|<<|>>|&&|[-+*/%=<>(),;.:&|^~#@![\]{}\\]/y;

/** Splits SQL text into tokens, the last of which has kind `end`. @throws QueryError `QUERY_SYNTAX` */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;

  function match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = at;
    return pattern.exec(text);
  }
  function push(kind: Token['kind'], content: string, end: number, keyword = ''): void {
    tokens.push({ kind, text: content, start: at, end, keyword });
    at = end;
  }

  while (at < text.length) {
    const blank = match(BLANK);
    if (blank) {
      at += blank[0].length;
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
    const word = match(WORD);
    if (word) {
      push('word', word[0], at + word[0].length, word[0].toUpperCase());
      continue;
    }
    const hex = match(HEX_NUMBER);
    if (hex) {
      push('hex', hex[1] ?? '', at + hex[0].length);
      continue;
    }
    const number = match(NUMBER);
    if (number) {
      push('number', number[0], at + number[0].length);
      continue;
    }
    const tag = match(DOLLAR_TAG);
    if (tag) {
      const closing = text.indexOf(tag[0], at + tag[0].length);
      if (closing < 0) throw syntaxError('Unterminated dollar-quoted string', text, at);
      push('otherLiteral', text.slice(at, closing + tag[0].length), closing + tag[0].length);
      continue;
    }
    const positional = match(POSITIONAL);
    if (positional) {
      push('otherLiteral', positional[0], at + positional[0].length);
      continue;
    }
    const placeholder = match(PLACEHOLDER);
    // `::` is a cast, so a colon before a word is a placeholder only when no colon precedes it.
    if (placeholder && text.charAt(at - 1) !== ':') {
      push(placeholder[0] === ':sender' ? 'sender' : 'otherLiteral', placeholder[0], at + placeholder[0].length);
      continue;
    }
    const symbol = match(SYMBOL)?.[0] ?? String.fromCodePoint(text.codePointAt(at) ?? 0);
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
