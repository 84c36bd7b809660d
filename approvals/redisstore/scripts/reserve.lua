-- reserve takes tokens out of a bucket of the Graph budget.
-- ARGV[2] bucket  ARGV[3] class, 0 the most urgent  ARGV[4] tokens wanted  ARGV[5] tokens a second  ARGV[6] burst
-- returns ms at which to try again, or 0: granted
local key = P .. 'budget:' .. ARGV[2]
local class, n, rate, burst = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
redis.call('HDEL', META, '-')
local t = now()
local b = redis.call('HMGET', key, 'tokens', 'at', 'hold')
local tokens = math.min(burst, tonumber(b[1] or burst) + (t - tonumber(b[2] or t)) * rate / 1000)
local hold = tonumber(b[3] or '0')
if hold > t then return ms(hold) end
-- Somebody more urgent is waiting: let them first.
for c = 0, class - 1 do
  local w = tonumber(redis.call('HGET', key, 'wait' .. c) or '0')
  if w > t then return ms(t + math.ceil(1000 * n / rate)) end
end
local keep = 0
if class >= 3 then keep = math.min(1, burst - n) * 0.5 end -- the lowest two never take the last tokens
if class >= 4 then keep = math.max(0, burst - n) end
if tokens + 0.001 >= n + keep then
  redis.call('HSET', key, 'tokens', string.format('%.6f', tokens - n), 'at', ms(t))
  redis.call('HDEL', key, 'wait' .. class)
  redis.call('HINCRBY', key, 'used', n)
  return '0'
end
local at = t + math.max(20, math.ceil((n + keep - tokens) * 1000 / rate))
redis.call('HSET', key, 'tokens', string.format('%.6f', tokens), 'at', ms(t), 'wait' .. class, ms(at + 500))
return ms(at)
