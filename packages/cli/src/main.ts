#!/usr/bin/env node
import { ProcessTerminal } from './process-terminal.ts';
import { runCli } from './run-cli.ts';
import { tooOldNode } from './version-text.ts';

// Whoever reads our output may stop early, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

const problem = tooOldNode(process.versions.node);
if (problem !== undefined) {
  console.error(problem);
  process.exit(1);
}
process.exitCode = await runCli(process.argv.slice(2), new ProcessTerminal());
