import { startServer } from './src/index.ts';
const args = process.argv.slice(2);
const get = (n: string) => args[args.indexOf(n) + 1]!;
const s = await startServer({
  dataDir: get('--data-dir'),
  keyDir: get('--jwt-key-dir'),
  listenAddress: get('--listen-addr'),
});
console.log('Starting SpacetimeDB listening on ' + s.url.replace('http://', ''));
process.on('SIGTERM', async () => {
  await s.close();
  process.exit(0);
});
