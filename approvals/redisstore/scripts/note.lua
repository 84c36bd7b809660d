-- note appends an entry that belongs to no request.
-- ARGV[2] name of its chain  ARGV[3] entry as JSON
record(ARGV[2], ARGV[3])
return { 'OK' }
