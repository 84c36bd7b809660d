-- note appends an entry that belongs to no request to the chain of its day.
-- ARGV[2] name of the chain  ARGV[3] entry as JSON  ARGV[4] hash of the entry before it in the chain, empty for the first
-- ARGV[5] hash of the entry
-- returns {OK} | {CONFLICT, hash of the newest entry of the chain}
local head = redis.call('HGET', P .. 'notes', ARGV[2]) or ''
if head == ARGV[5] then
  -- The first run's answer was lost. A write, so that waiting for replicas after it waits for the first run too.
  redis.call('HSET', P .. 'notes', ARGV[2], head)
  return { 'OK' }
end
if head ~= ARGV[4] then return { 'CONFLICT', head } end
record(ARGV[2], ARGV[3])
redis.call('HSET', P .. 'notes', ARGV[2], ARGV[5])
return { 'OK' }
