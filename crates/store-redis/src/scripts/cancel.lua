-- Takes back a session that should not have been started. KEYS: untold, session. ARGV: ticket, id.
local known = redis.call('HMGET', KEYS[2], 'person', 'secret')
if known[1] then
  redis.call('DEL', KEYS[2], '{pendopo}:secret:' .. known[2])
  redis.call('SREM', '{pendopo}:sessions:' .. known[1], ARGV[2])
end
redis.call('HDEL', KEYS[1], ARGV[1])
return 1
