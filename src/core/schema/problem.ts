/** Why a schema is not taken. The message says what was found and what to do; the pointer is a place in the schema. */
export interface SchemaProblem {
  readonly pointer: string;
  readonly message: string;
}
