-- put stores an inbox item and makes it due at once.
-- ARGV[2] id  ARGV[3] item as JSON  ARGV[4] its MAC  ARGV[5] token of this call, the same for each of its tries
-- returns {OK, now} | {DUP}
local t = now()
if redis.call('HGET', P .. 'in:' .. ARGV[2], 'token') == ARGV[5] then -- our own first try, whose answer was lost
  redis.call('HSET', META, 'high', ms(t)) -- a write, so that waiting for replicas after it waits for the first run too
  return { 'OK', ms(t) }
end
if redis.call('EXISTS', P .. 'done:' .. ARGV[2]) == 1 or redis.call('EXISTS', P .. 'in:' .. ARGV[2]) == 1 then
  redis.call('HSET', META, 'high', ms(t)) -- a write, so that waiting for replicas after it waits for the first run too
  return { 'DUP' }
end
redis.call('HSET', P .. 'in:' .. ARGV[2], 'item', ARGV[3], 'mac', ARGV[4], 'at', ms(t), 'token', ARGV[5])
book('inbox|' .. ARGV[2], 'inbox', t)
return { 'OK', ms(t) }
