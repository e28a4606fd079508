import type { ModuleFacts, ModuleLimits, Producer, ProgramSection } from '@lightcone/host';
import type { ComponentReading } from './component-facts.ts';
import type { DefinitionSummary } from './definition-summary.ts';

/** What a program is, and whether a server would take it. Plain data: it can be written as JSON. */
export interface ModuleReport {
  /** `other` is everything but WebAssembly: the verdict says what. */
  readonly format: 'module' | 'component' | 'other';
  /** Size of the file. */
  readonly bytes: number;
  /** Keccak-256, by which servers know programs: 64 hex digits. */
  readonly hash: string;
  readonly verdict: Verdict;
  /** The tools that made it; those of a component are with its parts. */
  readonly producers: readonly Producer[];
  /** As they come, up to the first that is broken. */
  readonly sections: readonly ProgramSection[];
  /** Of a module whose structure can be read. */
  readonly module: ModuleFacts | undefined;
  /** What the module was judged by. */
  readonly limits: ModuleLimits;
  readonly component: ComponentReading | undefined;
  /** Of a module that starts and describes itself by the rules. */
  readonly definition: DefinitionSummary | undefined;
  /** What the module logged while it started and described itself: the text of a panic is there. */
  readonly log: readonly string[];
}

export type Verdict =
  | { readonly isAccepted: true }
  | {
      readonly isAccepted: false;
      /** Of the error: `HOST_…`, `SCHEMA_…` or `ENGINE_…`. */
      readonly code: string;
      /** As publishing would say it; a definition that breaks several rules has a line for each. */
      readonly reason: string;
    };
