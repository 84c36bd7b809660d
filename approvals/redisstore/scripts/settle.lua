-- settle writes one step of converging a target and ends its claim.
-- ARGV[2] JSON: target version data mac gen next{lane,at}|null wake[{member,lane,at}] member token
-- returns {OK, version} | {CONFLICT, version} | {LOSTCLAIM}
redis.call('HDEL', META, '-') -- a harmless first write: removals go on even when memory is short
local a = cjson.decode(ARGV[2])
local key = P .. 'tgt:' .. a.target
if redis.call('HGET', key, 'token') == a.token then -- our own first try, whose answer was lost: a claim settles once
  redis.call('HSET', META, 'high', ms(now())) -- a write, so that waiting for replicas after it waits for the first run too
  return { 'OK', tonumber(redis.call('HGET', key, 'v')) }
end
if not holds(a.member, a.token) then return { 'LOSTCLAIM' } end
local version = tonumber(redis.call('HGET', key, 'v') or '0')
if version ~= a.version then return { 'CONFLICT', version } end
local t = now()
redis.call('HSET', key, 'v', version + 1, 'data', a.data, 'mac', a.mac, 'token', a.token)
redis.call('HSET', META, 'high', ms(t))
local gen = tonumber(redis.call('GET', P .. 'gen:' .. a.target) or '0')
local lane, at = nil, nil
if type(a.next) == 'table' then lane, at = a.next.lane, a.next.at end
if gen > a.gen then
  at = t
  lane = urgent(lane, 'apply')
end
release(a.member, lane, at)
for _, d in ipairs(a.wake) do book(d.member, d.lane, t) end
return { 'OK', version + 1 }
