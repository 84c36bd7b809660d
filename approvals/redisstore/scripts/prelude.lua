-- Shared by all scripts; put in front of each of them.
-- KEYS[1]  the meta hash; all other keys have the same hash tag and begin with ARGV[1].
local P = ARGV[1]
local META = KEYS[1]
local RANK = { ['end'] = 0, inbox = 1, apply = 2, chat = 3, sweep = 4 }

-- now is the clock of everything stored: the server's time, or the highest time ever committed if that is later.
local function now()
  local t = redis.call('TIME')
  local ms = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
  local high = tonumber(redis.call('HGET', META, 'high') or '0')
  if high > ms then return high end
  return ms
end

local function ms(n) return string.format('%.0f', n) end

local function due(lane) return P .. 'due:' .. lane end

-- stands gives the time and lane kept beside a claim.
local function again(member)
  local v = redis.call('HGET', P .. 'again', member)
  if not v then return nil, nil end
  local at, lane = string.match(v, '^(%d+)|(.+)$')
  return tonumber(at), lane
end

local function urgent(a, b)
  if not a then return b end
  if not b then return a end
  if RANK[a] <= RANK[b] then return a end
  return b
end

-- book makes a member due, never later than it stands, and never touching the lease of a claimed one: then the time is
-- kept beside the claim.
local function book(member, lane, at)
  if redis.call('HEXISTS', P .. 'claims', member) == 1 then
    local a, l = again(member)
    if a and a < at then at = a end
    redis.call('HSET', P .. 'again', member, ms(at) .. '|' .. urgent(l, lane))
    return
  end
  local cur = redis.call('HGET', P .. 'lanes', member)
  if cur then
    local score = redis.call('ZSCORE', due(cur), member)
    if score and tonumber(score) < at then at = tonumber(score) end
    lane = urgent(cur, lane)
    if lane ~= cur then redis.call('ZREM', due(cur), member) end
  end
  redis.call('ZADD', due(lane), ms(at), member)
  redis.call('HSET', P .. 'lanes', member, lane)
end

-- holds reports whether the claim on the member still has this token.
local function holds(member, token)
  local claim = redis.call('HGET', P .. 'claims', member)
  return claim and string.match(claim, '^(%d+)|') == token
end

-- release ends a claim. The member comes due at the earlier of at and the time kept beside the claim; without either it
-- leaves the queue.
local function release(member, lane, at)
  local a, l = again(member)
  local cur = redis.call('HGET', P .. 'lanes', member)
  redis.call('HDEL', P .. 'claims', member)
  redis.call('HDEL', P .. 'again', member)
  redis.call('HDEL', P .. 'fails', member)
  if a and (not at or a < at) then at = a end
  lane = urgent(l, lane)
  if cur then redis.call('ZREM', due(cur), member) end
  if at then
    lane = lane or cur or 'apply'
    redis.call('ZADD', due(lane), ms(at), member)
    redis.call('HSET', P .. 'lanes', member, lane)
  else
    redis.call('HDEL', P .. 'lanes', member)
  end
end

local function drop(member)
  local cur = redis.call('HGET', P .. 'lanes', member)
  if cur then redis.call('ZREM', due(cur), member) end
  redis.call('HDEL', P .. 'lanes', member)
  redis.call('HDEL', P .. 'claims', member)
  redis.call('HDEL', P .. 'again', member)
  redis.call('HDEL', P .. 'fails', member)
end

-- record appends an entry to the audit stream, linked to the one before. SHA-1 is all that Lua has: the link orders and
-- shows gaps; what cannot be forged is the SHA-256 chain inside the entries. It returns the entry's place in the stream.
local function record(id, entry)
  local seq = redis.call('HINCRBY', META, 'seq', 1)
  local head = redis.call('HGET', META, 'head') or ''
  local link = redis.sha1hex(head .. '|' .. seq .. '|' .. id .. '|' .. entry)
  local place = redis.call('XADD', P .. 'audit', '*', 'seq', seq, 'id', id, 'entry', entry, 'link', link)
  redis.call('HSET', META, 'head', link)
  return place
end
