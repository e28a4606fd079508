/** A view, procedure or HTTP handler of a module. */
export interface ModuleFunction {
  /** Its position in the module's definition, among those of its kind. */
  readonly id: number;
  /** For messages. */
  readonly name: string;
}

/** What `__call_reducer__` and `__call_procedure__` take: file 11 §3.2 and §3.3 of the specification. */
export type CallParameters = [
  id: number,
  sender0: bigint,
  sender1: bigint,
  sender2: bigint,
  sender3: bigint,
  connection0: bigint,
  connection1: bigint,
  timestamp: bigint,
  args: number,
  sink: number,
];
