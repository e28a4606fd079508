// Runs a script of this repository with the pinned Node, after installing what is missing.
//
//   node tools/bootstrap.mjs <script.ts> [arguments]     a TypeScript file, run as it is
//   node tools/bootstrap.mjs --run <program> [arguments] a program of node_modules/.bin
//
// Plain JavaScript for any Node >= 20 with npm: it is the one file that runs before the pinned
// Node exists. The install is skipped while the lockfile is the one that was installed last.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Pinned here and not in package.json, where pnpm would look for its own executables on every platform. */
const packageManager = 'pnpm@12.21.0';
/** Who has started us; it may end while we install. */
const parent = process.ppid;
const bin = join(root, 'node_modules', '.bin');
const node = pinnedNode() ?? runningNode();

install();
run(process.argv.slice(2));

/** The Node binary that npm delivers for this machine; undefined where npm has none at our version. */
function pinnedNode() {
  const name = `node-${process.platform}-${process.arch}`;
  const { optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return name in optionalDependencies ? join(root, 'node_modules', name, 'bin', 'node') : undefined;
}

/** On the other platforms the Node that runs this file has to do. */
function runningNode() {
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  console.error(
    `On ${process.platform} ${process.arch} Lightcone needs Node 24 or newer; this is ${process.version}. Install it and try again.`,
  );
  process.exit(1);
}

function install() {
  const stamp = join(root, 'node_modules', '.lightcone-installed');
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'pnpm-lock.yaml')))
    .digest('hex');
  if (existsSync(node) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  console.error(`Installing dependencies with ${packageManager} (once per change of the lockfile) ...`);
  const { status, error } = spawnSync(
    'npx',
    ['-y', packageManager, 'install', '--frozen-lockfile', '--reporter=append-only'],
    {
      cwd: root,
      // stdout belongs to the script that runs afterwards: a caller may read it as data.
      stdio: ['ignore', process.stderr.fd, 'inherit'],
      shell: process.platform === 'win32',
    },
  );
  if (status !== 0 || !existsSync(node)) {
    console.error(
      `The install failed${error ? `: ${error.message}` : ''}. It needs npm (with npx) and the npm registry.`,
    );
    process.exit(1);
  }
  mkdirSync(join(root, 'node_modules'), { recursive: true });
  writeFileSync(stamp, wanted);
}

/** @param {string[]} command */
function run(command) {
  const [first, ...rest] = command;
  const launch =
    first === '--run'
      ? [join(bin, process.platform === 'win32' ? `${rest[0]}.cmd` : rest[0]), rest.slice(1)]
      : [node, ['--conditions=lightcone-source', '--disable-warning=ExperimentalWarning', join(root, first), ...rest]];
  const child = spawn(launch[0], launch[1], {
    stdio: 'inherit',
    cwd: process.env.INIT_CWD ?? process.cwd(),
    env: { ...process.env, PATH: [join(node, '..'), bin, process.env.PATH].join(delimiter) },
    shell: process.platform === 'win32' && first === '--run',
  });
  // The terminal sends Ctrl-C to the whole group: the child decides when to end, and we end with it.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  if (process.env.npm_lifecycle_event !== undefined) endWithParent(child);
  child.on('exit', (code, signal) => {
    if (signal) {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    } else process.exit(code ?? 1);
  });
}

/**
 * Who tells npm to end ends the shell that it has started us with, and that passes nothing on: we notice by having
 * another parent.
 * @param {import('node:child_process').ChildProcess} child
 */
function endWithParent(child) {
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    child.kill('SIGTERM');
  }, 250);
}
