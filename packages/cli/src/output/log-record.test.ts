import { expect, test } from 'vitest';
import { LogRecord } from './log-record.ts';

test.each([
  {
    name: 'a record of the module',
    line: '{"level":"Warn","ts":1700000000000000,"target":"m","filename":"src/lib.rs","line_number":3,"function":"add","message":"hi"}',
    text: '2023-11-14T22:13:20+00:00  WARN: add src/lib.rs:3: hi',
  },
  {
    name: 'a record without a source',
    line: '{"level":"Info","ts":0,"message":"hi"}',
    text: '1970-01-01T00:00:00+00:00  INFO: hi',
  },
  {
    name: 'a line number alone',
    line: '{"level":"Info","ts":0,"filename":"a.rs","message":"hi"}',
    text: '1970-01-01T00:00:00+00:00  INFO: a.rs: hi',
  },
  {
    name: 'a panic with its frames',
    line: '{"level":"Panic","ts":0,"message":"no\\nmore","trace":[{"module_name":"m","func_name":"f"},{"func_name":"g"},{}]}',
    text: '1970-01-01T00:00:00+00:00 PANIC: no\nmore\n    in m :: f\n    in g\n    in unknown',
  },
  {
    name: 'a message that would command the terminal',
    line: '{"level":"Info","ts":0,"message":"\\u001b[2Jgone"}',
    text: '1970-01-01T00:00:00+00:00  INFO: \\u{1b}[2Jgone',
  },
])('$name', ({ line, text }) => {
  expect(LogRecord.parse(line)?.format()).toBe(text);
});

test.each(['', 'no JSON', '{"message":"x"}', '5'])('%j is no record', (line) => {
  expect(LogRecord.parse(line)).toBeUndefined();
});
