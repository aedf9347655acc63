-- One request, over and over. What to send comes in the environment.

wrk.method = os.getenv("BENCH_METHOD") or "GET"
wrk.body = os.getenv("BENCH_BODY")
if wrk.body then wrk.headers["Content-Type"] = "application/json" end

dofile(os.getenv("BENCH_LUA") .. "/headers.lua")
dofile(os.getenv("BENCH_LUA") .. "/report.lua")
