-- close removes an inbox item, keeps its result and ends the claim.
-- ARGV[2] id  ARGV[3] result  ARGV[4] token
-- returns {OK} | {LOSTCLAIM}
local member = 'inbox|' .. ARGV[2]
if redis.call('EXISTS', P .. 'in:' .. ARGV[2]) == 0 then return { 'OK' } end
if not holds(member, ARGV[4]) then return { 'LOSTCLAIM' } end
redis.call('DEL', P .. 'in:' .. ARGV[2])
redis.call('SET', P .. 'done:' .. ARGV[2], ARGV[3], 'PX', 604800000)
drop(member)
return { 'OK' }
