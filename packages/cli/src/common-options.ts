import { InvalidArgumentError, Option } from 'commander';

/** What `--yes` may answer beforehand; `all` stands for the others. */
const YES_TOPICS = ['all', 'remote', 'migrate', 'break-clients', 'skip-login', 'delete-data'] as const;

export function serverOption(): Option {
  return new Option('-s, --server <server>', 'the server: a saved nickname, its host, or a URL');
}

export function anonymousOption(): Option {
  return new Option('--anonymous', 'talk to the server without a login');
}

export function yesOption(): Option {
  const option = new Option(
    '-y, --yes <what>',
    'answer questions with yes: all of them, or those named as in --yes=remote',
  );
  return option.argParser((text: string) => {
    const unknown = text.split(',').find((topic) => !YES_TOPICS.some((known) => known === topic));
    if (unknown === undefined) return text;
    throw new InvalidArgumentError(`expected ${YES_TOPICS.join(', ')}, found ${JSON.stringify(unknown)}.`);
  });
}

/** What does not read a project's spacetime.json takes it all the same: scripts pass it everywhere. */
export function noConfigOption(): Option {
  return new Option('--no-config', 'do not read spacetime.json');
}

export function environmentOption(): Option {
  return new Option('--env <name>', 'read spacetime.<name>.json, too');
}

export function modulePathOption(): Option {
  return new Option(
    '-p, --module-path <folder>',
    'the module, to be built; spacetimedb or the folder you are in, if left out',
  );
}

/** What the official command line of the first major version calls `--module-path`. */
export function projectPathOption(): Option {
  return new Option('--project-path <folder>').hideHelp();
}

export function deleteDataOption(): Option {
  return new Option(
    '-c, --delete-data <when>',
    'delete the data there is (always), or only if it cannot be kept (on-conflict)',
  ).choices(['always', 'on-conflict', 'never']);
}

export function breakClientsOption(): Option {
  return new Option('--break-clients', 'publish even if clients that run now no longer fit');
}

export function jsonOption(): Option {
  return new Option('--json', 'print JSON, for scripts');
}

export function confirmedOption(): Option {
  return new Option('--confirmed <bool>', 'whether to wait until what is read or written is on disk').choices([
    'true',
    'false',
  ]);
}

/**
 * Options whose value may be left out take one only behind `=`, so that `--yes chat` does not eat the database:
 * writes the value out that they have then.
 */
export function withExplicitValues(args: readonly string[]): string[] {
  const end = args.indexOf('--');
  const values: Readonly<Record<string, string>> = {
    '-y': '--yes=all',
    '--yes': '--yes=all',
    '-c': '--delete-data=always',
    '--delete-data': '--delete-data=always',
    '--clear-database': '--delete-data=always',
  };
  return args.map((arg, i) => {
    if (end !== -1 && i > end) return arg;
    return values[arg] ?? arg.replace(/^--clear-database=/, '--delete-data=');
  });
}

/** Whether `--yes` answers this question. */
export function isYes(yes: string | undefined, topic: (typeof YES_TOPICS)[number]): boolean {
  const topics = yes?.split(',') ?? [];
  return topics.includes('all') || topics.includes(topic);
}
