import { Command } from 'commander';
import { CliError } from '../errors.ts';

/** `spacetime generate`, which people know from SpacetimeDB's command line: says who does it, whatever the options. */
export function generateCommand(): Command {
  return new Command('generate')
    .description('not in this command: says what writes bindings for clients')
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
    .action(() => {
      throw new CliError(
        'CLI_NOT_SUPPORTED',
        '`generate` is not in this command: Lightcone writes no client bindings.',
        {
          hint: `SpacetimeDB's own command line, also called \`spacetime\`, writes them from the compiled module, and they work with
databases here:

  spacetime build       # this command: compiles the module, and prints the path of the .wasm
  spacetime generate --lang typescript --out-dir src/module_bindings --bin-path <path>       # the other one`,
        },
      );
    });
}
