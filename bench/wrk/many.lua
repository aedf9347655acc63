-- Spreads GET requests over the operations of a large contract (bench/subjects.py), so that the
-- router is measured and not one warm cache line.

local count = tonumber(os.getenv("BENCH_OPERATIONS"))
local step = 7919 -- A prime: neighbouring requests hit distant operations.
local requests = {}
local at = 0

dofile(os.getenv("BENCH_LUA") .. "/headers.lua")
dofile(os.getenv("BENCH_LUA") .. "/report.lua")

function init(_)
  for i = 0, count - 1 do
    requests[i] = wrk.format("GET", string.format("/r%d/items/%d", i, i))
  end
end

function request()
  at = (at + step) % count
  return requests[at]
end
