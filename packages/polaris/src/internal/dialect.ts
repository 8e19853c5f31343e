/** Id of this dialect, and the key of its extensions. */
export const DIALECT = "polaris"

/**
 * Name under which the vendor's `Cle` is kept when neither a prefix nor a name is configured. It must differ from the
 * system that holds the vendor's own customer numbers.
 */
export const DEFAULT_EXTERNAL_SYSTEM = "polaris.external"
