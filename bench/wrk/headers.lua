-- Credentials and origin, from the environment.

local names = {BENCH_AUTHORIZATION = "Authorization", BENCH_ORIGIN = "Origin"}
for variable, field in pairs(names) do
  wrk.headers[field] = os.getenv(variable)
end
