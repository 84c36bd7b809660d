-- target reads a target's record, rows and generation together.
-- ARGV[2] target
-- returns {version, data, generation, {field, row, …}, mac}
local key = P .. 'tgt:' .. ARGV[2]
local rec = redis.call('HMGET', key, 'v', 'data', 'mac')
return { tonumber(rec[1] or '0'), rec[2] or '', tonumber(redis.call('GET', P .. 'gen:' .. ARGV[2]) or '0'), redis.call('HGETALL', P .. 'wants:' .. ARGV[2]), rec[3] or '' }
