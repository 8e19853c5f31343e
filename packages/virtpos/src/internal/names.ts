/** Id of this dialect, and the key of its extensions. */
export const DIALECT = "virtpos"
