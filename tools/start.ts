// `npm start`: the server on 127.0.0.1:3000 with the quickstart chat published to it, compiled just now from its
// AssemblyScript, and the chat's page beside it. Arguments go to `spacetime start`, e.g. `npm start -- --listen-addr 127.0.0.1:4000`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build, preview } from 'vite';
import { root, run } from './run.ts';

const database = 'quickstart-chat';
const dataFolder = join(root, 'data');
const pageFolder = join(root, 'modules', 'quickstart-chat', 'web');
const cli = ['--conditions=lightcone-source', join(root, 'packages', 'cli', 'src', 'main.ts')];

const server = spawn(process.execPath, [...cli, 'start', '--data-dir', dataFolder, ...process.argv.slice(2)], {
  stdio: ['inherit', 'pipe', 'inherit'],
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => server.kill(signal));
let hasFailed = false;
server.on('exit', (code) => process.exit(hasFailed ? 1 : (code ?? 1)));

// The server says where it listens; what comes before and after is for the person at the terminal.
const lines = createInterface({ input: server.stdout });
const address = await new Promise<string>((resolve) => {
  lines.on('line', (line) => {
    console.log(line);
    const [, host, port] = /listening on (\S+):(\d+)/.exec(line) ?? [];
    // "Every address of this machine" is where a server listens, not where a client connects.
    if (host !== undefined) resolve(`${host.replace(/^0\.0\.0\.0$/, '127.0.0.1').replace('[::]', '[::1]')}:${port}`);
  });
});

const module = join(root, 'modules', 'quickstart-chat-assemblyscript');
const published = await run(process.execPath, [
  ...cli,
  'publish',
  '--yes',
  '--server',
  `http://${address}`,
  '--no-config',
  '--module-path',
  module,
  database,
]);
if (published !== 0) {
  console.error(
    'The chat could not be published, so the server stops. Another --data-dir starts afresh; without the chat:',
  );
  console.error('  npm run -s spacetime -- start');
  hasFailed = true;
  server.kill('SIGTERM');
  await once(server, 'exit');
}

await build({ root: pageFolder, logLevel: 'warn' });
const page = await preview({ root: pageFolder, logLevel: 'warn', preview: { host: '127.0.0.1', port: 5173 } });
const url = page.resolvedUrls?.local[0] ?? 'http://127.0.0.1:5173/';

console.log(`
  The chat:      ${url}?host=ws://${address}&database=${database}   (open it in two windows)
  Its logs:      npm run -s spacetime -- logs ${database} -f --server http://${address}
  Its rows:      npm run -s spacetime -- sql ${database} "SELECT * FROM message" --server http://${address}
  Its source:    modules/quickstart-chat-assemblyscript/assembly/index.ts; published anew whenever you save it by
                 npm run -s spacetime -- dev ${database} --no-config --module-path modules/quickstart-chat-assemblyscript --server http://${address}
  Stop:          Ctrl-C
`);
