/** How long is waited for a connection to a remote, in milliseconds. */
export const CONNECT_MILLIS = 5_000
