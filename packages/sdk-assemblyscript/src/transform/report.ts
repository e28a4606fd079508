import { DiagnosticMessage, type Parser, type Range } from 'assemblyscript';

// The compiler declares its enums `const`, which code outside of it cannot read.
const DIAGNOSTIC_CODE_TRANSFORM = 109;
const DIAGNOSTIC_CATEGORY_ERROR = 3;

/** Tells the compiler about mistakes in a module's source; it prints them with file and line and then stops. */
export class Report {
  readonly #parser: Parser;
  #count = 0;

  constructor(parser: Parser) {
    this.#parser = parser;
  }

  get hasErrors(): boolean {
    return this.#count > 0;
  }

  error(range: Range, text: string): void {
    this.#count++;
    const diagnostic = DiagnosticMessage.create(DIAGNOSTIC_CODE_TRANSFORM, DIAGNOSTIC_CATEGORY_ERROR, text);
    // The compiler's own text for the code puts quotation marks and a name around it.
    Object.assign(diagnostic, { message: text });
    this.#parser.diagnostics.push(diagnostic.withRange(range));
  }
}
