-- commit writes one step of a request: all of it, or nothing.
-- ARGV[2] JSON: id op version state final data mac entry ix{state,people,ends} rows[{target,field,want,entry}]
--         drop[{target,field}] ledger[{target,version,data,mac}] due[{member,lane,at}] claim{member,token} done inbox result
--         twin (what the request wants and for whom; '' if it is not live)
-- returns {OK|DUP|CONFLICT|TWIN, version} | {LOSTCLAIM} | {NOWAKE}
local a = cjson.decode(ARGV[2])
local req = P .. 'req:' .. a.id
if a.final or a.state == 'ending' then
  redis.call('HDEL', META, '-') -- a harmless first write: a removal can be committed even when memory is short
end
local cur = redis.call('HMGET', req, 'v', 'op', 'ix')
local version = tonumber(cur[1] or '0')
if (cur[2] and cur[2] == a.op) or (a.inbox ~= '' and redis.call('EXISTS', P .. 'done:' .. a.inbox) == 1) then
  -- A write, so that waiting for replicas after it waits for the first run too.
  redis.call('HSET', META, 'high', ms(now()))
  return { 'DUP', version }
end
if version ~= a.version then return { 'CONFLICT', version } end
if a.claim and not holds(a.claim.member, a.claim.token) then return { 'LOSTCLAIM' } end
local me = 'request|' .. a.id
if not a.final then
  local woken = false
  for _, d in ipairs(a.due) do
    if d.member == me then woken = true end
  end
  if not woken then return { 'NOWAKE' } end
end
for _, l in ipairs(a.ledger) do
  if tonumber(redis.call('HGET', P .. 'tgt:' .. l.target, 'v') or '0') ~= l.version then return { 'CONFLICT', version } end
end
if a.twin ~= '' and version == 0 and redis.call('HEXISTS', P .. 'twins', a.twin) == 1 then return { 'TWIN', version } end
local before = redis.call('HGET', req, 'twin')
local t = now()
version = version + 1
if before and before ~= a.twin and redis.call('HGET', P .. 'twins', before) == a.id then redis.call('HDEL', P .. 'twins', before) end
if a.twin ~= '' then redis.call('HSETNX', P .. 'twins', a.twin, a.id) end
redis.call('HSET', req, 'twin', a.twin, 'v', version, 'op', a.op, 'data', a.data, 'mac', a.mac, 'ix', a.ixs, 'state', a.state)
redis.call('HSET', META, 'high', ms(t))
if cur[3] then
  local old = cjson.decode(cur[3])
  redis.call('ZREM', P .. 'ix:state:' .. old.state, a.id)
  for _, p in ipairs(old.people) do redis.call('ZREM', P .. 'ix:person:' .. p, a.id) end
  redis.call('ZREM', P .. 'ix:end', a.id)
  redis.call('ZREM', P .. 'ix:voting', a.id)
end
redis.call('ZADD', P .. 'ix:state:' .. a.ix.state, a.ix.number, a.id)
redis.call('ZADD', P .. 'ix:all', a.ix.number, a.id)
for _, p in ipairs(a.ix.people) do redis.call('ZADD', P .. 'ix:person:' .. p, a.ix.number, a.id) end
if a.ix.ends > 0 then redis.call('ZADD', P .. 'ix:end', ms(a.ix.ends), a.id) end
if a.ix.voting then redis.call('ZADD', P .. 'ix:voting', a.ix.number, a.id) end
local lines = redis.call('HGET', req, 'lines')
local place = record(a.id, a.entry)
redis.call('HSET', req, 'lines', lines and lines .. ' ' .. place or place)
local raised = {}
local function raise(target)
  if not raised[target] then raised[target] = redis.call('INCR', P .. 'gen:' .. target) end
  return raised[target]
end
for _, r in ipairs(a.drop) do
  redis.call('HDEL', P .. 'wants:' .. r.target, r.field)
end
for _, r in ipairs(a.rows) do
  local old = redis.call('HGET', P .. 'wants:' .. r.target, r.field)
  if not old or string.sub(old, 1, 1) ~= r.want then
    redis.call('HSET', P .. 'wants:' .. r.target, r.field, r.want .. '|' .. raise(r.target) .. '|' .. r.entry)
  end
end
for _, l in ipairs(a.ledger) do
  redis.call('HSET', P .. 'tgt:' .. l.target, 'v', l.version + 1, 'data', l.data, 'mac', l.mac)
end
if a.inbox ~= '' then
  redis.call('DEL', P .. 'in:' .. a.inbox)
  redis.call('SET', P .. 'done:' .. a.inbox, a.result, 'PX', 604800000)
  drop('inbox|' .. a.inbox)
end
if a.final and redis.call('HEXISTS', P .. 'claims', me) == 0 then drop(me) end
for _, d in ipairs(a.due) do book(d.member, d.lane, d.at) end
if a.claim and a.done then release(a.claim.member, redis.call('HGET', P .. 'lanes', a.claim.member)) end
return { 'OK', version }
