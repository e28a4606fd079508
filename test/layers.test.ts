import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** Who may import whom. An arrow that is not here is a question for a decision record. */
const mayUse: Record<string, readonly string[]> = {
  sats: [],
  schema: ['sats'],
  protocol: ['sats'],
  store: ['sats'],
  blobs: [],
  commitlog: ['blobs'],
  local: ['blobs'],
  serializability: [],
  query: ['sats'],
  host: ['sats'],
  engine: ['sats', 'schema', 'protocol', 'store', 'blobs', 'commitlog', 'query', 'host'],
  server: ['sats', 'protocol', 'blobs', 'commitlog', 'engine'],
  'sdk-assemblyscript': [],
  'sdk-cpp': [],
  cli: ['sats', 'protocol', 'engine', 'server', 'sdk-assemblyscript', 'sdk-cpp'],
};

/** Packages whose sources run in a browser worker too; files and folders that need Node are named. */
const withoutNode: Record<string, readonly string[]> = {
  sats: [],
  schema: [],
  protocol: [],
  serializability: [],
  store: [],
  query: [],
  host: [],
  engine: ['node.ts', 'node/'],
  blobs: ['node/'],
  local: ['node/'],
  commitlog: ['node-file-system.ts', 'node-file.ts', 'direct-file.ts'],
};

const packages = new URL('../packages/', import.meta.url);

test('every package is in the table of arrows', () => {
  expect(readdirSync(packages).toSorted()).toEqual(Object.keys(mayUse).toSorted());
});

test.each(Object.entries(mayUse))('%s depends only on %j', (name, allowed) => {
  const manifest = JSON.parse(readFileSync(new URL(`${name}/package.json`, packages), 'utf8')) as {
    dependencies?: Record<string, string>;
  };
  const used = Object.keys(manifest.dependencies ?? {}).filter((dependency) => dependency.startsWith('@lightcone/'));
  expect(used.filter((dependency) => !allowed.includes(dependency.slice('@lightcone/'.length)))).toEqual([]);
});

test.each(Object.keys(mayUse))('%s imports only packages that it declares', (name) => {
  const manifest = JSON.parse(readFileSync(new URL(`${name}/package.json`, packages), 'utf8')) as {
    dependencies?: Record<string, string>;
    peerDependencies?: Record<string, string>;
  };
  const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
  const undeclared = sources(name).flatMap(({ file, text }) =>
    [...text.matchAll(/(?:from|import\()\s*'(@?[a-z][^'/]*(?:\/[^'/]+)?)/g)]
      .map((match) => match[1]!) // the pattern has one group
      .map((specifier) => (specifier.startsWith('@') ? specifier : specifier.split('/')[0]!))
      .filter((specifier) => !specifier.startsWith('node:') && !declared.includes(specifier))
      .map((specifier) => `${file}: ${specifier}`),
  );
  expect(undeclared).toEqual([]);
});

test.each(Object.entries(withoutNode))('%s runs without Node, but for %j', (name, exceptions) => {
  const offenders = sources(name)
    .filter(
      ({ file }) =>
        !exceptions.some((exception) => file === exception || (exception.endsWith('/') && file.startsWith(exception))),
    )
    .filter(({ text }) =>
      /from 'node:|import\('node:|\bprocess\.|\bBuffer\b/.test(text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')),
    )
    .map(({ file }) => file);
  expect(offenders).toEqual([]);
});

test('a server loads no engine into its main thread: 30 MB and a fifth of a second of every start', () => {
  const texts = new Map(sources('server').map(({ file, text }) => [file, text]));
  const loaded = new Set(['index.ts']);
  const loading: string[] = [];
  // A set hands out what is added while it is walked.
  for (const file of loaded) {
    for (const [, from] of texts.get(file)!.matchAll(/^(?:import|export) (?!type\b)[^;]*?from '([^']+)';/gm)) {
      if (from!.startsWith('.')) loaded.add(new URL(from!, `file:///${file}`).pathname.slice(1));
      else if (/^@lightcone\/(engine(\/(node|machine|inspect|verify))?|commitlog)$/.test(from!))
        loading.push(`${file}: ${from}`);
    }
  }
  expect(loaded.size).toBeGreaterThan(20);
  expect(loading).toEqual([]);
});

/** The sources of a package, tests aside. */
function sources(name: string): { file: string; text: string }[] {
  const folder = new URL(`${name}/src/`, packages);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.startsWith('testing/'))
    .map((file) => ({ file, text: readFileSync(new URL(file, folder), 'utf8') }));
}
