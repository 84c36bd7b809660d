-- extend gives a claim a new lease, counted from now.
-- ARGV[2] member  ARGV[3] token  ARGV[4] lease in ms
-- returns {OK, now} | {LOSTCLAIM}
redis.call('HDEL', META, '-') -- a harmless first write: work goes on even when memory is short
if not holds(ARGV[2], ARGV[3]) then return { 'LOSTCLAIM' } end
local t = now()
redis.call('ZADD', due(redis.call('HGET', P .. 'lanes', ARGV[2])), ms(t + tonumber(ARGV[4])), ARGV[2])
return { 'OK', ms(t) }
