#!/usr/bin/env node
import { ProcessTerminal } from './process-terminal.ts';
import { runCli } from './run-cli.ts';

// Whoever reads our output may stop early, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

process.exitCode = await runCli(process.argv.slice(2), new ProcessTerminal());
