-- book makes work due.
-- ARGV[2…] member, lane, ms; three for each
for i = 2, #ARGV, 3 do book(ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2])) end
return { 'OK' }
