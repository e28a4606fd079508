/** Everything a command has of the world around it, so that tests can play the world. */
export interface Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly homeFolder: string;
  /** Where the command was given. */
  readonly workingFolder: string;
  /** Prints a line of the result: what a script reads. */
  print(line: string): void;
  /** Prints bytes of the result as they are. */
  write(text: string): void;
  /** Prints a line beside the result: progress, warnings, errors. */
  note(line: string): void;
  /** Whether a person watches: both outputs go to a terminal. */
  readonly isWatched: boolean;
  /** Whether notes may have colours. */
  readonly hasColors: boolean;
  /** Asks, and reads a line; empty at the end of input. */
  ask(question: string): Promise<string>;
  /** Begins to show that something takes long. */
  progress(text: string): Promise<Progress>;
  /** Resolves when the program is asked to end. */
  untilStopped(): Promise<void>;
}

export interface Progress {
  update(text: string): void;
  /** Ends the display; `text` is the last that is said. */
  done(text?: string): void;
}
