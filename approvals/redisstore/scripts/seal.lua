-- seal gives a record a MAC, if it is still of that version.
-- ARGV[2] key  ARGV[3] version  ARGV[4] MAC
-- returns {OK} | {CONFLICT}
if redis.call('HGET', ARGV[2], 'v') ~= ARGV[3] then return { 'CONFLICT' } end
redis.call('HSET', ARGV[2], 'mac', ARGV[4])
return { 'OK' }
