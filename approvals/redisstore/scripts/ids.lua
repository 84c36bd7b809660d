-- ids makes sure that no id up to this number is given out again.
-- ARGV[2] how many ids were given
-- returns {OK}
local given = tonumber(redis.call('HGET', META, 'ids') or '0')
if tonumber(ARGV[2]) > given then redis.call('HSET', META, 'ids', ARGV[2]) end
return { 'OK' }
