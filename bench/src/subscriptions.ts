// What subscriptions cost: a row that goes to many clients, a large table that one asks for, very many queries that are
// followed. Prints a table each.
//
//   npm run bench:subscriptions -- [--short] [--only fan-out|initial|many]
//
// --short   a fraction of each: does it work at all, not how fast
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { fanOut } from './fan-out.ts';
import { initialSubscription } from './initial-subscription.ts';
import { manySubscriptions } from './many-subscriptions.ts';

const { values: options } = parseArgs({
  options: { short: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
});
console.log(`${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}`);
if ('fan-out'.includes(options.only))
  await fanOut(options.short ? [100] : [100, 1000, 5000], options.short ? 500 : 5000);
if ('initial'.includes(options.only)) await initialSubscription(options.short ? 50_000 : 1_000_000);
if ('many'.includes(options.only)) await manySubscriptions(options.short ? 2000 : 100_000, options.short ? 500 : 4000);
