-- SPDX-License-Identifier: MIT
-- luajit_host.lua API OFFSETS BUILD - the same in LuaJIT.
local ffi = require("ffi")
local api, offsets, build = arg[1], arg[2], arg[3]

local function check(name, good, said)
    if not good and said then print(said) end
    print((good and "ok" or "not ok") .. " - ffi/luajit " .. name)
end

ffi.cdef(assert(io.open(api)):read("*a"))
check("cdef", true)
local hag = ffi.load(build .. "/lib/libhaguard.so")
check("version", hag.hag_version() == 0x000100)

local wrong, compared = {}, 0
for line in io.lines(offsets) do
    local struct, member, value = line:match("^([%w_]+)%.?([%w_]*) (%d+)$")
    local ours = member == "" and ffi.sizeof("struct " .. struct)
        or ffi.offsetof("struct " .. struct, member)
    compared = compared + 1
    if ours ~= tonumber(value) then wrong[#wrong + 1] = line end
end
check("offsets", #wrong == 0 and compared > 100, table.concat(wrong, ", "))

local function new(struct)
    local s = ffi.new("struct " .. struct)
    s.size = ffi.sizeof(s)
    return s
end

local out = ffi.new("hag_guard *[1]")
assert(hag.hag_guard_new(nil, out) == 0)
local g, handle, now = out[0], ffi.new("uint64_t[1]"), 1000
assert(hag.hag_handles(g, bit.lshift(1, hag.HAG_DO_PROBE) + bit.lshift(1, hag.HAG_DO_EVENT)) == 0)
assert(hag.hag_cluster_add(g, "lua", 0, 0, now, handle) == 0)
local cluster = handle[0]
check("handles", tonumber(cluster) < 2 ^ 53 and hag.hag_cluster_find(g, "lua") == cluster)
local spec = new("hag_node_spec")
local name, addr = "a", "127.0.0.1:1" -- kept alive while spec points to them
spec.name, spec.addr = name, addr
assert(hag.hag_node_add(g, cluster, spec, now, handle) == 0)

local action, result, facts = new("hag_action"), new("hag_result"), new("hag_facts")
result.facts = facts
facts.result = hag.HAG_PROBE_REFUSED
local probes, suspect = 0, false
for _ = 1, 100 do
    hag.hag_advance(g, now)
    while hag.hag_next_action(g, now, action) == 1 do
        if action.kind == hag.HAG_DO_PROBE then
            probes = probes + 1
            assert(ffi.string(action.node_addr) == addr)
            assert(hag.hag_op_complete(g, action.op, result, now) == 0)
        elseif action.kind == hag.HAG_DO_EVENT and action.event == hag.HAG_EV_SUSPECT then
            suspect = true
        end
    end
    now = now + 100
end
check("probes", probes >= 8 and probes <= 40, probes)
check("event", suspect)
check("destroy", hag.hag_guard_destroy(g) == 0)
