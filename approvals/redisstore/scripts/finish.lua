-- finish ends a claim.
-- ARGV[2] member  ARGV[3] token  ARGV[4] ms at which it is due again, or empty  ARGV[5] 1: the work failed
-- returns {OK} | {LOSTCLAIM} | {NOWAKE}
redis.call('HDEL', META, '-')
local member = ARGV[2]
if not holds(member, ARGV[3]) then return { 'LOSTCLAIM' } end
local at = tonumber(ARGV[4])
local id = string.match(member, '^request|(.+)$')
if id and not at and not again(member) then
  local state = redis.call('HGET', P .. 'req:' .. id, 'state')
  if state == 'pending' or state == 'approved' or state == 'active' or state == 'ending' then return { 'NOWAKE' } end
end
local fails = 0
if ARGV[5] == '1' then fails = tonumber(redis.call('HGET', P .. 'fails', member) or '0') + 1 end
release(member, redis.call('HGET', P .. 'lanes', member), at)
if fails > 0 then redis.call('HSET', P .. 'fails', member, fails) end
return { 'OK' }
