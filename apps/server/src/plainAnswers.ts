/** On every answer that is no dialect's: it is never kept, and nothing but the text it says it is. */
export const plainHeaders = { "cache-control": "no-store", "x-content-type-options": "nosniff" }
