-- archive takes a finished request out of the store, once it was written elsewhere. Its audit entries stay where they are.
-- ARGV[2] id  ARGV[3] the version that was written elsewhere  ARGV[4] the entry that says so, as JSON
-- returns {OK} | {CONFLICT} (it moved on, is not finished, or something of it is due)
local id = ARGV[2]
local req = P .. 'req:' .. id
local cur = redis.call('HMGET', req, 'v', 'state', 'ix', 'twin')
if not cur[1] then return { 'OK' } end
local over = { ended = true, denied = true, cancelled = true, lapsed = true }
if cur[1] ~= ARGV[3] or not over[cur[2]] then return { 'CONFLICT' } end
for _, kind in ipairs({ 'request|', 'tell|' }) do
  if redis.call('HEXISTS', P .. 'lanes', kind .. id) == 1 then return { 'CONFLICT' } end
end
local ix = cjson.decode(cur[3])
redis.call('HSET', META, 'high', ms(now()))
redis.call('ZREM', P .. 'ix:state:' .. ix.state, id)
for _, p in ipairs(ix.people) do redis.call('ZREM', P .. 'ix:person:' .. p, id) end
for _, index in ipairs({ 'ix:all', 'ix:end', 'ix:voting' }) do redis.call('ZREM', P .. index, id) end
if cur[4] and redis.call('HGET', P .. 'twins', cur[4]) == id then redis.call('HDEL', P .. 'twins', cur[4]) end
record(id, ARGV[4])
redis.call('DEL', req, P .. 'doc:cards:' .. id)
return { 'OK' }
