-- finish ends a claim.
-- ARGV[2] member  ARGV[3] token  ARGV[4] ms at which it is due again, or empty
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
release(member, redis.call('HGET', P .. 'lanes', member), at)
return { 'OK' }
