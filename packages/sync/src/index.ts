/** The engine that mirrors one system into another. */
export {}
