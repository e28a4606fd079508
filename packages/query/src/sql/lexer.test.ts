import { expect, test } from 'vitest';
import { tokenize } from './lexer.ts';

test.each([
  { text: 'SELECT *', tokens: ['word SELECT', 'symbol *'] },
  { text: '"a ""b"" c"', tokens: ['quotedWord a "b" c'] },
  { text: "'it''s'", tokens: ["string it's"] },
  { text: "''", tokens: ['string '] },
  { text: '5. .05 05 1e-3 1.5E+2', tokens: ['number 5.', 'number .05', 'number 05', 'number 1e-3', 'number 1.5E+2'] },
  { text: '1e', tokens: ['number 1', 'word e'] },
  { text: '1_0', tokens: ['number 1', 'word _0'] },
  { text: "0xAb 0x X'01' x''", tokens: ['hex Ab', 'hex ', 'hex 01', 'hex '] },
  { text: '0X10', tokens: ['number 0', 'word X10'] },
  { text: "b'01'", tokens: ['word b', 'string 01'] },
  { text: "N'a' e'b'", tokens: ["otherLiteral N'a'", "otherLiteral E'b'"] },
  { text: '$$a$$ $t$b$c$t$', tokens: ['otherLiteral $$a$$', 'otherLiteral $t$b$c$t$'] },
  { text: '$1 ?', tokens: ['otherLiteral $1', 'otherLiteral ?'] },
  { text: ':sender :SENDER :sender2', tokens: ['sender :sender', 'otherLiteral :SENDER', 'otherLiteral :sender2'] },
  { text: 'n::int', tokens: ['word n', 'symbol ::', 'word int'] },
  {
    text: 'a<=b<>c!=d<=>e==f',
    tokens: [
      'word a',
      'symbol <=',
      'word b',
      'symbol <>',
      'word c',
      'symbol !=',
      'word d',
      'symbol <=>',
      'word e',
      'symbol ==',
      'word f',
    ],
  },
  { text: 'a -- b\nc /* d /* e */ f */ g', tokens: ['word a', 'word c', 'word g'] },
  { text: 'größe 表 _x$1', tokens: ['word größe', 'word 表', 'word _x$1'] },
  { text: '`💥', tokens: ['symbol `', 'symbol 💥'] },
])('$text', ({ text, tokens }) => {
  const found = tokenize(text).slice(0, -1);
  expect(found.map((token) => `${token.kind} ${token.text}`)).toEqual(tokens);
  for (const { start, end } of found) expect(end).toBeGreaterThan(start);
});

test.each([
  { text: "SELECT 'a", message: 'sql parser error: Unterminated string literal at Line: 1, Column 8' },
  { text: '\n  "a', message: "sql parser error: Expected close delimiter '\"' before EOF. at Line: 2, Column 3" },
  { text: "X'a", message: 'sql parser error: Unterminated string literal at Line: 1, Column 2' },
  { text: '/* /* */', message: 'sql parser error: Unexpected EOF while in a multi-line comment' },
  { text: '$a$ b', message: 'sql parser error: Unterminated dollar-quoted string at Line: 1, Column 1' },
])('$text is refused', ({ text, message }) => {
  expect(() => tokenize(text)).toThrow(expect.objectContaining({ code: 'QUERY_SYNTAX', message }));
});
