import { expect, test } from 'vitest';
import { type ResolvedAddress, systemResolver } from './system-resolver.ts';

test('two names are looked up at a time, the others wait in order, also behind failures', async () => {
  const running: { hostname: string; answer: PromiseWithResolvers<ResolvedAddress[]> }[] = [];
  const resolve = systemResolver((hostname) => {
    const answer = Promise.withResolvers<ResolvedAddress[]>();
    running.push({ hostname, answer });
    return answer.promise;
  });
  const started = (): string => running.map(({ hostname }) => hostname).join('');
  const resolving = ['a', 'b', 'c', 'd'].map((hostname) => resolve(hostname));
  expect(started()).toBe('ab');
  running[1]!.answer.reject(new Error('no b'));
  await expect(resolving[1]).rejects.toThrow('no b');
  expect(started()).toBe('abc');
  running[0]!.answer.resolve([{ address: '192.0.2.1', family: 4 }]);
  await expect(resolving[0]).resolves.toEqual([{ address: '192.0.2.1', family: 4 }]);
  expect(started()).toBe('abcd');
  for (const { answer } of running) answer.resolve([]);
  await Promise.all([resolving[2], resolving[3]]);
  void resolve('e');
  expect(started()).toBe('abcde');
});
