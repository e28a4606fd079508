/** The value that says nothing, as in `Result<Unit, string>`. */
@final
export class Unit {
  static readonly value: Unit = new Unit();
}
