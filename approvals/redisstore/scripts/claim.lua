-- claim leases due members of a lane to a worker. The score is the lease.
-- ARGV[2] lane  ARGV[3] limit  ARGV[4] lease in ms  ARGV[5] worker
-- returns {now, next or -1, {member, token, attempt, booked, fails, …}}
redis.call('HDEL', META, '-') -- a harmless first write: work goes on even when memory is short
local t = now()
local lane, lease = ARGV[2], tonumber(ARGV[4])
local out = {}
for _, member in ipairs(redis.call('ZRANGE', due(lane), '-inf', ms(t), 'BYSCORE', 'LIMIT', 0, tonumber(ARGV[3]))) do
  local attempt = 1
  local old = redis.call('HGET', P .. 'claims', member)
  if old then attempt = tonumber(string.match(old, '|(%d+)$')) + 1 end
  local booked = redis.call('ZSCORE', due(lane), member)
  local token = redis.call('HINCRBY', META, 'fence', 1)
  redis.call('HSET', P .. 'claims', member, token .. '|' .. ARGV[5] .. '|' .. attempt)
  redis.call('ZADD', due(lane), ms(t + lease), member)
  out[#out + 1] = member
  out[#out + 1] = tostring(token)
  out[#out + 1] = tostring(attempt)
  out[#out + 1] = booked
  out[#out + 1] = redis.call('HGET', P .. 'fails', member) or '0'
end
local first = redis.call('ZRANGE', due(lane), 0, 0, 'WITHSCORES')
local nxt = -1
if first[2] then nxt = tonumber(first[2]) end
return { ms(t), ms(nxt), out }
