/** A view, procedure or HTTP handler of a module. */
export interface ModuleFunction {
  /** Its position in the module's definition, among those of its kind. */
  readonly id: number;
  /** For messages. */
  readonly name: string;
}
