-- Notes that a session was used. KEYS: session. ARGV: when, life in seconds.
local known = redis.call('HMGET', KEYS[1], 'seen', 'secret', 'person')
if known[1] and tonumber(known[1]) < tonumber(ARGV[1]) then
  redis.call('HSET', KEYS[1], 'seen', ARGV[1])
  redis.call('EXPIRE', KEYS[1], ARGV[2])
  redis.call('EXPIRE', '{pendopo}:secret:' .. known[2], ARGV[2])
  redis.call('EXPIRE', '{pendopo}:sessions:' .. known[3], ARGV[2])
end
return 1
