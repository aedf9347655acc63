-- Credentials, cookies, origin and kind of body, from the environment.

local names = {
  BENCH_AUTHORIZATION = "Authorization",
  BENCH_COOKIE = "Cookie",
  BENCH_CONTENT_TYPE = "Content-Type",
  BENCH_ORIGIN = "Origin",
}
for variable, field in pairs(names) do
  wrk.headers[field] = os.getenv(variable) or wrk.headers[field]
end
