import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { CliError } from '../src/errors.ts';
import { findLanguage } from '../src/build/find-language.ts';
import { FakeCompilers } from './fake-compilers.ts';
import { TestUser } from './run.ts';

let user: TestUser;
let compilers: FakeCompilers;

beforeEach(() => {
  user = new TestUser();
  compilers = new FakeCompilers(user.home);
  user.environment = { PATH: compilers.folder };
});

function write(path: string, text: string): void {
  mkdirSync(dirname(join(user.home, path)), { recursive: true });
  writeFileSync(join(user.home, path), text);
}

describe('in Rust', () => {
  beforeEach(() => {
    compilers.addRust();
    write('m/Cargo.toml', '');
    write('m/src/lib.rs', 'a module');
  });

  test('cargo builds for WebAssembly, and what it says is passed on', async () => {
    const run = await user.run(['build', '-p', 'm']);
    expect(run).toMatchObject({
      exitCode: 0,
      printed: `${join('m', 'target', 'module.wasm')}\n`,
      noted: expect.stringContaining('Compiling module') as string,
    });
    expect(run.noted).toContain('wasm-opt of binaryen is not installed');
    expect(readFileSync(join(compilers.folder, 'cargo.log'), 'utf8')).toBe(
      'build --release --target wasm32-unknown-unknown --message-format=json-render-diagnostics\n',
    );
  });

  test('wasm-opt makes the result smaller where it is installed', async () => {
    compilers.add('wasm-opt', "fs.writeFileSync(args.at(-1), 'small');");
    const { printed } = await user.run(['build', '--module-path', 'm']);
    expect(readFileSync(join(user.home, printed.trim()), 'utf8')).toBe('small');
  });

  test('--debug builds without --release and optimisation', async () => {
    compilers.add('wasm-opt', 'process.exit(1);');
    expect((await user.run(['build', '-p', 'm', '--debug'])).exitCode).toBe(0);
    expect(readFileSync(join(compilers.folder, 'cargo.log'), 'utf8')).not.toContain('--release');
  });

  test.each([
    {
      what: 'a mistake in the module',
      script: "console.error('error: here'); process.exit(101);",
      says: 'error: here',
    },
    { what: 'a crate that is no cdylib', script: '', says: 'crate-type = ["cdylib"]' },
    {
      what: 'a workspace of several modules',
      script: `console.log(JSON.stringify({ reason: 'compiler-artifact', filenames: ['/a.wasm', '/b.wasm'] }));`,
      says: 'builds 2 modules, and only one can be meant',
    },
  ])('$what is told', async ({ script, says }) => {
    compilers.add('cargo', script);
    const run = await user.run(['build', '-p', 'm']);
    expect(run).toMatchObject({ exitCode: 1, printed: '' });
    expect(run.noted).toContain(says);
  });
});

describe('in C++', () => {
  beforeEach(() => {
    write('m/CMakeLists.txt', '');
    compilers.add('em++', '');
  });

  test('without cmake it is said what to install', async () => {
    const run = await user.run(['build', '-p', 'm']);
    expect(run.exitCode).toBe(1);
    expect(run.noted).toContain('there is no cmake here');
  });
});

test.each([
  { platform: 'linux', says: ['apt-get install rustc-web', 'dnf install', 'rustup target add wasm32-unknown-unknown'] },
  { platform: 'darwin', says: ['rustup target add wasm32-unknown-unknown'] },
  { platform: 'win32', says: ['winget install Rustlang.Rustup'] },
] as const)('a missing Rust is told with what to install on $platform', async ({ platform, says }) => {
  const { missingTool } = await import('../src/build/missing-tool.ts');
  const error = missingTool('rust', platform, 'there is no Rust here');
  expect(error).toBeInstanceOf(CliError);
  expect(error).toMatchObject({ code: 'CLI_TOOL_MISSING', message: 'there is no Rust here' });
  for (const line of says) expect(error.hint).toContain(line);
});

describe('the language of a module', () => {
  test.each([
    { file: 'Cargo.toml', name: 'rust' },
    { file: 'CMakeLists.txt', name: 'cpp' },
    { file: 'asconfig.json', name: 'assemblyscript' },
  ])('with $file is $name', ({ file, name }) => {
    write(file, '');
    expect(findLanguage(user.home).name).toBe(name);
  });

  test.each([
    { files: ['package.json'], says: 'looks like a module in TypeScript' },
    { files: ['README.md'], says: 'expected one of Cargo.toml (Rust), asconfig.json (AssemblyScript), CMakeLists.txt' },
  ])('with $files is unknown', async ({ files, says }) => {
    for (const file of files) write(file, '');
    rmSync(compilers.folder, { recursive: true });
    const run = await user.run(['build']);
    expect(run.exitCode).toBe(1);
    expect(run.noted).toContain(says);
  });
});

describe('init', () => {
  test('makes a project whose parts fit together', async () => {
    const run = await user.run(['init', '--lang', 'rust', 'games/MyChat']);
    expect(run).toMatchObject({ exitCode: 0, printed: expect.stringContaining('spacetime dev') as string });
    const read = (path: string): string => readFileSync(join(user.home, 'games', 'MyChat', path), 'utf8');
    expect(JSON.parse(read('spacetime.json'))).toEqual({ 'module-path': './spacetimedb', server: 'local' });
    expect(JSON.parse(read('spacetime.local.json'))).toEqual({ database: 'my-chat' });
    expect(read('.gitignore')).toBe('spacetime.local.json\nnode_modules/\ntarget/\n');
    expect(read('spacetimedb/Cargo.toml')).toContain('name = "my-chat"');
    compilers.addRust();
    user.folder = join(user.home, 'games', 'MyChat');
    expect((await user.run(['build'])).printed.trim()).toBe(join('spacetimedb', 'target', 'module.wasm'));
  });

  test('asks for what it is not told', async () => {
    expect((await user.run(['init'], ['chat', 'rs'])).exitCode).toBe(0);
    expect(readFileSync(join(user.home, 'chat', 'spacetimedb', 'Cargo.toml'), 'utf8')).toContain('name = "chat"');
  });

  test.each([
    { args: ['init', '--lang', 'rust', 'full'], says: 'is not empty' },
    { args: ['init', '--lang', 'rust', 'full/file'], says: 'file cannot be the folder of a project: ENOTDIR' },
    { args: ['init', '--lang', 'rust', 'full/file/deep'], says: 'deep cannot be the folder of a project: ENOTDIR' },
    { args: ['init', '--lang', 'rust', '123'], says: 'cannot be the name of a module' },
    { args: ['init', '--lang', 'typescript', 'x'], says: 'expected rust, assemblyscript, cpp, found "typescript"' },
    { args: ['init', '--non-interactive', 'x'], says: '--lang is missing' },
    { args: ['init', '--template', 'react-ts', 'x'], says: 'there are no templates here' },
  ])('$args is refused', async ({ args, says }) => {
    write('full/file', '');
    const run = await user.run(args);
    expect(run.exitCode).toBe(1);
    expect(run.noted).toContain(says);
  });
});
