-- Ends a session of a person. KEYS: untold, session. ARGV: ticket, change, id, person.
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then
  return 1
end
local known = redis.call('HMGET', KEYS[2], 'person', 'secret')
if known[1] ~= ARGV[4] then
  return 0
end
redis.call('DEL', KEYS[2], '{pendopo}:secret:' .. known[2])
redis.call('SREM', '{pendopo}:sessions:' .. ARGV[4], ARGV[3])
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3] .. ' ' .. ARGV[2])
return 1
