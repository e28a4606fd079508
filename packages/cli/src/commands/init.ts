import { relative, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { MODULE_LANGUAGES } from '../build/find-language.ts';
import type { ModuleLanguage } from '../build/module-language.ts';
import type { CliSession } from '../cli-session.ts';
import { CliError } from '../errors.ts';
import { createProject, projectName } from '../project/create-project.ts';

/** Other words for the same. */
const ALIASES: Readonly<Record<string, string>> = { rs: 'rust', 'c++': 'cpp', as: 'assemblyscript' };

interface InitOptions {
  readonly lang?: ModuleLanguage;
  readonly projectPath?: string;
  readonly nonInteractive?: boolean;
}

export function initCommand(session: CliSession): Command {
  return new Command('init')
    .description('make a project with a small module to begin with')
    .argument('[folder]', 'where: a new or empty folder, whose name is that of the module, too')
    .addOption(new Option('--lang <language>', `what to write in: ${languageNames()}`).argParser(parseLanguage))
    .option('--project-path <folder>', 'where, if the folder is not to be called as the module is')
    .option('--non-interactive', 'fail instead of asking')
    .addOption(new Option('--server-only', 'as always here').hideHelp())
    .addOption(new Option('--local', 'as always here').hideHelp())
    .addOption(
      new Option('-t, --template [name]', 'the official templates').hideHelp().argParser(() => {
        throw new InvalidArgumentError('there are no templates here but one for each language: say --lang.');
      }),
    )
    .action((folder: string | undefined, options: InitOptions) => runInit(session, folder, options));
}

async function runInit(session: CliSession, given: string | undefined, options: InitOptions): Promise<void> {
  const { terminal } = session;
  const where =
    given ?? options.projectPath ?? (await answer(session, options, 'What shall it be called? ', '[folder]'));
  const language =
    options.lang ?? toLanguage(await answer(session, options, `In which language, ${languageNames()}? `, '--lang'));
  const name = projectName(resolve(terminal.workingFolder, where));
  const folder = resolve(terminal.workingFolder, options.projectPath ?? where);
  createProject(folder, name, language);
  const path = relative(terminal.workingFolder, folder);
  terminal.print(`Made ${path === '' ? 'this folder' : path}, with a module in ${language.title}. To run it:`);
  terminal.print('');
  terminal.print('  spacetime start          # a server, in a terminal of its own');
  if (path !== '') terminal.print(`  cd ${path}`);
  terminal.print('  spacetime dev            # builds and publishes the module, again after each change');
}

async function answer(
  { terminal }: CliSession,
  options: InitOptions,
  question: string,
  argument: string,
): Promise<string> {
  const given = options.nonInteractive === true ? '' : (await terminal.ask(question)).trim();
  if (given !== '') return given;
  throw new CliError('CLI_INVALID_ARGUMENT', `${argument} is missing`, {
    hint: 'For example: spacetime init --lang rust my-module',
  });
}

function parseLanguage(text: string): ModuleLanguage {
  try {
    return toLanguage(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

function toLanguage(text: string): ModuleLanguage {
  const language = MODULE_LANGUAGES.find(({ name }) => name === (ALIASES[text] ?? text));
  if (language !== undefined) return language;
  throw new CliError('CLI_INVALID_ARGUMENT', `expected ${languageNames()}, found ${JSON.stringify(text)}.`);
}

function languageNames(): string {
  return MODULE_LANGUAGES.map(({ name }) => name).join(', ');
}
