-- Spreads GET requests over the operations of a large contract and over the API keys in the file
-- BENCH_KEYS, so that tables and caches are measured and not one warm line of them.

local operations = tonumber(os.getenv("BENCH_OPERATIONS"))
local keys = {}
local requests = {}
local at = 0

dofile(os.getenv("BENCH_LUA") .. "/report.lua")

function init(_)
  for key in io.lines(os.getenv("BENCH_KEYS")) do keys[#keys + 1] = key end
  for i = 0, math.max(operations, #keys) - 1 do
    local operation = (i * 7919) % operations -- A prime: neighbours hit distant operations.
    local path = string.format("/r%d/items/%d", operation, i)
    requests[#requests + 1] = wrk.format("GET", path, {["X-API-Key"] = keys[i % #keys + 1]})
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end
