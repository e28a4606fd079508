// The real compiler, which comes with this package.
import { lstatSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { TestUser } from './run.ts';

interface Config {
  readonly options: { readonly outFile: string };
}

test('what init writes builds, also where a link leads to a command line that is gone', async () => {
  const user = new TestUser();
  expect((await user.run(['init', '--lang', 'assemblyscript', 'chat'])).exitCode).toBe(0);
  user.folder = join(user.home, 'chat');
  const link = join(user.folder, 'spacetimedb', 'node_modules', '@lightcone', 'sdk-assemblyscript');
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(join(user.home, 'gone'), link);
  const run = await user.run(['build']);
  expect(run).toMatchObject({ exitCode: 0, noted: expect.stringContaining('Build finished') as string });
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  const program = readFileSync(join(user.folder, run.printed.trim()));
  // Where the compiler puts it that somebody starts by hand.
  const config = JSON.parse(readFileSync(join(user.folder, 'spacetimedb', 'asconfig.json'), 'utf8')) as Config;
  expect(run.printed.trim()).toBe(join('spacetimedb', config.options.outFile));
  expect(WebAssembly.validate(program)).toBe(true);
  // The compiler keeps nothing of one build that changes the next, as `dev` needs it.
  const again = await user.run(['build']);
  expect(readFileSync(join(user.folder, again.printed.trim()))).toEqual(program);
});
