// The compiler transform puts the module's codecs and table handles in the place of this file.

export class Db {}
export class From {}
export class Soon {}
