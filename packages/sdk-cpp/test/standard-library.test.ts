// Modules import nothing but the host's functions, whatever they use of the standard library.
import { expect, test } from 'vitest';
import { exampleModule, testModule } from './support/modules.ts';
import { RawHost } from './support/raw-host.ts';

test.each([
  testModule('claims'),
  testModule('codec'),
  testModule('library'),
  testModule('tables'),
  exampleModule('features-cpp'),
  exampleModule('quickstart-chat-cpp'),
  exampleModule('transfers-cpp'),
])('%s imports nothing but the host', (path) => {
  const { imports } = RawHost.ofFile(path);
  expect(imports.length).toBeGreaterThan(0);
  expect(imports.filter((from) => !/^spacetime_10\.[0-5]$/.test(from))).toEqual([]);
});

test('what is printed are lines of the log', () => {
  const host = RawHost.ofFile(testModule('library'));
  host.reducer('print', Uint8Array.of(2, 0, 0, 0, 0x68, 0x69));
  expect(host.log).toEqual(['2 printf hi', '2 cout hi', '0 stderr hi', '2 an unfinished line, finished']);
});

test('the clock stands at the time of the call, and there is neither environment nor files', () => {
  const host = RawHost.ofFile(testModule('library'));
  const looked = (): string => Buffer.from(host.reducer('look_around', new Uint8Array()).sink).toString();
  expect(looked()).toBe('time 1700000000000000, home none, file none, two 2, call 1');
  expect(looked()).toMatch(/call 2$/);
});

test.each(['leave', 'give_up'])('%s ends the call', (reducer) => {
  const host = RawHost.ofFile(testModule('library'));
  expect(() => host.reducer(reducer, new Uint8Array())).toThrow(WebAssembly.RuntimeError);
});
