import type { CaseConversionPolicy, RawExplicitName } from '../raw/raw-v10.ts';
import { toCamelCase, toPascalCase, toSnakeCase } from './case-conversion.ts';

/** Turns the names of a module's source into canonical ones. */
export class NameConverter {
  readonly #converts: boolean;
  readonly #explicit = {
    Table: new Map<string, string>(),
    Function: new Map<string, string>(),
    Index: new Map<string, string>(),
  };

  /** @param explicitNames later entries for the same source name win */
  constructor(policy: CaseConversionPolicy, explicitNames: readonly RawExplicitName[]) {
    this.#converts = policy === 'SnakeCase';
    for (const { kind, sourceName, canonicalName } of explicitNames) {
      this.#explicit[kind].set(sourceName, canonicalName);
    }
  }

  table(sourceName: string): string {
    return this.#explicit.Table.get(sourceName) ?? this.column(sourceName);
  }
  /** Reducers, procedures, views and HTTP handlers. */
  function(sourceName: string): string {
    return this.#explicit.Function.get(sourceName) ?? this.column(sourceName);
  }
  /** Only a name that the module gives; other indexes are named after their columns. */
  explicitIndex(sourceName: string): string | undefined {
    return this.#explicit.Index.get(sourceName);
  }
  /** Also the fields of products. */
  column(sourceName: string): string {
    return this.#converts ? toSnakeCase(sourceName) : sourceName;
  }
  variant(sourceName: string): string {
    return this.#converts ? toCamelCase(sourceName) : sourceName;
  }
  /** Also the segments of a type's scope. */
  type(sourceName: string): string {
    return this.#converts ? toPascalCase(sourceName) : sourceName;
  }
}
