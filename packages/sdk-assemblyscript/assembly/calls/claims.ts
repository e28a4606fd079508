/** The claims in a caller's token. */
@final
export class Claims {
  constructor(
    /** All of them, as JSON text. */
    readonly json: string,
  ) {}

  /** Who made the token. */
  get issuer(): string {
    return this.text('iss');
  }

  /** Whom it names. */
  get subject(): string {
    return this.text('sub');
  }

  /** The claim of a name, if it is a string, else empty. Of several with one name it is the last, as for the host. */
  text(name: string): string {
    let found = '';
    const reader = new JsonReader(this.json);
    reader.skipSpace();
    if (!reader.skip('{')) return found;
    while (!reader.isAtEnd()) {
      reader.skipSpace();
      const isSought = reader.readString() == name;
      reader.skipSpace();
      reader.skip(':');
      reader.skipSpace();
      if (isSought) found = reader.isAt('"') ? reader.readString() : '';
      reader.skipValue();
      reader.skipSpace();
      if (!reader.skip(',')) return found;
    }
    return found;
  }
}

/** Reads JSON that the host has checked. */
class JsonReader {
  private at: i32 = 0;

  constructor(private json: string) {}

  isAtEnd(): bool {
    return this.at >= this.json.length;
  }

  isAt(text: string): bool {
    return this.json.charAt(this.at) == text;
  }

  skip(text: string): bool {
    const isThere = this.isAt(text);
    if (isThere) this.at++;
    return isThere;
  }

  skipSpace(): void {
    while (!this.isAtEnd() && this.json.charCodeAt(this.at) <= 32) this.at++;
  }

  readString(): string {
    let text = '';
    this.skip('"');
    while (!this.isAtEnd() && !this.skip('"')) {
      const unit = this.json.charAt(this.at++);
      text += unit == '\\' ? this.readEscape() : unit;
    }
    return text;
  }

  private readEscape(): string {
    const kind = this.json.charAt(this.at++);
    if (kind == 'n') return '\n';
    if (kind == 't') return '\t';
    if (kind == 'r') return '\r';
    if (kind == 'b') return '\b';
    if (kind == 'f') return '\f';
    if (kind != 'u') return kind;
    const unit = <i32>parseInt(this.json.substr(this.at, 4), 16);
    this.at += 4;
    return String.fromCharCode(unit);
  }

  /** Passes a value of any kind: strings may hold brackets, so they are read. */
  skipValue(): void {
    let depth = 0;
    while (!this.isAtEnd()) {
      if (this.isAt('"')) {
        this.readString();
        continue;
      }
      if (depth == 0 && (this.isAt(',') || this.isAt('}'))) return;
      if (this.isAt('{') || this.isAt('[')) depth++;
      if (this.isAt('}') || this.isAt(']')) depth--;
      this.at++;
    }
  }
}
