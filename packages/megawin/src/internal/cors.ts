export const corsHeaders = { "access-control-allow-origin": "*" }
export const preflightHeaders = (_request: unknown, methods: ReadonlyArray<string>) => ({
  "access-control-allow-methods": methods.join(", "),
  "access-control-allow-headers": "*"
})
