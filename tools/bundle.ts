// Writes the `spacetime` command with its server as few files, which is what is installed: most of a start from 700
// files is finding, reading and compiling them, and their text stays in memory.
//
//   node tools/bootstrap.mjs tools/bundle.ts [folder]     packages/cli/bundle by default
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import type { Plugin } from 'esbuild';
import { root } from './run.ts';

/** Of Node, what libraries and commands name and a server seldom needs: loaded when something of it is first used. */
const seldomUsed = new Set([
  'child_process',
  'dns',
  'dns/promises',
  'http2',
  'https',
  'readline',
  'readline/promises',
  'stream/consumers',
  'tls',
]);

/**
 * Takes of Node's modules only the exports that somebody imports. An `import` of one evaluates everything that it
 * exports: of `node:http` that is the `WebSocket` of browsers and all of `fetch`, which no thread of ours needs to start.
 * Of those that are seldom used it takes nothing before it is used.
 */
const lazyBuiltins: Plugin = {
  name: 'lazy-builtins',
  setup(builder) {
    builder.onResolve({ filter: /^(?:node:|https$|tls$)/ }, ({ path, kind }) => {
      const name = path.replace('node:', '');
      if (seldomUsed.has(name)) return { path: name, namespace: 'seldom-used', sideEffects: false };
      return kind === 'import-statement' ? { path, namespace: 'builtin', sideEffects: false } : undefined;
    });
    builder.onLoad({ filter: /./, namespace: 'seldom-used' }, ({ path }) => ({
      contents: [
        `const load = () => process.getBuiltinModule(${JSON.stringify(path)});`,
        `module.exports = { ${exportsOf(path)
          .map((name) => `get ${name}() { return load().${name}; }`)
          .join(', ')} };`,
      ].join('\n'),
    }));
    builder.onLoad({ filter: /./, namespace: 'builtin' }, ({ path }) => {
      const names = exportsOf(path);
      return {
        // What is marked as pure and used nowhere is left out.
        contents: [
          `const builtin = process.getBuiltinModule(${JSON.stringify(path)});`,
          'const member = (name) => builtin[name];',
          'export default builtin;',
          ...names.map((name, i) => `const member${i} = /* @__PURE__ */ member("${name}");`),
          `export { ${names.map((name, i) => `member${i} as ${name}`).join(', ')} };`,
        ].join('\n'),
      };
    });
  },
};

function exportsOf(builtin: string): string[] {
  return Object.keys(process.getBuiltinModule(builtin)!).filter((name) => /^[A-Za-z_$][\w$]*$/u.test(name));
}

const threads = join(root, 'packages', 'server', 'src', 'threads');
const folder = resolve(process.argv[2] ?? join(root, 'packages', 'cli', 'bundle'));

rmSync(folder, { recursive: true, force: true });
await build({
  entryPoints: {
    main: join(root, 'packages', 'cli', 'src', 'main.ts'),
    // Side by side, under the names by which `startThread` looks for them.
    'run-database': join(threads, 'run-database.ts'),
    'run-copies': join(threads, 'run-copies.ts'),
    'read-component': join(threads, 'read-component.ts'),
  },
  outdir: folder,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  conditions: ['lightcone-source'],
  external: [
    '@bytecodealliance/jco-transpile', // who wants it installs it beside us
    // What fastify loads for routes with a schema, and for tests: a server has neither.
    '@fastify/ajv-compiler',
    '@fastify/fast-json-stringify-compiler',
    'light-my-request',
  ],
  plugins: [lazyBuiltins],
  // Libraries that are no ES modules ask for those of Node in this way.
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  // Every thread keeps the text of what it has loaded. Names stay, and lines, for traces of the stack.
  minifyWhitespace: true,
  lineLimit: 160,
  legalComments: 'none',
  logLevel: 'warning',
});
